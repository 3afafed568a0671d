"""What a profile says of an element, one rule a test."""

from decimal import Decimal
from typing import Any

import pytest
from tiny_profiles import (
    FHIR,
    HOME,
    Json,
    compiled,
    element,
    profile,
    refused,
    root,
    rules,
    snapshot,
)

CODES = "http://example.org/fhir/ValueSet/codes"
STATUS = "http://hl7.org/fhir/ValueSet/observation-status|4.0.1"


def bound(strength: str, value_set: str = CODES, **members: Any) -> Json:
    return {"strength": strength, "valueSet": value_set, **members}


def test_an_element_that_says_nothing_new_is_left_out() -> None:
    same = element("Observation.status", min_=1, max_="1", type_=[{"code": "code"}])

    assert root(profile(same)) == {}
    assert root(snapshot(element("Observation", min_=0, max_="*"), same)) == {}


def test_more_and_fewer_are_tighter() -> None:
    assert rules("Observation.subject", min_=1) == {"min": 1}
    assert rules("Observation.category", min_=2, max_="3") == {"min": 2, "max": 3}
    assert rules("Observation.note", max_="0") == {"max": 0}


def test_elements_of_datatypes_and_of_backbones_nest() -> None:
    assert root(profile(element("Observation.code.coding.system", min_=1))) == {
        "elements": {"code": {"elements": {"coding": {"elements": {"system": {"min": 1}}}}}}
    }
    assert root(profile(element("Observation.component.code.text", min_=1))) == {
        "elements": {
            "component": {"elements": {"code": {"elements": {"text": {"min": 1}}}}},
        }
    }


def test_a_content_reference_leads_to_the_elements_of_what_it_names() -> None:
    found = rules("Questionnaire.item.item.item.linkId", max_length=1, maxLength=12)

    assert found == {"max_length": 12}
    assert rules("Observation.component.referenceRange.text", min_=1) == {"min": 1}


def test_types_are_listed_where_fewer_are_left() -> None:
    assert rules("Observation.value[x]", type_=[{"code": "Quantity"}, {"code": "string"}]) == {
        "types": [{"code": "Quantity"}, {"code": "string"}]
    }


def test_a_type_may_be_held_to_a_profile() -> None:
    simple = {"code": "Quantity", "profile": [FHIR + "SimpleQuantity"]}

    assert rules("Observation.value[x]", type_=[simple])["types"] == [
        {"code": "Quantity", "profiles": [FHIR + "SimpleQuantity"]}
    ]


def test_a_reference_may_be_held_to_targets() -> None:
    patient = {"code": "Reference", "targetProfile": [FHIR + "Patient"], "aggregation": ["bundled"]}

    assert rules("Observation.subject", type_=[patient])["types"] == [
        {"code": "Reference", "targets": [FHIR + "Patient"], "aggregation": ["bundled"]}
    ]


def test_the_version_of_a_base_type_is_not_a_restriction() -> None:
    given = [{"code": "Reference", "targetProfile": [FHIR + "Encounter|4.0.1"]}]

    assert root(profile(element("Observation.encounter", type_=given))) == {}


def test_a_type_named_twice_as_older_tools_do_is_one_with_both_targets() -> None:
    given = [{"code": "Reference", "targetProfile": [FHIR + t]} for t in ("Patient", "Group")]

    assert rules("Observation.subject", type_=given)["types"] == [
        {"code": "Reference", "targets": [FHIR + "Patient", FHIR + "Group"]}
    ]


def test_a_resource_inside_another_may_be_of_one_type() -> None:
    held = element("Bundle.entry.resource", type_=[{"code": "Patient"}])
    named = element("Bundle.entry.resource.birthDate", min_=1)

    entry = root(profile(held, named))["elements"]["entry"]

    assert entry["elements"]["resource"] == {
        "types": [{"code": "Patient"}],
        "elements": {"birthDate": {"min": 1}},
    }


@pytest.mark.parametrize(
    ("path", "member", "value"),
    [
        ("Observation.status", "fixedCode", "final"),
        ("Observation.code", "patternCodeableConcept", {"coding": [{"code": "a"}]}),
        ("Patient.active", "fixedBoolean", True),
        ("Patient.multipleBirth[x]", "fixedInteger", 2),
        ("Observation.value[x]", "fixedQuantity", {"value": 1.5, "code": "kg"}),
        ("Observation.value[x].value", "patternDecimal", Decimal("1.50")),
        ("Observation.id", "fixedString", "one"),
        ("Extension.url", "fixedUri", "http://example.org/e"),
    ],
)
def test_a_value_may_be_fixed(path: str, member: str, value: object) -> None:
    kind = "fixed" if member.startswith("fixed") else "pattern"

    if path == "Observation.value[x].value":
        only = element("Observation.value[x]", type_=[{"code": "Quantity"}])
        found = root(profile(only, element(path, **{member: value})))["elements"]["value[x]"]
        assert found["elements"]["value"] == {kind: value}
    else:
        assert rules(path, **{member: value}) == {kind: value}


