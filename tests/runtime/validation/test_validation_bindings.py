import asyncio
from typing import Any

import pytest
from made_resources import SD, ada, base_definitions, found, known, only

from pymedplum_runtime.errors import NotFoundError
from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.profiles.tables import ElementTable
from pymedplum_runtime.terminology import ClientTerminology
from pymedplum_runtime.validation import ValidationReport, validate, validate_async

COLOURS = "http://example.org/ValueSet/colours"
ALL = "http://example.org/ValueSet/all-colours"
OPEN = "http://example.org/ValueSet/open"
SYSTEM = "http://example.org/colours"
OTHER = "http://example.org/other"


def swatch(**elements: ElementTable) -> Definitions:
    """Definitions with a type whose elements are bound to value sets."""
    return known(
        {
            "url": f"{SD}Swatch",
            "type": "Swatch",
            "kind": "resource",
            "base": f"{SD}Resource",
            "root": {"elements": elements},
        },
        value_sets=[
            {"url": COLOURS, "systems": {SYSTEM: ["red", "blue"]}},
            {"url": ALL, "systems": {SYSTEM: ["red", "blue", "green"]}},
        ],
    )


def bound(type_: str, strength: str, value_set: str = COLOURS, **more: Any) -> ElementTable:
    binding: Any = {"strength": strength, "value_set": value_set, **more}
    return {"types": [{"code": type_}], "binding": binding}


def report_of(value: Any, element: ElementTable, **options: Any) -> ValidationReport:
    definitions = swatch(colour=element)
    resource = {"resourceType": "Swatch", "colour": value}
    return validate(resource, definitions=definitions, **options)


def severities(value: Any, element: ElementTable) -> list[str]:
    return [issue.severity for issue in report_of(value, element).issues]


RED = {"system": SYSTEM, "code": "red"}
PINK = {"system": SYSTEM, "code": "pink"}
FOREIGN = {"system": OTHER, "code": "red"}
ABSENT = {"extension": [{"url": "http://example.org/absent", "valueCode": "unknown"}]}
GOOD: list[tuple[str, Any]] = [
    ("code", "red"),
    ("string", "red"),
    ("uri", "red"),
    ("Coding", RED),
    ("Quantity", {"value": 1, **RED}),
    ("CodeableConcept", {"coding": [RED]}),
    ("CodeableConcept", {"coding": [PINK, FOREIGN, RED], "text": "x"}),
]
BAD: list[tuple[str, Any]] = [
    ("code", "pink"),
    ("uri", "pink"),
    ("Coding", PINK),
    ("Coding", FOREIGN),
    ("Coding", {"code": "red"}),
    ("Coding", {"display": "red"}),
    ("Quantity", {"value": 1, **PINK}),
    ("CodeableConcept", {"coding": [PINK, FOREIGN]}),
    ("CodeableConcept", {"coding": [{"display": "red"}]}),
    ("CodeableConcept", {"text": "red"}),
]


@pytest.mark.parametrize(("type_", "value"), GOOD)
@pytest.mark.parametrize("strength", ["required", "extensible"])
def test_a_code_of_the_value_set_is_good(type_: str, value: Any, strength: str) -> None:
    assert severities(value, bound(type_, strength)) == []


@pytest.mark.parametrize(("type_", "value"), BAD)
def test_a_required_binding_needs_one_code_of_the_value_set(type_: str, value: Any) -> None:
    assert severities(value, bound(type_, "required")) == ["error"]


@pytest.mark.parametrize(("type_", "value"), BAD)
def test_an_extensible_binding_only_warns(type_: str, value: Any) -> None:
    assert severities(value, bound(type_, "extensible")) == ["warning"]


@pytest.mark.parametrize("strength", ["preferred", "example"])
@pytest.mark.parametrize(("type_", "value"), BAD)
def test_other_bindings_are_not_checked(type_: str, value: Any, strength: str) -> None:
    assert severities(value, bound(type_, strength)) == []


def test_an_extension_may_say_why_there_is_no_code() -> None:
    assert severities(ABSENT, bound("CodeableConcept", "required")) == []
    assert severities({"value": 1, "unit": "x"}, bound("Quantity", "required")) == []


def test_a_maximal_value_set_bounds_an_extensible_binding() -> None:
    element = bound("CodeableConcept", "extensible", max_value_set=ALL)
    green = {"coding": [{"system": SYSTEM, "code": "green"}]}

    assert severities({"coding": [RED]}, element) == []
    assert severities(green, element) == ["warning"]
    assert sorted(severities({"coding": [PINK]}, element)) == ["error", "warning"]


