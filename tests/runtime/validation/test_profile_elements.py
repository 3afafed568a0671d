"""What a profile says of single elements, broken and kept."""

from decimal import Decimal
from typing import Any

import pytest
from pass_findings import PROFILE, errors, findings, profile

from pymedplum_runtime.profiles.tables import ElementTable
from pymedplum_runtime.validation.context import Place
from pymedplum_runtime.validation.profile_pass import check


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **elements}


def observation(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", **elements}


def about(**elements: ElementTable) -> Any:
    return profile("Patient", {"elements": elements})


def test_an_element_that_the_profile_requires_is_missed() -> None:
    table = about(birthDate={"min": 1})
    assert errors(patient(), table) == ["Patient.birthDate: is missing: the profile needs it"]
    assert errors(patient(birthDate="1990"), table) == []


def test_a_primitive_with_extensions_alone_counts() -> None:
    table = about(birthDate={"min": 1})
    assert errors(patient(_birthDate={"extension": [{"url": "u"}]}), table) == []


def test_a_profile_may_ask_for_the_value_of_a_primitive() -> None:
    table = about(birthDate={"min": 1, "elements": {"value": {"min": 1}}})
    broken = errors(patient(_birthDate={"extension": [{"url": "u"}]}), table)
    assert broken == ["Patient.birthDate.value: is missing: the profile needs it"]
    assert errors(patient(birthDate="1990"), table) == []


def test_a_profile_may_ask_for_an_extension_of_a_primitive() -> None:
    table = about(birthDate={"elements": {"extension": {"min": 1}}})
    assert len(errors(patient(birthDate="1990"), table)) == 1
    assert errors(patient(birthDate="1990", _birthDate={"extension": [{"url": "u"}]}), table) == []


def test_items_of_a_list_of_primitives_are_paired_with_what_stands_beside_them() -> None:
    table = about(name={"elements": {"given": {"min": 2, "elements": {"extension": {"max": 0}}}}})
    given = {"given": ["a", None], "_given": [None, {"extension": [{"url": "u"}]}]}
    assert errors(patient(name=[given]), table) == [
        "Patient.name[0].given[1].extension: has a value: the profile allows none"
    ]


def test_more_than_the_profile_allows_is_too_many() -> None:
    table = about(name={"max": 1})
    assert errors(patient(name=[{"text": "a"}]), table) == []
    assert errors(patient(name=[{"text": "a"}, {"text": "b"}]), table) == [
        "Patient.name: has 2 values: the profile allows at most 1"
    ]


def test_an_element_that_the_profile_forbids_must_be_absent() -> None:
    table = about(**{"deceased[x]": {"max": 0}})
    assert errors(patient(deceasedBoolean=False), table) == [
        "Patient.deceased: has a value: the profile allows none"
    ]
    assert errors(patient(), table) == []


def test_a_required_choice_is_satisfied_by_any_of_its_types() -> None:
    table = profile("Observation", {"elements": {"value[x]": {"min": 1}}})
    assert len(errors(observation(), table)) == 1
    assert errors(observation(valueString="a"), table) == []
    assert errors(observation(_valueString={"extension": []}), table) == []


def test_a_choice_may_be_restricted_to_some_types() -> None:
    table = profile("Observation", {"elements": {"value[x]": {"types": [{"code": "Quantity"}]}}})
    assert errors(observation(valueQuantity={"value": 1}), table) == []
    assert errors(observation(valueString="a"), table) == [
        "Observation.value: must be of type Quantity, not string"
    ]


def test_rules_of_a_nested_element_hold_for_each_item() -> None:
    table = about(telecom={"elements": {"system": {"min": 1}}})
    assert errors(patient(telecom=[{"system": "phone"}, {"value": "1"}]), table) == [
        "Patient.telecom[1].system: is missing: the profile needs it"
    ]


def test_rules_of_an_element_that_is_absent_do_not_hold() -> None:
    assert errors(patient(), about(telecom={"elements": {"system": {"min": 1}}})) == []


def test_a_fixed_value_is_exact() -> None:
    table = about(maritalStatus={"fixed": {"text": "a"}})
    assert errors(patient(maritalStatus={"text": "a"}), table) == []
    assert errors(patient(maritalStatus={"text": "a", "id": "1"}), table) == [
        "Patient.maritalStatus: must be exactly text 'a'"
    ]


def test_a_pattern_allows_more_than_it_says() -> None:
    coding = {"system": "s", "code": "c"}
    table = about(maritalStatus={"pattern": {"coding": [coding]}})
    more = {"coding": [{"code": "other"}, {**coding, "display": "d"}], "text": "t"}
    assert errors(patient(maritalStatus=more), table) == []
    assert len(errors(patient(maritalStatus={"coding": [{"system": "s"}]}), table)) == 1


@pytest.mark.parametrize("value", [0, 1, "true", None])
def test_true_is_not_another_value(value: object) -> None:
    table = about(active={"min": 1, "fixed": True})
    assert len(errors(patient(active=value), table)) == 1


@pytest.mark.parametrize(
    ("rules", "kept", "broken"),
    [
        ({"min_value": "2000-01-01"}, "2000-01-01", "1999-12-31"),
        ({"min_value": "2000-01-01"}, "2000", "1999"),
        ({"max_value": "2000-01"}, "2000-01-31", "2000-02-01"),
    ],
)
def test_dates_have_bounds(rules: ElementTable, kept: str, broken: str) -> None:
    table = about(birthDate=rules)
    assert errors(patient(birthDate=kept), table) == []
    assert len(errors(patient(birthDate=broken), table)) == 1


def test_quantities_have_bounds_in_their_own_unit() -> None:
    bound = {"value": 10, "system": "http://unitsofmeasure.org", "code": "kg"}
    table = profile(
        "Observation",
        {"elements": {"value[x]": {"types": [{"code": "Quantity"}], "max_value": bound}}},
    )
    assert errors(observation(valueQuantity={**bound, "value": Decimal("9.9")}), table) == []
    assert len(errors(observation(valueQuantity={**bound, "value": 10.1}), table)) == 1
    other = findings(observation(valueQuantity={**bound, "code": "g", "value": 99}), table)
    assert other.errors == []
    assert other.unchecked == [("Observation.value", PROFILE)]


def test_a_text_may_be_too_long() -> None:
    table = about(name={"elements": {"family": {"max_length": 3}}})
    assert errors(patient(name=[{"family": "abc"}]), table) == []
    assert errors(patient(name=[{"family": "abcd"}]), table) == [
        "Patient.name[0].family: must have at most 3 characters"
    ]


def test_absent_elements_that_must_be_supported_are_listed() -> None:
    table = about(
        birthDate={"must_support": True},
        name={"must_support": True, "elements": {"family": {"must_support": True}}},
        telecom={"elements": {"value": {"must_support": True}}},
    )
    found = findings(patient(name=[{"text": "a"}]), table)
    assert found.errors == []
    assert found.must_support == ["Patient.birthDate", "Patient.name.family"]


@pytest.mark.parametrize("more", [{}, {"item": {"must_support": True}}])
def test_content_references_take_the_rules_of_the_element(more: Any) -> None:
    item: ElementTable = {"elements": {"text": {"min": 1}, **more}}
    table = profile("Questionnaire", {"elements": {"item": item}})
    inner = {"linkId": "2", "item": [{"linkId": "3", "text": "c", "item": [{"linkId": "4"}]}]}
    resource = {
        "resourceType": "Questionnaire",
        "item": [{"linkId": "1", "text": "a", "item": [inner]}],
    }
    assert [i.expression for i in findings(resource, table).context.issues] == [
        "Questionnaire.item[0].item[0].text",
        "Questionnaire.item[0].item[0].item[0].item[0].text",
    ]


def test_content_references_lead_to_elements_beside() -> None:
    ranges: Any = {"referenceRange": {"elements": {"high": {"min": 1}}}}
    table = profile("Observation", {"elements": {**ranges, "component": {"min": 1}}})
    component = [{"referenceRange": [{"low": {"value": 1}}]}]
    issue, *more = findings(observation(component=component), table).context.issues
    assert more == []
    assert issue.expression == "Observation.component[0].referenceRange[0].high"
    assert issue.element == "Observation.referenceRange.high"


@pytest.mark.parametrize(
    "broken",
    [
        {"name": {"family": "a"}},
        {"name": "a"},
        {"name": [1, [], None]},
        {"name": []},
        {"birthDate": ["1990"]},
        {"birthDate": {}},
        {"_birthDate": "x"},
        {"telecom": [[{}]]},
        {"maritalStatus": [{"text": "a"}]},
        {"maritalStatus": True},
        {"communication": 1},
        {"contact": [{"name": [{}]}]},
        {"deceasedBoolean": [True]},
        {"_deceasedBoolean": 1},
    ],
)
def test_broken_structure_is_left_to_the_base_walk(broken: dict[str, Any]) -> None:
    table = about(
        name={"min": 1, "pattern": {"family": "a"}, "elements": {"family": {"fixed": "a"}}},
        birthDate={"min_value": "1990", "max_length": 4, "elements": {"value": {"min": 1}}},
        maritalStatus={"pattern": {"text": "a"}, "elements": {"text": {"min": 1}}},
        telecom={"elements": {"system": {"min": 1}}},
        contact={"elements": {"name": {"elements": {"family": {"min": 1}}}}},
        **{"deceased[x]": {"types": [{"code": "dateTime"}]}},
    )
    findings(patient(**broken), table)


def test_messages_never_quote_the_resource() -> None:
    table = about(
        name={
            "max": 0,
            "pattern": {"text": "t"},
            "elements": {"family": {"max_length": 1, "fixed": "f"}},
        }
    )
    found = findings(patient(name=[{"family": "Secret", "text": "Hidden"}]), table)
    assert len(found.errors) == 4
    assert not any(word in str(found.errors) for word in ("Secret", "Hidden"))


def test_a_profile_of_another_type_is_an_error() -> None:
    assert errors(patient(), profile("Observation", {})) == [
        "Patient: the profile is for Observation, not for Patient"
    ]


def test_a_value_is_checked_against_a_profile_once() -> None:
    table = about(birthDate={"min": 1})
    found = findings(patient(), table)
    resource = patient()
    place = Place(None, "Patient", None, resource, "Patient", "Patient", is_resource=True)
    before = len(found.context.issues)
    check(resource, place, table, found.context)
    check(resource, place, table, found.context)
    assert len(found.context.issues) == before + 1
