"""Property 4: models have JSON Schemas and live within the models of others."""

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter
from refusals import problems
from unstubbed import Coverage

import pymedplum.fhir
from pymedplum.fhir import Bundle, HumanName, Observation, Patient, Quantity

SAMPLE = ["Patient", "Observation", "Bundle", "Parameters", "Extension", "Coverage", "Quantity"]
MODES: list[Literal["validation", "serialization"]] = ["validation", "serialization"]
OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "a"}}


class Visit(BaseModel):
    patient: Patient
    weight: Quantity | None = None
    notes: list[Observation] = []


class Found(BaseModel):
    resource: Annotated[Patient | Observation, Field(discriminator="resource_type")]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", SAMPLE)
def test_models_have_a_schema(name: str, mode: Literal["validation", "serialization"]) -> None:
    schema = getattr(pymedplum.fhir, name).model_json_schema(mode=mode)
    assert json.loads(json.dumps(schema)) == schema
    assert schema["type"] == "object"
    assert schema["title"] == name


@pytest.mark.parametrize("mode", MODES)
def test_schemas_speak_fhir(mode: Literal["validation", "serialization"]) -> None:
    properties = Patient.model_json_schema(mode=mode)["properties"]
    assert {"birthDate", "_birthDate", "resourceType"} <= set(properties)
    assert "birth_date" not in properties
    assert properties["birthDate"]["type"] == "string"
    assert properties["gender"]["enum"] == ["male", "female", "other", "unknown"]
    assert properties["resourceType"]["const"] == "Patient"
    assert Observation.model_json_schema(mode=mode)["required"] == ["code"]
    assert {"class"} <= set(Coverage.model_json_schema(mode=mode)["properties"])


@pytest.mark.parametrize("mode", MODES)
def test_schemas_of_models_of_others_hold_ours(
    mode: Literal["validation", "serialization"],
) -> None:
    schema = Visit.model_json_schema(mode=mode)
    assert "birthDate" in json.dumps(schema["properties"]["patient"]) + json.dumps(schema)
    assert TypeAdapter(list[Patient]).json_schema(mode=mode)["type"] == "array"
    assert TypeAdapter(dict[str, HumanName]).json_schema(mode=mode)["type"] == "object"


def test_models_live_within_models_of_others() -> None:
    data: dict[str, Any] = {
        "patient": {"resourceType": "Patient", "birthDate": "1970"},
        "weight": {"value": 1.5},
        "notes": [OBSERVATION],
    }
    visit = Visit.model_validate(data)
    assert type(visit.notes[0]) is Observation
    assert visit.patient.birth_date == "1970"
    assert visit.model_dump(mode="json", by_alias=True) == data
    assert json.loads(visit.model_dump_json(by_alias=True)) == data
    assert Visit.model_validate_json(json.dumps(data)) == visit
    assert Visit(patient=visit.patient).patient is visit.patient


def test_models_within_models_of_others_are_checked() -> None:
    data = {"patient": {"birthDate": "1970-13", "maritalStatus": {"txt": "a"}}}
    for call, given in (
        (Visit.model_validate, data),
        (Visit.model_validate_json, json.dumps(data)),
    ):
        assert set(problems(call, given)) == {"patient.birthDate", "patient.maritalStatus.txt"}


def test_type_adapters_read_and_write_models() -> None:
    adapter = TypeAdapter(list[Patient])
    patients = adapter.validate_python([{"resourceType": "Patient", "birthDate": "1970"}])
    assert [type(patient) for patient in patients] == [Patient]
    text = adapter.dump_json(patients, by_alias=True)
    assert text == b'[{"resourceType":"Patient","birthDate":"1970"}]'
    assert adapter.validate_json(text) == patients


def test_resources_are_found_in_a_type_adapter() -> None:
    entry = {"resource": OBSERVATION}
    data = {"resourceType": "Bundle", "type": "batch", "entry": [entry]}
    bundle = TypeAdapter(Bundle).validate_json(json.dumps(data))
    assert bundle.entry
    assert type(bundle.entry[0].resource) is Observation


def test_the_resource_type_tells_the_members_of_a_union_apart() -> None:
    for name, data in (("Patient", {"resourceType": "Patient"}), ("Observation", OBSERVATION)):
        found = Found.model_validate({"resource": data})
        assert found == Found.model_validate_json(json.dumps({"resource": data}))
        assert type(found.resource) is getattr(pymedplum.fhir, name)
        assert Found(resource=found.resource).resource is found.resource
    assert problems(Found.model_validate, {"resource": {"resourceType": "Person"}})
    assert Found.model_json_schema()["properties"]["resource"]["discriminator"]


def test_plain_unions_take_the_member_that_fits() -> None:
    adapter: TypeAdapter[Patient | Observation] = TypeAdapter(Patient | Observation)
    assert type(adapter.validate_python(OBSERVATION)) is Observation
    assert type(adapter.validate_python({"resourceType": "Patient"})) is Patient
