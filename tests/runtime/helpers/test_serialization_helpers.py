import json
from types import MappingProxyType
from typing import Any

import pytest
from pydantic import BaseModel, Field

from pymedplum.fhir import HumanName, Patient, Quantity
from pymedplum_runtime.helpers import get_patient_display_name, to_fhir_json


class Person(BaseModel):
    """A model that is not ours."""

    full_name: list[dict[str, str]] = Field(alias="name")
    nick_name: str | None = Field(default=None, alias="nickName")


def test_a_model_becomes_json_in_the_spelling_of_fhir() -> None:
    patient = Patient(name=[HumanName(given=["John"], family="Doe")], birth_date="1990-01-15")
    assert to_fhir_json(patient) == {
        "resourceType": "Patient",
        "name": [{"given": ["John"], "family": "Doe"}],
        "birthDate": "1990-01-15",
    }


def test_the_json_module_takes_the_result_as_it_is() -> None:
    assert json.dumps(to_fhir_json(Quantity(value=1.5, unit="mg"))) == (
        '{"value": 1.5, "unit": "mg"}'
    )


def test_a_dict_is_returned_as_the_same_object() -> None:
    resource = {"resourceType": "Patient", "extra": None}
    assert to_fhir_json(resource) is resource


def test_another_mapping_becomes_a_dict() -> None:
    assert to_fhir_json(MappingProxyType({"id": "1"})) == {"id": "1"}


def test_any_pydantic_model_is_read_by_its_aliases() -> None:
    person = Person(name=[{"text": "Jo"}])
    assert to_fhir_json(person) == {"name": [{"text": "Jo"}]}
    assert get_patient_display_name(person) == "Jo"


@pytest.mark.parametrize("other", [None, "x", ["x"], Patient])
def test_anything_else_is_refused(other: Any) -> None:
    with pytest.raises(TypeError, match="expected a dict or a model"):
        to_fhir_json(other)