def test_values_may_be_bounded() -> None:
    assert rules("Patient.multipleBirth[x]", minValueInteger=1, maxValueInteger=8) == {
        "min_value": 1,
        "max_value": 8,
    }
    year = {"value": 1, "system": "http://unitsofmeasure.org", "code": "a"}
    assert rules("Condition.onset[x]", type_=[{"code": "Age"}], minValueQuantity=year) == {
        "types": [{"code": "Age"}],
        "min_value": year,
    }
    assert rules("Observation.issued", minValueInstant="2020-01-01T00:00:00Z") == {
        "min_value": "2020-01-01T00:00:00Z"
    }


def test_texts_may_be_shorter() -> None:
    assert rules("Patient.gender", maxLength=10) == {"max_length": 10}


def test_bindings_that_something_can_fail_are_kept() -> None:
    assert rules("Observation.code", binding=bound("required")) == {
        "binding": {"strength": "required", "value_set": CODES}
    }
    assert rules("Observation.code", binding=bound("extensible"))["binding"]["value_set"] == CODES
    assert root(profile(element("Observation.code", binding=bound("preferred")))) == {}


def test_a_binding_that_is_only_repeated_is_left_out() -> None:
    assert root(profile(element("Observation.status", binding=bound("required", STATUS)))) == {}
    unversioned = bound("required", STATUS.partition("|")[0])
    assert root(profile(element("Observation.status", binding=unversioned))) == {}


def test_a_maximum_value_set_is_kept_whatever_the_strength() -> None:
    most = {"url": FHIR + "elementdefinition-maxValueSet", "valueCanonical": CODES + "-all"}

    assert rules("Observation.code", binding=bound("preferred", extension=[most]))["binding"] == {
        "strength": "preferred",
        "value_set": CODES,
        "max_value_set": CODES + "-all",
    }


def test_own_constraints_are_kept_and_those_of_the_types_are_not() -> None:
    own = {"key": "own-1", "severity": "error", "human": "Said.", "expression": "text.exists()"}
    element_1 = {
        "key": "ele-1",
        "severity": "error",
        "human": "x",
        "expression": "hasValue() or (children().count() > id.count())",
    }
    repaired = {
        "key": "obs-6",
        "severity": "error",
        "human": "x",
        "expression": "value.empty() or dataAbsentReason.empty()",
        "source": FHIR + "Observation",
    }

    found = rules("Observation.code", constraint=[own, element_1])
    at_root = root(snapshot(element("Observation", constraint=[repaired, own])))

    assert found == {"constraints": [["own-1", "error", "Said.", "text.exists()"]]}
    assert at_root == found


def test_a_constraint_of_the_element_itself_is_not_repeated() -> None:
    given = {"key": "obs-3", "severity": "error", "human": "x"}
    expression = "low.exists() or high.exists() or text.exists()"

    repeated = element(
        "Observation.referenceRange", constraint=[{**given, "expression": expression}]
    )

    assert root(profile(repeated)) == {}


def test_a_constraint_in_xpath_alone_cannot_be_kept() -> None:
    xpath = {"key": "own-1", "severity": "error", "human": "x", "xpath": "f:text"}

    assert root(profile(element("Observation.code", constraint=[xpath]))) == {}


def test_must_support_is_kept() -> None:
    assert rules("Observation.code", mustSupport=True) == {"must_support": True}
    assert root(profile(element("Observation.code", mustSupport=False))) == {}


def test_what_is_said_of_the_value_inside_a_primitive_is_xml_and_left_out() -> None:
    xml = element("Patient.birthDate.value", min_=0, max_="1", maxLength=10)

    assert root(snapshot(element("Patient"), element("Patient.birthDate"), xml)) == {}


def test_the_head_of_a_table_says_what_the_profile_is() -> None:
    found = compiled(
        profile(element("Extension.url", fixedUri=HOME + "tiny"), version="2.1", abstract=True)
        | {"context": [{"type": "element", "expression": "Patient"}]}
    )["tiny"]

    assert found == {
        "url": HOME + "tiny",
        "version": "2.1",
        "name": "tiny",
        "type": "Extension",
        "kind": "resource",
        "abstract": True,
        "base": FHIR + "Extension",
        "profile": True,
        "contexts": [["element", "Patient"]],
        "root": {"elements": {"url": {"fixed": HOME + "tiny"}}},
    }


def test_elements_without_ids_are_placed_by_path_and_slice_name() -> None:
    by_path = [
        element("Observation.component", slicing={"discriminator": [], "rules": "open"}),
        element("Observation.component:a", min_=1),
        element("Observation.component:a.code", min_=1, fixedCodeableConcept={"text": "a"}),
        element("Observation.component:b"),
        element("Observation.component:b.code", fixedCodeableConcept={"text": "b"}),
    ]
    without = [{k: v for k, v in e.items() if k != "id"} for e in by_path]

    assert root(profile(*without)) == root(profile(*by_path))


def test_the_order_of_profiles_does_not_matter() -> None:
    parent = profile(element("Observation.subject", min_=1), name="parent")
    child = profile(element("Observation.code", max_="1", min_=1), base=HOME + "parent")

    assert compiled(parent, child) == compiled(child, parent)


def test_what_a_profile_says_twice_is_a_mistake() -> None:
    error = refused(profile(element("Observation.code"), element("Observation.code", min_=1)))

    assert "twice" in str(error)
    assert error.element == "Observation.code"
