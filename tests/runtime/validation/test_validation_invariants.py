import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from made_resources import ADA, SD, ada, base_definitions, found, known, only

from pymedplum_runtime.errors import FHIRPathError
from pymedplum_runtime.fhirpath import compile_expression
from pymedplum_runtime.profiles.definitions import Definitions, packaged
from pymedplum_runtime.profiles.tables import DefinitionTable, ElementTable
from pymedplum_runtime.validation import validate
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.corrections import CORRECTIONS, corrected
from pymedplum_runtime.validation.invariants import constraint_check
from pymedplum_runtime.validation.natives import NATIVE


def keys(resource: dict[str, Any]) -> list[tuple[str, str]]:
    """Path and key of each constraint that is broken with an error."""
    return [(i.expression, i.key) for i in validate(resource).errors if i.key]


def test_constraints_of_resources_are_evaluated() -> None:
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "s", "code": "c"}]},
        "component": [{"code": {"coding": [{"system": "s", "code": "c"}]}, "valueInteger": 1}],
        "valueInteger": 2,
    }
    assert keys(observation) == [("Observation", "obs-7")]


def test_constraints_of_datatypes_and_elements_are_evaluated_where_they_stand() -> None:
    patient = ada(
        contact=[{"gender": "male"}],
        telecom=[{"value": "x"}],
        address=[{"period": {"start": "2024", "end": "2023"}}],
    )
    assert keys(patient) == [
        ("Patient.contact[0]", "pat-1"),
        ("Patient.telecom[0]", "cpt-2"),
        ("Patient.address[0].period", "per-1"),
    ]


def test_constraints_are_evaluated_inside_contained_resources_and_entries() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}, {}],
    }
    inner = ada(id="p", contact=[{"gender": "male"}])
    bundle["entry"] = [{"resource": ada(contained=[inner], link=[])}]

    assert ("Bundle.entry[0].resource.contained[0].contact[0]", "pat-1") in keys(bundle)
    assert ("Bundle.entry[0].resource", "dom-3") in keys(bundle)


def test_a_warning_is_no_error() -> None:
    report = validate({"resourceType": "Patient"})
    issue = only(report)

    assert (issue.severity, issue.key, issue.code) == ("warning", "dom-6", "invariant")
    assert issue.message == "dom-6: A resource should have narrative for robust management"
    assert report.ok


def test_a_contained_resource_needs_no_narrative() -> None:
    organization = {"resourceType": "Organization", "id": "o", "name": "x"}
    patient = ada(contained=[organization], managingOrganization={"reference": "#o"})

    assert validate(patient).issues == ()


def test_elements_that_only_have_an_id_say_nothing() -> None:
    assert keys(ada(name=[{"id": "a"}], _gender={"id": "b"})) == [
        ("Patient.name[0]", "ele-1"),
        ("Patient.gender", "ele-1"),
    ]


def test_invariants_belong_to_the_level_base() -> None:
    broken = ada(contact=[{"gender": "male"}])

    assert validate(broken, level="structure").issues == ()
    assert not validate(broken, level="base").ok


def with_constraint(expression: str, severity: str = "error") -> Definitions:
    root: ElementTable = {
        "elements": {"part": {"max": "*", "types": [{"code": "string"}]}},
        "constraints": [["odd-1", severity, "what it says", expression]],
    }
    table: DefinitionTable = {
        "url": f"{SD}Odd",
        "type": "Odd",
        "kind": "resource",
        "base": f"{SD}Resource",
        "root": root,
    }
    return known(table)


@pytest.mark.parametrize(
    "expression", ["part.single() = 'x'", "(part | part).toInteger().single()"]
)
def test_an_expression_that_fails_is_a_warning_and_no_exception(expression: str) -> None:
    resource = {"resourceType": "Odd", "part": ["secret", "words"]}
    issue = only(validate(resource, definitions=with_constraint(expression)))

    assert (issue.severity, issue.code, issue.key) == ("warning", "processing", "odd-1")
    assert "secret" not in issue.message


@pytest.mark.parametrize("expression", ["part.first() = 'x'", "{}", "part.where($this = 'x')"])
def test_an_expression_that_gives_nothing_is_broken(expression: str) -> None:
    issue = only(validate({"resourceType": "Odd"}, definitions=with_constraint(expression)))

    assert (issue.severity, issue.code, issue.key) == ("error", "invariant", "odd-1")


