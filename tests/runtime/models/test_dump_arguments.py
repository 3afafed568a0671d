"""Property 1: the dumps take Pydantic's arguments."""

import json
from typing import Any

import pytest
from pydantic_core import to_json, to_jsonable_python

from pymedplum.fhir import Observation, Patient, Quantity

DATA: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "a",
    "name": [{"family": "Zoë", "given": ["B"]}, {"family": "C"}],
    "birthDate": "1970",
}


@pytest.fixture(name="patient")
def _patient() -> Patient:
    return Patient.model_validate(DATA)


def test_text_is_compact_unless_asked(patient: Patient) -> None:
    assert patient.model_dump_json() == json.dumps(DATA, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize("width", [0, 1, 2, 4])
def test_indent_spreads_the_text(patient: Patient, width: int) -> None:
    text = patient.model_dump_json(indent=width)
    assert json.loads(text) == DATA
    if width:
        assert text == json.dumps(DATA, ensure_ascii=False, indent=width)


def test_indented_decimals_keep_their_text() -> None:
    quantity = Quantity.model_validate_json('{"value":1e-7}')
    assert quantity.model_dump_json(indent=2) == '{\n  "value": 1e-7\n}'


@pytest.mark.parametrize("letter", ["ë", "\U0001f600", "\u2028", "\x7f"])
def test_ensure_ascii_escapes_what_is_beyond(letter: str) -> None:
    text = Patient(name=[{"text": f"a{letter}"}]).model_dump_json(ensure_ascii=True)
    assert text.isascii()
    assert json.loads(text)["name"] == [{"text": f"a{letter}"}]


def test_by_alias_false_gives_the_spelling_of_python(patient: Patient) -> None:
    plain = {"resource_type": "Patient", "id": "a", "name": DATA["name"], "birth_date": "1970"}
    assert patient.model_dump(by_alias=False) == plain
    assert json.loads(patient.model_dump_json(by_alias=False)) == plain


def test_by_alias_true_gives_the_spelling_of_fhir(patient: Patient) -> None:
    assert patient.model_dump(by_alias=True) == DATA
    assert json.loads(patient.model_dump_json(by_alias=True)) == DATA


def test_exclude_leaves_out(patient: Patient) -> None:
    rest = {"resourceType": "Patient", "id": "a", "birthDate": "1970"}
    assert patient.model_dump(exclude={"name"}) == rest
    assert json.loads(patient.model_dump_json(exclude={"name"})) == rest


def test_exclude_reaches_into_lists(patient: Patient) -> None:
    dumped = patient.model_dump(exclude={"name": {0: {"family"}}})
    assert dumped["name"] == [{"given": ["B"]}, {"family": "C"}]
    dumped = patient.model_dump(exclude={"name": {"__all__": {"family"}}})
    assert dumped["name"] == [{"given": ["B"]}, {}]


def test_include_picks(patient: Patient) -> None:
    picked = {"resourceType": "Patient", "birthDate": "1970"}
    assert patient.model_dump(include={"resource_type", "birth_date"}) == picked
    text = patient.model_dump_json(include={"resource_type", "birth_date"})
    assert json.loads(text) == picked


def test_absent_properties_are_never_nulls(patient: Patient) -> None:
    assert patient.model_dump(exclude_none=False) == DATA
    assert json.loads(patient.model_dump_json(exclude_none=False)) == DATA


@pytest.mark.parametrize("argument", ["exclude_unset", "round_trip", "serialize_as_any"])
def test_a_dump_of_what_was_read_is_complete(patient: Patient, argument: str) -> None:
    arguments: dict[str, Any] = {argument: True}
    assert patient.model_dump(**arguments) == DATA


def test_pydantics_own_functions_write_models(patient: Patient) -> None:
    assert json.loads(to_json(patient, by_alias=True)) == DATA
    assert to_jsonable_python(patient, by_alias=True) == DATA


def test_a_value_assigned_later_is_written() -> None:
    observation = Observation(status="final", code={"text": "a"}, value_string="b")
    observation.value_string = "c"
    assert observation.model_dump() == {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "a"},
        "valueString": "c",
    }


def test_a_dump_shares_no_list_with_the_model(patient: Patient) -> None:
    patient.model_dump()["name"].clear()
    assert patient.model_dump() == DATA


@pytest.mark.parametrize("arguments", [{"warnings": False}, {"context": {}}, {"fallback": str}])
def test_other_arguments_of_pydantic_are_taken(patient: Patient, arguments: dict[str, Any]) -> None:
    assert json.loads(patient.model_dump_json(**arguments)) == DATA
    assert patient.model_dump(**arguments) == DATA