def test_a_maximal_value_set_bounds_a_preferred_binding_too() -> None:
    element = bound("CodeableConcept", "preferred", max_value_set=ALL)

    assert severities({"coding": [PINK]}, element) == ["error"]
    assert severities({"text": "pink"}, element) == []


def test_the_message_lists_a_short_value_set_and_never_the_code() -> None:
    issue = only(report_of("pink", bound("code", "required")))

    assert issue.code == "code-invalid"
    assert issue.message == f"has no code of the value set, one of {COLOURS} is required: red, blue"


def test_bindings_belong_to_the_level_base() -> None:
    assert report_of("pink", bound("code", "required"), level="structure").issues == ()
    assert not report_of("pink", bound("code", "required"), level="base").ok


@pytest.mark.parametrize("value", [7, None, ["x"]])
def test_a_broken_value_is_reported_once(value: Any) -> None:
    assert severities(value, bound("code", "required")) == ["error"]


def test_units_of_types_that_derive_from_quantity_are_checked() -> None:
    report = validate(
        {
            "resourceType": "Condition",
            "subject": {"reference": "Patient/1"},
            "onsetAge": {"value": 7, "system": "http://unitsofmeasure.org", "code": "m"},
        }
    )
    assert ("Condition.onset", "Age") in found(report)


# What the tables cannot answer.


class Service:
    """A terminology service that knows some codes, and notes what it is asked."""

    def __init__(self, **known: bool) -> None:
        self.known = known
        self.asked: list[tuple[str, str | None, str]] = []

    def validate_code(
        self, value_set: str, system: str | None, code: str, display: str | None = None
    ) -> bool | None:
        assert display is None
        self.asked.append((value_set, system, code))
        return self.known.get(code)


class AsyncService(Service):
    async def validate_code(  # type: ignore[override]  # the asynchronous twin
        self, value_set: str, system: str | None, code: str, display: str | None = None
    ) -> bool | None:
        return Service.validate_code(self, value_set, system, code, display)


def ask(value: Any, strength: str = "required", **known: bool) -> ValidationReport:
    """Validate with both kinds of service, which have to agree."""
    definitions = swatch(colour=bound("CodeableConcept", strength, OPEN))
    resource = {"resourceType": "Swatch", "colour": value}
    service, twin = Service(**known), AsyncService(**known)
    report = validate(resource, definitions=definitions, terminology=service)
    other = asyncio.run(validate_async(resource, definitions=definitions, terminology=twin))
    assert (report, service.asked) == (other, twin.asked)
    return report


def test_an_unknown_value_set_is_unchecked_and_never_passed() -> None:
    report = report_of({"coding": [RED]}, bound("CodeableConcept", "required", OPEN))
    (row,) = report.unchecked

    assert (report.ok, report.issues) == (True, ())
    assert (row.expression, row.canonical) == ("Swatch.colour", OPEN)
    assert row.reason == "the value set is not among the definitions"


def test_a_service_answers_what_the_tables_cannot() -> None:
    assert ask({"coding": [RED]}, red=True).unchecked == ()
    assert ask({"coding": [RED]}, red=True).ok


def test_a_service_that_denies_every_code_makes_an_issue() -> None:
    assert only(ask({"coding": [RED, PINK]}, red=False, pink=False)).severity == "error"
    assert only(ask({"coding": [RED]}, "extensible", red=False)).severity == "warning"
    assert ask({"coding": [RED, PINK]}, red=False, pink=True).issues == ()


def test_what_the_service_does_not_know_stays_unchecked() -> None:
    report = ask({"coding": [RED, PINK]}, red=False)

    assert (report.ok, report.issues) == (True, ())
    assert report.unchecked[0].reason == "the terminology service does not know"


def test_the_same_code_is_asked_for_once() -> None:
    definitions = swatch(
        colour=bound("CodeableConcept", "required", OPEN),
        shade={**bound("CodeableConcept", "required", OPEN), "max": "*"},
    )
    service = Service(red=False)
    resource = {
        "resourceType": "Swatch",
        "colour": {"coding": [RED]},
        "shade": [{"coding": [RED]}, {"coding": [RED]}],
    }
    report = validate(resource, definitions=definitions, terminology=service)

    assert service.asked == [(OPEN, SYSTEM, "red")]
    assert len(report.errors) == 3


def test_a_code_that_is_known_to_be_good_is_not_asked_for() -> None:
    service = Service()
    element = bound("code", "required")

    report_of("red", element, terminology=service)

    assert service.asked == []


def test_codes_of_the_package_are_checked_without_anybody() -> None:
    (issue,) = validate(ada(gender="f")).errors

    assert issue.expression == "Patient.gender"
    assert issue.message.endswith("is required: male, female, other, unknown")


