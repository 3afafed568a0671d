"""Discriminators of every kind and path: which item belongs to a slice, and which does not."""

from typing import Any

import pytest
from pass_findings import findings, profile

SLICING: Any = {"discriminators": [], "rules": "closed"}
VALUE_SET = {"url": "http://example.org/vs", "systems": {"s": ["a", "b"]}}
TARGET = "http://example.org/named-patient"
NAMED = profile("Patient", {"elements": {"name": {"min": 1}}}, url=TARGET)
INNER = "http://example.org/inner"


def belongs(type_: str, element: str, item: Any, *match: Any, **around: Any) -> bool | None:
    """Tell whether the only item of a closed list is in the slice; None if it is unchecked."""
    table = profile(
        type_,
        {"elements": {element: {"slicing": SLICING, "slices": {"one": {"match": list(match)}}}}},
    )
    resource = {"resourceType": type_, element: [item], **around}
    found = findings(resource, table, NAMED, value_sets=[VALUE_SET])
    assert len(found.errors) <= 1
    if found.unchecked:
        assert found.errors == []
        return None
    return not found.errors


def concept(code: str, system: str = "s") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


@pytest.mark.parametrize(
    ("path", "fixed", "item", "expected"),
    [
        ("system", "phone", {"system": "phone"}, True),
        ("system", "phone", {"system": "fax"}, False),
        ("system", "phone", {}, False),
        ("system", "phone", {"system": ["phone"]}, False),
        ("rank", 1, {"rank": 1}, True),
        ("rank", 1, {"rank": True}, False),
        ("period.start", "2020", {"period": {"start": "2020"}}, True),
        ("period.start", "2020", {"period": {"start": "2021"}}, False),
        ("$this", {"value": "1"}, {"value": "1"}, True),
        ("$this", {"value": "1"}, {"value": "1", "use": "home"}, False),
        ("$this.system", "phone", {"system": "phone"}, True),
        ("extension('u').value", "x", {"extension": [{"url": "u", "valueString": "x"}]}, True),
        ("extension('u').value", "x", {"extension": [{"url": "v", "valueString": "x"}]}, False),
        (
            "extension('u').value.ofType(string)",
            "x",
            {"extension": [{"url": "u", "valueString": "x"}]},
            True,
        ),
        (
            "extension('u').value.ofType(code)",
            "x",
            {"extension": [{"url": "u", "valueString": "x"}]},
            False,
        ),
        (
            'extension("http://a.b/c.d").value',
            "x",
            {"extension": [{"url": "http://a.b/c.d", "valueString": "x"}]},
            True,
        ),
    ],
)
def test_a_value_discriminator_compares_with_a_fixed_value(
    path: str,
    fixed: Any,
    item: Any,
    expected: bool,  # noqa: FBT001 - a row
) -> None:
    assert belongs("Patient", "telecom", item, {"path": path, "fixed": fixed}) is expected


def test_all_discriminators_of_a_slice_must_agree() -> None:
    match = [{"path": "system", "fixed": "phone"}, {"path": "use", "fixed": "home"}]
    assert belongs("Patient", "telecom", {"system": "phone", "use": "home"}, *match) is True
    assert belongs("Patient", "telecom", {"system": "phone", "use": "work"}, *match) is False
    assert belongs("Patient", "telecom", {"use": "home"}, *match) is False


@pytest.mark.parametrize(("code", "expected"), [("a", True), ("x", False)])
def test_a_pattern_discriminator_allows_more(code: str, expected: bool) -> None:  # noqa: FBT001 - a row
    item = {"coding": [{"system": "other", "code": "a"}, *concept(code)["coding"]], "text": "t"}
    match = {"path": "$this", "pattern": concept("a")}
    assert belongs("Observation", "category", item, match) is expected


@pytest.mark.parametrize(("code", "expected"), [("8480-6", True), ("8462-4", False)])
def test_a_pattern_may_be_of_an_element_inside(code: str, expected: bool) -> None:  # noqa: FBT001 - a row
    match = {"path": "code", "pattern": concept("8480-6", "http://loinc.org")}
    item = {"code": concept(code, "http://loinc.org")}
    assert belongs("Observation", "component", item, match) is expected


@pytest.mark.parametrize(
    ("item", "exists", "expected"),
    [
        ({"valueString": "a"}, True, True),
        ({}, True, False),
        ({}, False, True),
        ({"valueString": "a"}, False, False),
        ({"_valueString": {"id": "1"}}, True, True),
    ],
)
def test_a_discriminator_asks_whether_an_element_exists(
    item: Any,
    exists: bool,  # noqa: FBT001 - a row
    expected: bool,  # noqa: FBT001 - a row
) -> None:
    match = {"path": "value", "exists": exists}
    assert belongs("Observation", "component", item, match) is expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"valueQuantity": {"value": 1}}, True),
        ({"valueString": "a"}, False),
        ({}, False),
        ({"valueQuantity": {"value": 1}, "valueString": "a"}, True),
    ],
)
def test_a_type_discriminator_sees_the_type_of_a_choice(item: Any, expected: bool) -> None:  # noqa: FBT001 - a row
    match = {"path": "value", "types": ["Quantity"]}
    assert belongs("Observation", "component", item, match) is expected


