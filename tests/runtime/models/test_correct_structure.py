"""Property 2: what has to be there is, and nothing else."""

from typing import Any

import pytest
from refusals import kinds, problems
from unstubbed import (
    Bundle,
    Coverage,
    Extension,
    HumanName,
    MedicationRequest,
    Observation,
    Parameters,
    Patient,
)

from pymedplum.fhir import parse_resource

SAID = {"extension": [{"url": "http://a", "valueString": "said"}]}
CODE = {"text": "a"}


def test_no_property_of_a_patient_is_required() -> None:
    assert Patient().model_dump() == {"resourceType": "Patient"}


def test_required_properties_are_required() -> None:
    assert kinds(Observation) == {"code": "missing", "status": "missing"}
    assert kinds(Observation, code=CODE) == {"status": "missing"}
    assert kinds(Bundle, entry=[{"link": [{"url": "a"}]}], type="batch") == {
        "entry.0.link.0.relation": "missing"
    }


def test_a_required_primitive_may_be_described_instead() -> None:
    observation = Observation(code=CODE, _status=SAID)
    assert observation.status is None
    assert observation.model_dump()["_status"] == SAID


def test_an_id_beside_a_required_primitive_does_not_describe_it() -> None:
    assert kinds(Observation, code=CODE, _status={"id": "a"}) == {"status": "missing"}


def test_a_required_choice_is_required() -> None:
    data = {"status": "active", "intent": "order", "subject": {"display": "a"}}
    assert kinds(MedicationRequest, **data) == {"medication[x]": "missing"}
    assert MedicationRequest(**data, medication_reference={"display": "b"})


def test_one_value_of_a_choice_excludes_the_others() -> None:
    message = "expected one deceased[x], got deceasedBoolean and deceasedDateTime"
    given = {"deceased_boolean": True, "deceased_date_time": "1970"}
    assert problems(Patient, **given) == {"deceased[x]": message}
    described = {"deceasedBoolean": True, "_deceasedDateTime": SAID}
    assert problems(Patient, **described) == {"deceased[x]": message}


def test_a_value_of_a_choice_and_its_own_sibling_are_one() -> None:
    assert Patient(deceasedBoolean=True, _deceasedBoolean={"id": "a"})


def test_different_choices_do_not_exclude_each_other() -> None:
    assert Patient(deceased_boolean=True, multiple_birth_integer=2)


def test_choices_of_extensions_exclude_each_other() -> None:
    extension = {"url": "a", "valueString": "b", "valueCode": "c"}
    assert list(problems(Patient, extension=[extension])) == ["extension.0.value[x]"]
    assert list(problems(Extension, **extension)) == ["value[x]"]


@pytest.mark.parametrize(
    ("name", "value"), [("name", []), ("meta", {}), ("contact", [{}]), ("photo", None)]
)
def test_empty_members_are_refused(name: str, value: object) -> None:
    assert problems(Patient.model_validate, {"resourceType": "Patient", name: value})
    if value is not None:
        assert problems(Patient, **{name: value})


def test_an_empty_object_is_refused() -> None:
    assert kinds(HumanName) == {"": "fhir_empty"}
    assert kinds(Patient, name=[{}]) == {"name.0": "fhir_empty"}


def test_null_is_no_value_of_json() -> None:
    assert list(problems(Patient.model_validate, {"active": None})) == ["active"]
    text = '{"resourceType":"Patient","active":null}'
    assert list(problems(Patient.model_validate_json, text)) == ["active"]


@pytest.mark.parametrize(
    "data",
    [
        {"given": ["a", None]},
        {"given": [None]},
        {"given": ["a", None], "_given": [SAID, None]},
        {"given": ["a", None], "_given": [None, {"id": "a"}]},
        {"_given": [None, SAID]},
    ],
)
def test_a_null_in_a_list_needs_a_sibling_that_describes_it(data: dict[str, Any]) -> None:
    assert "fhir_null" in kinds(HumanName.model_validate, data).values()


@pytest.mark.parametrize(
    ("call", "data", "path", "owner", "meant"),
    [
        (Patient, {"birthdate": "1970"}, "birthdate", "Patient", "birthDate"),
        (Patient, {"name": [{"familly": "a"}]}, "name.0.familly", "HumanName", "family"),
        (Patient, {"contact": [{"nam": 1}]}, "contact.0.nam", "PatientContact", "name"),
        (Coverage, {"klass": 1}, "klass", "Coverage", "class"),
        (Bundle, {"type": "batch", "entry": [{"recource": 1}]}, "entry.0.recource", "BundleEntry",
         "resource"),
    ],
)  # fmt: skip
def test_an_unknown_property_is_refused_with_the_closest(
    call: Any,
    data: dict[str, Any],
    path: str,
    owner: str,
    meant: str,
) -> None:
    message = f"is not a property of {owner}; did you mean '{meant}'?"
    assert problems(call, **data)[path] == message
    assert problems(call.model_validate, data)[path] == message


def test_an_unknown_property_like_no_other_gets_no_suggestion() -> None:
    assert problems(Patient, zzz=1) == {"zzz": "is not a property of Patient"}


def test_the_resource_type_has_to_be_its_own() -> None:
    assert list(problems(Patient.model_validate, {"resourceType": "Person"})) == ["resourceType"]
    assert list(problems(Patient, resource_type="Person")) == ["resource_type"]
    assert Patient(resourceType="Patient") == Patient()


def test_json_text_has_to_say_its_resource_type() -> None:
    assert kinds(Patient.model_validate_json, '{"active":true}') == {"resourceType": "missing"}


def test_a_type_that_is_no_resource_has_no_resource_type() -> None:
    assert list(problems(HumanName, family="a", resourceType="HumanName")) == ["resourceType"]


def test_keys_are_text() -> None:
    assert kinds(Patient.model_validate, {1: 2}) == {"1": "invalid_key"}


def test_a_parameter_has_a_value_or_a_resource_of_its_own_kind() -> None:
    parameter = {"name": "a", "valueString": "b", "valueInteger": 1}
    assert list(problems(Parameters, parameter=[parameter])) == ["parameter.0.value[x]"]


def test_an_id_beside_a_required_choice_is_no_value() -> None:
    data = {
        "resourceType": "CodeSystem",
        "status": "active",
        "content": "complete",
        "concept": [{"code": "a", "property": [{"code": "b", "_valueDateTime": {"id": "c"}}]}],
    }
    assert kinds(parse_resource, data) == {"concept.0.property.0.value[x]": "missing"}