def test_without_value_sets_every_binding_is_unchecked() -> None:
    report = validate(ada(gender="f"), definitions=base_definitions())

    assert [row.expression for row in report.unchecked] == ["Patient.text.status", "Patient.gender"]


def test_a_service_may_say_why_it_does_not_know() -> None:
    class Frank(Service):
        def reason(self, value_set: str, system: str | None, code: str) -> str | None:
            asked.append((value_set, system, code))
            return f"{value_set} is not on the server"

    asked: list[tuple[str, str | None, str]] = []
    definitions = swatch(colour=bound("CodeableConcept", "required", OPEN))
    resource = {"resourceType": "Swatch", "colour": {"coding": [RED, PINK]}}
    report = validate(resource, definitions=definitions, terminology=Frank(red=False))

    assert [row.reason for row in report.unchecked] == [f"{OPEN} is not on the server"]
    assert asked == [(OPEN, SYSTEM, "pink")]


def test_a_service_that_answers_many_at_once_is_asked_for_all_codes_first() -> None:
    class Ahead(Service):
        def prefetch(self, queries: list[tuple[str, str | None, str]]) -> None:
            fetched.append([code for _, _, code in queries])
            assert self.asked == []

    class AsyncAhead(AsyncService):
        async def prefetch(self, queries: list[tuple[str, str | None, str]]) -> None:
            fetched.append([code for _, _, code in queries])

    fetched: list[list[str]] = []
    shades = {**bound("CodeableConcept", "required", OPEN), "max": "*"}
    options: Any = {
        "resource": {
            "resourceType": "Swatch",
            "shade": [{"coding": [RED, PINK]}, {"coding": [RED]}, {"coding": [PINK]}],
        },
        "definitions": swatch(shade=shades),
    }
    report = validate(**options, terminology=Ahead(red=True, pink=True))
    twin = asyncio.run(validate_async(**options, terminology=AsyncAhead(red=True, pink=True)))

    assert fetched == [["red", "pink"], ["red", "pink"]]
    assert (report, report.unchecked) == (twin, ())


def test_a_code_that_is_known_to_be_wrong_is_not_asked_for() -> None:
    half: Any = {"url": COLOURS, "systems": {SYSTEM: ["red"]}, "open": [OTHER]}
    definitions = swatch(colour=bound("CodeableConcept", "required")).extended((), [half])
    resource = {"resourceType": "Swatch", "colour": {"coding": [PINK, FOREIGN]}}
    service = Service()
    (row,) = validate(resource, definitions=definitions, terminology=service).unchecked

    assert service.asked == [(COLOURS, OTHER, "red")]
    assert row.canonical == COLOURS


def test_the_client_s_service_is_asked_once_for_each_code_and_says_why_it_does_not_know() -> None:
    class Client:
        def validate_valueset_code(self, **given: Any) -> dict[str, Any]:
            asked.append(given["code"])
            if given["code"] == "pink":
                raise NotFoundError("no such value set")
            return {"parameter": [{"name": "result", "valueBoolean": False}]}

    asked: list[str] = []
    client: Any = Client()
    definitions = swatch(colour={**bound("Coding", "required", OPEN), "max": "*"})
    resource = {"resourceType": "Swatch", "colour": [RED, PINK, PINK, RED]}
    report = validate(resource, definitions=definitions, terminology=ClientTerminology(client))

    assert sorted(asked) == ["pink", "red"]
    assert [i.expression for i in report.errors] == ["Swatch.colour[0]", "Swatch.colour[3]"]
    assert {row.reason for row in report.unchecked} == {
        "the server does not know the value set, or a code system of it"
    }


@pytest.mark.parametrize("part", [{"open": [OTHER]}, {"grammars": {"urn:ietf:bcp:47": []}}])
def test_the_message_does_not_list_a_value_set_that_has_other_codes_too(part: Any) -> None:
    value_set: Any = {"url": COLOURS, "systems": {SYSTEM: ["red"]}, **part}
    element = bound("Coding", "required", COLOURS)
    definitions = swatch(colour=element).extended((), [value_set])
    coding = {"system": "http://example.org/third", "code": "a"}
    issue = only(validate({"resourceType": "Swatch", "colour": coding}, definitions=definitions))

    assert issue.message.endswith(f"one of {COLOURS} is required")


def test_what_is_no_service_is_refused_at_once() -> None:
    service: Any = 5
    with pytest.raises(TypeError, match="validate_code"):
        validate(ada(), terminology=service)
    with pytest.raises(TypeError, match="validate_code"):
        asyncio.run(validate_async(ada(), terminology=service))