def test_a_type_discriminator_sees_derived_types() -> None:
    item = {"resource": {"resourceType": "Patient"}}
    assert belongs("Bundle", "entry", item, {"path": "resource", "types": ["DomainResource"]})
    assert not belongs("Bundle", "entry", item, {"path": "resource", "types": ["Device"]})
    contained = {"resourceType": "Patient"}
    assert belongs("Observation", "contained", contained, {"path": "$this", "types": ["Patient"]})


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (concept("a"), True),
        (concept("x"), False),
        ({"text": "t"}, False),
        (concept("a", "other"), False),
    ],
)
def test_a_binding_discriminates_by_the_value_set(item: Any, expected: bool) -> None:  # noqa: FBT001 - a row
    match = {"path": "$this", "binding": VALUE_SET["url"]}
    assert belongs("Observation", "category", item, match) is expected


def test_a_value_set_that_nobody_knows_leaves_the_slice_open() -> None:
    match = {"path": "$this", "binding": "http://example.org/unknown"}
    assert belongs("Observation", "category", concept("a"), match) is None


@pytest.mark.parametrize(("patient", "expected"), [({"name": [{"text": "a"}]}, True), ({}, False)])
def test_a_profile_discriminator_tries_the_profile(patient: Any, expected: bool) -> None:  # noqa: FBT001 - a row
    item = {"resource": {"resourceType": "Patient", **patient}}
    assert belongs("Bundle", "entry", item, {"path": "resource", "profiles": [TARGET]}) is expected


def test_a_profile_that_is_unknown_leaves_the_slice_open() -> None:
    item = {"resource": {"resourceType": "Patient"}}
    match = {"path": "resource", "profiles": ["http://example.org/unknown"]}
    assert belongs("Bundle", "entry", item, match) is None


def referring(**reference: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "performer": [reference]}


CONTAINED = [{"resourceType": "Patient", "id": "p", "name": [{"text": "a"}], "gender": "male"}]


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({"path": "resolve()", "types": ["Patient"]}, True),
        ({"path": "resolve()", "types": ["Practitioner"]}, False),
        ({"path": "resolve().gender", "fixed": "male"}, True),
        ({"path": "resolve().gender", "fixed": "female"}, False),
        ({"path": "resolve()", "profiles": [TARGET]}, True),
        ({"path": "resolve().ofType(Device)", "exists": True}, False),
    ],
)
def test_resolve_follows_a_reference(match: Any, expected: bool) -> None:  # noqa: FBT001 - a row
    item = {"reference": "#p"}
    assert belongs("Observation", "performer", item, match, contained=CONTAINED) is expected


@pytest.mark.parametrize(
    ("item", "match", "expected"),
    [
        ({"reference": "Patient/1"}, {"path": "resolve()", "types": ["Patient"]}, True),
        ({"reference": "Device/1"}, {"path": "resolve()", "types": ["Patient"]}, False),
        ({"type": "Patient"}, {"path": "resolve()", "types": ["Patient"]}, True),
        ({"reference": "urn:uuid:1"}, {"path": "resolve()", "types": ["Patient"]}, None),
        ({"reference": "Patient/1"}, {"path": "resolve().gender", "fixed": "male"}, None),
        ({"reference": "Patient/1"}, {"path": "resolve()", "profiles": [TARGET]}, None),
        ({"reference": "Device/1"}, {"path": "resolve()", "profiles": [TARGET]}, False),
        ({"display": "x"}, {"path": "resolve()", "types": ["Patient"]}, None),
    ],
)
def test_a_reference_to_elsewhere_tells_its_type_alone(
    item: Any,
    match: Any,
    expected: bool | None,  # noqa: FBT001 - a row
) -> None:
    assert belongs("Observation", "performer", item, match) is expected


def test_a_path_that_is_none_leaves_the_slice_open() -> None:
    match = {"path": "value.where(x = 1)", "fixed": "a"}
    assert belongs("Observation", "component", {}, match) is None


def test_slices_known_by_their_url_are_looked_up() -> None:
    slices: Any = {
        f"s{n}": {"match": [{"path": "url", "fixed": f"u{n}"}], "max": 1} for n in range(500)
    }
    table = profile("Patient", {"elements": {"extension": {"slicing": SLICING, "slices": slices}}})
    extension = [{"url": f"u{n}"} for n in range(500)]
    assert findings({"resourceType": "Patient", "extension": extension}, table).errors == []
    once_more = {"resourceType": "Patient", "extension": [*extension, {"url": "u7"}, {"url": "v"}]}
    assert len(findings(once_more, table).errors) == 2