def test_an_expression_is_compiled_when_the_first_value_is_met() -> None:
    check = constraint_check(["x-1", "error", "never read", "((("], "d", "e")

    context = Context(base_definitions())
    check(Place(None, "Patient", None, ADA, "Patient", "Patient"), context)

    assert [i.code for i in context.issues] == ["processing"]
    with pytest.raises(FHIRPathError):
        compile_expression("(((")


# Natives: the same answers as the expressions that they stand for.


def every_constraint() -> Iterator[tuple[str, str]]:
    """Key and expression of every constraint of the base types."""

    def under(element: ElementTable) -> Iterator[tuple[str, str]]:
        for key, _, _, expression in element.get("constraints", ()):
            yield key, expression
        for child in element.get("elements", {}).values():
            yield from under(child)

    definitions = base_definitions()
    for url in definitions.urls:
        table = definitions.table(url)
        assert table is not None
        yield from under(table["root"])


PUBLISHED = frozenset(every_constraint())


def test_natives_stand_for_constraints_as_they_are_published() -> None:
    assert NATIVE.keys() - PUBLISHED == set()


def test_corrections_are_of_constraints_as_they_are_published() -> None:
    root: Any = (packaged().table(f"{SD}vitalsigns") or {}).get("root")
    vital_signs = {(row[0], row[3]) for row in root["elements"]["effective[x]"]["constraints"]}
    published = PUBLISHED | vital_signs
    published |= {(None, expression) for _, expression in PUBLISHED}

    assert {(c.key, c.published) for c in CORRECTIONS} - published == set()
    assert all(corrected(c.key or "any-0", c.published) == c.better for c in CORRECTIONS)
    assert all(c.reason for c in CORRECTIONS)


def test_a_constraint_with_another_text_is_left_as_it_is() -> None:
    assert corrected("que-7", "true") == "true"


def test_every_constraint_of_the_base_types_compiles() -> None:
    texts = [corrected(key, expression) for key, expression in PUBLISHED]

    assert [t for t in texts if not compile_expression(t)] == []
    assert len(texts) > 250


DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'
EXTENSIONS: list[Any] = [
    {"url": "x"},
    {"url": "x", "valueCode": "y"},
    {"url": "x", "_valueCode": {"extension": [{"url": "x", "valueCode": "y"}]}},
    {"url": "x", "extension": [{"url": "x", "valueCode": "y"}]},
    {"url": "x", "valueCode": "y", "extension": [{"url": "x", "valueCode": "y"}]},
    {"id": "a", "url": "x"},
]
ELEMENTS: list[Any] = [
    {"id": "a"},
    {"id": "a", "text": "b"},
    {"text": "b"},
    {"extension": [{"url": "x", "valueCode": "y"}]},
    {"_text": {"extension": [{"url": "x", "valueCode": "y"}]}},
]
ORGANIZATION = {"resourceType": "Organization", "id": "o", "name": "x"}
SELF = {**ORGANIZATION, "partOf": {"reference": "#"}}
LABELLED = {**ORGANIZATION, "meta": {"security": [{"code": "R"}]}}
VERSIONED = [
    {**ORGANIZATION, "meta": {"versionId": "1"}},
    {**ORGANIZATION, "meta": {"lastUpdated": "2024-01-01T00:00:00Z"}},
    {**ORGANIZATION, "meta": {"tag": [{"code": "x"}]}},
]
PARENT = {**ORGANIZATION, "contained": [{"resourceType": "Organization", "id": "q", "name": "y"}]}
REFERRING = {"managingOrganization": {"reference": "#o"}}
VALUE_SET = {"resourceType": "ValueSet", "id": "v", "status": "draft"}
BY_CANONICAL = {
    "resourceType": "Questionnaire",
    "status": "draft",
    "item": [{"linkId": "1", "type": "choice", "answerValueSet": "#v"}],
    "contained": [VALUE_SET],
}
RESOURCES: list[Any] = [
    ADA,
    {"resourceType": "Patient", "active": True},
    ada(contained=[ORGANIZATION]),
    ada(contained=[ORGANIZATION], **REFERRING),
    ada(contained=[SELF]),
    ada(contained=[ORGANIZATION, {**SELF, "id": "p"}]),
    ada(contained=[ORGANIZATION, {**ORGANIZATION, "id": "p", "partOf": {"reference": "#o"}}]),
    *(ada(contained=[c], **REFERRING) for c in (LABELLED, PARENT, *VERSIONED)),
    BY_CANONICAL,
    {**BY_CANONICAL, "item": [{"linkId": "1", "type": "display", "text": "x"}]},
]
REFERENCES: list[Any] = [
    {"reference": "#o"},
    {"reference": "#p"},
    {"reference": "Patient/1"},
]


