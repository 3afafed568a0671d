import json
import sys
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_resources import ADA, ada

from pymedplum_runtime.validation import Level, ValidationReport, validate

MANY = 100_000
# Quadratic time in any of these would take hours, so that they end is what is tested.


def codes(report: ValidationReport) -> list[str]:
    return [issue.code for issue in report.errors]


def nested(levels: int) -> dict[str, Any]:
    extension: dict[str, Any] = {"url": "x", "valueCode": "y"}
    for _ in range(levels - 1):
        extension = {"url": "x", "extension": [extension]}
    return ada(extension=[extension])


@pytest.mark.parametrize("level", ["structure", "base", "profile"])
def test_data_that_is_nested_too_deeply_is_one_issue(level: Level) -> None:
    report = validate(nested(10_000), level=level)
    (issue,) = report.errors

    assert issue.code == "too-costly"
    assert issue.expression.count("extension[0]") == 101


def test_a_hundred_levels_are_walked() -> None:
    assert validate(nested(100)).ok
    assert not validate(nested(101)).ok


@pytest.mark.parametrize("member", ["contained", "entry"])
def test_resources_that_are_nested_too_deeply_are_one_issue(member: str) -> None:
    resource: dict[str, Any] = {"resourceType": "Patient", "id": "a"}
    for _ in range(10_000):
        if member == "contained":
            resource = {"resourceType": "Patient", "contained": [resource]}
        else:
            entry = {"resource": resource}
            resource = {"resourceType": "Bundle", "type": "collection", "entry": [entry]}
    assert codes(validate(resource)).count("too-costly") == 1


def test_a_short_stack_is_an_issue_and_no_exception() -> None:
    reports: list[ValidationReport] = []
    limit = sys.getrecursionlimit()

    def descend(frames: int) -> None:
        if frames:
            descend(frames - 1)
        else:
            reports.append(validate(nested(90)))

    thread = threading.Thread(target=descend, args=(limit - 120,))
    thread.start()
    thread.join()
    (report,) = reports
    assert [(i.severity, i.code) for i in report.errors] == [("fatal", "structure")]


def test_a_circle_is_refused() -> None:
    extension: dict[str, Any] = {"url": "x"}
    extension["extension"] = [extension, extension]
    patient: dict[str, Any] = {"resourceType": "Patient"}
    patient["contained"] = [patient]

    for circle in (ada(extension=[extension]), patient):
        report = validate(circle)
        assert [i.severity for i in report.issues] == ["fatal"]
        assert "contains itself" in report.issues[0].message


def test_an_object_that_stands_in_two_places_is_no_circle() -> None:
    name = {"family": "x"}

    assert validate(ada(name=[name, name])).ok


@pytest.mark.parametrize(
    ("members", "count"),
    [
        ({"name": [{"family": "x"}] * MANY}, 0),
        ({"name": [{"family": str(i)} for i in range(MANY)]}, 0),
        ({"extension": [{"url": f"x:{i}", "valueCode": "y"} for i in range(MANY)]}, 0),
        ({"name": [{} for _ in range(MANY)]}, MANY),
        ({f"x{i}": 1 for i in range(MANY)}, MANY),
        ({"name": [{"given": [None] * MANY, "_given": [None] * MANY}]}, MANY),
        ({"name": [{"given": [7] * MANY}]}, MANY),
        ({"communication": [{"preferred": True} for _ in range(MANY)]}, MANY),
        ({"contained": [{"resourceType": f"No{i}"} for i in range(MANY)]}, MANY),
    ],
)
def test_long_lists_take_linear_time_and_issues_are_counted(
    members: dict[str, Any], count: int
) -> None:
    report = validate(ada(**members))

    if not count:
        assert report.issues == ()
        return
    *listed, last = [i for i in report.errors if i.code != "invariant"]
    assert len(listed) == 100
    assert (last.code, last.message) == (
        listed[0].code,
        f"this rule is broken {count - 100} more times",
    )
    assert last.element == listed[0].element


def test_what_is_not_listed_still_counts_as_an_error() -> None:
    report = validate(ada(name=[{} for _ in range(101)]))

    assert report.errors[-1].message == "this rule is broken 1 more times"


def test_bundles_with_many_references_take_linear_time() -> None:
    def entry(number: int) -> dict[str, Any]:
        link = [{"other": {"reference": f"Patient/{number - 1}"}, "type": "seealso"}]
        url = f"https://example.org/Patient/{number}"
        return {"fullUrl": url, "resource": ada(id=str(number), link=link)}

    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [entry(number) for number in range(10_000)],
    }
    assert validate(bundle).issues == ()


def test_many_contained_resources_take_linear_time() -> None:
    ids = [f"o{number}" for number in range(10_000)]
    patient = ada(
        contained=[{"resourceType": "Organization", "id": i, "name": "x"} for i in ids],
        generalPractitioner=[{"reference": f"#{i}"} for i in ids],
    )
    assert validate(patient).issues == ()


OPENING = '<div xmlns="http://www.w3.org/1999/xhtml">'


@pytest.mark.parametrize(
    "div",
    [
        OPENING + "<p>" * MANY + "x" + "</p>" * MANY + "</div>",
        OPENING + "<p>x</p>" * MANY + "</div>",
        OPENING + "&nbsp;" * MANY + "x</div>",
    ],
)
def test_long_narratives_take_linear_time(div: str) -> None:
    assert validate(ada(text={"status": "generated", "div": div})).issues == ()


LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)
)
NAMES = st.sampled_from(
    [
        *("resourceType", "id", "meta", "text", "div", "contained", "extension", "url", "profile"),
        *("name", "_given", "given", "valueCode", "_birthDate", "birthDate", "identifier", "link"),
        *("reference", "contact", "deceasedBoolean", "multipleBirthInteger", "coding", "value"),
        "maritalStatus",
        "period",
    ]
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)


@given(members=st.dictionaries(NAMES, JSON, max_size=5))
def test_any_json_gives_a_report_that_shows_no_value(members: dict[str, Any]) -> None:
    members = {**ADA, **members, "resourceType": "Patient"}

    report = validate(members)

    assert isinstance(str(report), str)
    assert json.dumps(report.to_operation_outcome())
