"""Types of items, and what FHIR adds to the language."""

from typing import Any

import pytest
from fhirpath_cases import OBSERVATION, PATIENT, environment, values

from pymedplum_runtime.errors import FHIRPathError
from pymedplum_runtime.fhirpath import Environment, Node, compile_expression

T, F, NONE = [True], [False], list[Any]()


@pytest.mark.parametrize(
    "claim",
    [
        "active is boolean and active is FHIR.boolean",
        "(active is Boolean).not() and (active is System.Boolean).not()",
        "true is Boolean and true is System.Boolean and (true is FHIR.boolean).not()",
        "1 is Integer and (1 is Decimal).not() and 1.0 is Decimal",
        "$this is Patient and $this is DomainResource and $this is Resource",
        "($this is Person).not() and ($this is System.Patient).not()",
        "gender is code and gender is string and (gender is id).not()",
        "gender.as(code).exists() and gender.as(string).empty()",
        "birthDate is date and @2020 is Date and (4 days) is Quantity",
        "contact is BackboneElement and contact is Element",
        "active.type().namespace = 'FHIR' and active.type().name = 'boolean'",
        "1.type().namespace = 'System' and 1.type().name = 'Integer'",
        "contact.type().name = 'BackboneElement'",
        "multipleBirth is integer and (multipleBirth as boolean).empty()",
        "multipleBirthInteger.empty()",
        "name.ofType(HumanName).count() = 3 and name.ofType(Address).empty()",
        "contained.ofType(FHIR.Organization).name = 'Acme'",
        "ofType(FHIR.`Patient`).exists()",
        "($this is Citation).not()",
    ],
)
def test_a_claim_about_types_holds(claim: str) -> None:
    assert values(claim) == T


def test_a_choice_is_found_by_its_name() -> None:
    assert values("value.unit", OBSERVATION) == ["lbs"]
    assert values("(value as Quantity).code", OBSERVATION) == ["[lb_av]"]
    assert values("value as Period", OBSERVATION) == NONE
    assert values("effective is dateTime", OBSERVATION) == T


def test_there_is_no_type_that_there_is_not() -> None:
    with pytest.raises(FHIRPathError, match="no type 'string1'"):
        values("gender.as(string1)")


def test_items_of_another_resource_have_its_types() -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": OBSERVATION}]}

    assert values("entry.resource.value is Quantity", bundle) == T
    assert values("entry.resource is Observation", bundle) == T


def test_a_node_may_be_a_part_of_a_resource() -> None:
    _, around = environment(PATIENT)
    contact = Node(PATIENT["contact"][0], "Patient.contact")
    found = compile_expression("name is HumanName and %resource is Patient")

    assert found.holds(contact, around) is True


def test_repeated_content_has_the_type_of_what_it_repeats() -> None:
    item = {"linkId": "1", "type": "group", "item": [{"linkId": "2", "type": "string"}]}
    questionnaire = {"resourceType": "Questionnaire", "item": [item]}

    assert values("repeat(item).linkId", questionnaire) == ["1", "2"]
    assert values("item.item.type().name", questionnaire) == ["BackboneElement"]


def test_contained_resources_and_the_entries_of_a_bundle_resolve() -> None:
    reference = {"reference": "urn:uuid:1"}
    entries = [
        {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "a"}},
        {"resource": {"resourceType": "Observation", "id": "b", "subject": reference}},
        {"resource": {"resourceType": "Observation", "subject": {"reference": "Patient/a"}}},
    ]
    bundle = {"resourceType": "Bundle", "entry": entries}

    assert values("managingOrganization.resolve().name") == ["Acme"]
    assert values("entry.resource.subject.resolve().id", bundle) == ["a", "a"]
    assert values("link.other.resolve()") == NONE


def test_claims_are_left_to_the_environment() -> None:
    node = Node(PATIENT)
    asked: list[tuple[Any, str]] = []

    def claim(item: Node, url: str) -> bool | None:
        asked.append((item.value, url))
        return None if url.endswith("?") else True

    around = Environment(member_of=claim, conforms_to=claim, subsumes=lambda a, b: a is not b)

    def holds(expression: str) -> bool | None:
        return compile_expression(expression).holds(node, around)

    assert holds("gender.memberOf('http://example.org/vs')") is True
    assert holds("gender.memberOf('http://example.org/vs?')") is None
    assert holds("conformsTo('http://example.org/p')") is True
    assert holds("gender.subsumes('x') and gender.subsumedBy('x')") is True
    assert asked[0] == ("female", "http://example.org/vs")


def test_claims_without_an_environment_are_open() -> None:
    assert values("gender.memberOf('http://example.org/vs')") == NONE
    assert values("gender.subsumes('x')") == NONE
    assert values("conformsTo('http://example.org/p')") == NONE
    assert values("conformsTo('http://hl7.org/fhir/StructureDefinition/DomainResource')") == T
    assert values("conformsTo('http://hl7.org/fhir/StructureDefinition/Person')") == F


def test_keys_of_resources_are_those_of_references_to_them() -> None:
    assert values("getResourceKey()") == ["p1"]
    assert values("link.other.getReferenceKey()") == ["9"]
    assert values("link.other.getReferenceKey(Patient)") == ["9"]
    assert values("link.other.getReferenceKey(Group)") == NONE
    assert values("managingOrganization.getReferenceKey()") == NONE


@pytest.mark.parametrize(
    ("narrative", "is_safe"),
    [
        ("<div xmlns='http://www.w3.org/1999/xhtml'><p>x</p></div>", True),
        ("<div><img src='#a'/></div>", True),
        ("<div><!-- c -->a &amp; b<br/></div>", True),
        ("<div> </div>", False),
        ("<p>x</p>", False),
        ("<div>x</div><div>y</div>", False),
        ("x<div>x</div>", False),
        ("<div><p>x</div></p>", False),
        ("<div>x", False),
        ("<div><script>x</script></div>", False),
        ("<div onclick='x'>x</div>", False),
        ("<div><a href='javascript:x'>x</a></div>", False),
        ("<div>a < b</div>", False),
        ("", False),
    ],
)
def test_a_narrative_holds_what_fhir_allows(narrative: str, *, is_safe: bool) -> None:
    resource = {"resourceType": "Patient", "text": {"status": "generated", "div": narrative}}

    assert values("text.`div`.htmlChecks()", resource) == [is_safe]