def verdicts(key: str, text: str, place: Place) -> tuple[bool, bool]:
    """Whether the native and the expression find the constraint kept."""
    context = Context(base_definitions())
    expression = compile_expression(text)
    native = NATIVE[key, text](place, context)
    environment = context.surroundings(place).environment
    return native, expression.holds(place.node, environment) is True


def rows(*given: str) -> list[tuple[str, str]]:
    return [(key, text) for key, text in NATIVE if key in given]


def patient_with(name: str, value: Any, type_: str, **members: Any) -> Place:
    resource = ada(**{name: value}, **members)
    patient = Place(None, "Patient", None, resource, "Patient", "Patient", is_resource=True)
    return patient.child(name, None, value, type_)


@pytest.mark.parametrize(
    ("row", "value"), list(itertools.product(rows("ext-1", "ele-1"), EXTENSIONS)), ids=str
)
def test_natives_of_extensions_agree(row: tuple[str, str], value: Any) -> None:
    native, expression = verdicts(*row, patient_with("extension", value, "Extension"))

    assert native == expression


@pytest.mark.parametrize("value", ELEMENTS, ids=str)
def test_the_native_of_elements_agrees(value: Any) -> None:
    (row,) = rows("ele-1")
    native, expression = verdicts(*row, patient_with("maritalStatus", value, "CodeableConcept"))

    assert native == expression


@pytest.mark.parametrize(
    ("value", "beside"),
    [
        ("male", None),
        (None, {"id": "x"}),
        (None, {"extension": [{"url": "x", "valueCode": "y"}]}),
        ("male", {"id": "x"}),
    ],
)
def test_the_native_of_elements_agrees_on_primitives(value: Any, beside: Any) -> None:
    (row,) = rows("ele-1")
    patient = Place(None, "Patient", None, ada(), "Patient", "Patient", is_resource=True)
    native, expression = verdicts(*row, patient.child("gender", None, value, "code", "", beside))

    assert native == expression


@pytest.mark.parametrize(
    ("row", "resource"),
    list(itertools.product(rows("dom-2", "dom-3", "dom-4", "dom-5", "dom-6"), RESOURCES)),
    ids=lambda each: json.dumps(each)[:40],
)
def test_natives_of_resources_agree(row: tuple[str, str], resource: Any) -> None:
    type_ = resource["resourceType"]
    place = Place(None, type_, None, resource, type_, type_, is_resource=True)
    native, expression = verdicts(*row, place)

    assert native == expression


@pytest.mark.parametrize("value", REFERENCES, ids=str)
def test_the_native_of_references_agrees(value: Any) -> None:
    (row,) = rows("ref-1")
    place = patient_with("managingOrganization", value, "Reference", contained=[ORGANIZATION])
    native, expression = verdicts(*row, place)

    assert native == expression


def test_a_reference_without_a_literal_one_is_kept_though_the_expression_gives_nothing() -> None:
    (row,) = rows("ref-1")
    place = patient_with("managingOrganization", {"display": "x"}, "Reference")

    assert verdicts(*row, place) == (True, False)


def test_every_native_but_those_of_narratives_is_held_against_its_expression() -> None:
    narrative = {"txt-1", "txt-2"}  # whose expressions only say that they are to be checked

    assert {key for key, _ in NATIVE} - narrative == {
        *("ele-1", "ext-1", "ref-1"),
        *("dom-2", "dom-3", "dom-4", "dom-5", "dom-6"),
    }


def test_the_answer_to_whether_something_exists_is_a_boolean() -> None:
    item: dict[str, Any] = {
        "linkId": "1",
        "type": "display",
        "text": "x",
        "enableWhen": [{"question": "2", "operator": "exists", "answerBoolean": True}],
    }
    questionnaire = {"resourceType": "Questionnaire", "status": "draft", "item": [item]}
    wrong = {"question": "2", "operator": "exists", "answerInteger": 1}

    assert keys(questionnaire) == []
    item["enableWhen"] = [wrong]
    assert keys(questionnaire) == [("Questionnaire.item[0].enableWhen[0]", "que-7")]


def test_the_paths_of_issues_select_what_they_are_about() -> None:
    patient = ada(contact=[{"name": {"family": "x"}}, {"gender": "male"}])
    ((path, _),) = found(validate(patient))
    (node,) = compile_expression(path).evaluate(
        Place(None, "Patient", None, patient, "Patient", "Patient").node,
        Context(base_definitions())
        .surroundings(Place(None, "Patient", None, patient, "Patient", "Patient"))
        .environment,
    )
    assert node.value == {"gender": "male"}
