"""Property 2: `extra="allow"` admits what the SDK does not know yet, and keeps it."""

import json
from copy import deepcopy
from pickle import dumps, loads
from typing import Any

import pytest
from refusals import kinds, problems
from unstubbed import Bundle, HumanName, Observation, Patient, parse_resource

NEW = {"inner": [1, {"deep": True}], "none": None}
PATIENT = {
    "resourceType": "Patient",
    "contained": [{"resourceType": "Practitioner", "new": NEW}],
    "extension": [{"url": "a", "valueQuantity": {"value": 1, "new": NEW}, "new": NEW}],
    "name": [{"family": "a", "_family": {"id": "b", "new": NEW}, "new": NEW}],
    "new": NEW,
}
WITH_NEW: dict[str, dict[str, Any]] = {
    "top": {"resourceType": "Patient", "new": NEW},
    "everywhere": PATIENT,
    "bundle": {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"resource": PATIENT, "search": {"mode": "match", "new": 1}, "new": NEW}],
        "new": NEW,
    },
    "parameters": {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "resource": PATIENT, "new": 1}],
    },
    "null": {"resourceType": "Patient", "new": None},
}


def without_nulls(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: without_nulls(value) for name, value in data.items() if value is not None}
    return [without_nulls(item) for item in data] if isinstance(data, list) else data


@pytest.mark.parametrize("name", WITH_NEW)
def test_unknown_properties_are_refused_unless_asked_for(name: str) -> None:
    data = WITH_NEW[name]
    assert set(kinds(parse_resource, data).values()) == {"extra_forbidden"}
    assert set(kinds(parse_resource, json.dumps(data)).values()) == {"extra_forbidden"}


@pytest.mark.parametrize("name", WITH_NEW)
def test_unknown_properties_are_kept_wherever_they_are(name: str) -> None:
    data = WITH_NEW[name]
    text = json.dumps(data)
    cls = type(parse_resource(data, extra="allow"))
    for model in (
        cls.model_validate(data, extra="allow"),
        cls.model_validate_json(text, extra="allow"),
        parse_resource(text, extra="allow"),
        parse_resource(data, extra="allow"),
    ):
        assert without_nulls(model.model_dump()) == without_nulls(data)
        assert without_nulls(json.loads(model.model_dump_json())) == without_nulls(data)


def test_unknown_decimals_keep_their_text() -> None:
    text = '{"resourceType":"Patient","new":{"a":[1.00,1e-7,-0.0]}}'
    assert Patient.model_validate_json(text, extra="allow").model_dump_json() == text


def test_unknown_properties_survive_assignments_and_copies() -> None:
    patient = Patient.model_validate(PATIENT, extra="allow")
    patient.active = True
    copies = [deepcopy(patient), patient.model_copy(), loads(dumps(patient))]  # noqa: S301 - ours
    for copied in copies:
        assert copied == patient
        assert copied.model_dump()["new"] == NEW
    assert patient != Patient.model_validate({**PATIENT, "active": True, "new": 1}, extra="allow")


def test_known_properties_are_checked_as_ever() -> None:
    data = {"resourceType": "Patient", "new": 1, "active": "yes", "name": [{"family": 1, "a": 2}]}
    assert set(problems(Patient.model_validate, data, extra="allow")) == {"active", "name.0.family"}
    text = json.dumps(data)
    assert set(problems(Patient.model_validate_json, text, extra="allow")) == {
        "active",
        "name.0.family",
    }


def test_an_unknown_property_fills_an_object() -> None:
    assert HumanName.model_validate({"new": 1}, extra="allow").model_dump() == {"new": 1}


def test_a_required_property_is_required_as_ever() -> None:
    data = {"resourceType": "Observation", "status": "final", "new": 1}
    assert kinds(Observation.model_validate, data, extra="allow") == {"code": "missing"}


def test_ignored_properties_are_dropped() -> None:
    bundle = Bundle.model_validate(WITH_NEW["bundle"], extra="ignore")
    assert "new" not in bundle.model_dump_json()
    assert bundle.entry[0].resource.model_dump()["name"][0]["family"] == "a"


def test_forbidding_is_what_happens_anyway() -> None:
    assert kinds(Patient.model_validate, WITH_NEW["top"], extra="forbid") == {
        "new": "extra_forbidden"
    }


def test_a_switch_holds_for_its_call_alone() -> None:
    Patient.model_validate(PATIENT, extra="allow")
    assert "extra_forbidden" in kinds(Patient.model_validate, PATIENT).values()


@pytest.mark.parametrize("spelling", ["birth_date", "_birth_date"])
def test_the_spelling_of_python_is_never_lost(spelling: str) -> None:
    """It is read, kept or refused, whichever, but not silently dropped."""
    value = {"id": "a"} if spelling[0] == "_" else "1970"
    data = {"resourceType": "Patient", spelling: value}
    for call, given in (
        (Patient.model_validate, data),
        (Patient.model_validate_json, json.dumps(data)),
    ):
        try:
            patient = call(given, extra="allow")
        except ValueError:
            continue
        assert value in patient.model_dump().values()


@pytest.mark.parametrize("name", ["model_dump", "model_copy", "copy", "json", "properties_by_name"])
def test_a_property_named_as_a_method_is_kept_and_read_by_its_name(name: str) -> None:
    patient = Patient.model_validate({"resourceType": "Patient", name: 1}, extra="allow")
    assert getattr(patient, name) == 1
    assert Patient.model_dump(patient) == {"resourceType": "Patient", name: 1}
    assert Patient.model_dump_json(patient) == f'{{"resourceType":"Patient","{name}":1}}'


@pytest.mark.parametrize("name", ["__class__", "__dict__", "model_config", "_meta"])
def test_no_property_changes_what_a_model_is(name: str) -> None:
    patient = Patient.model_validate({"resourceType": "Patient", name: 1}, extra="allow")
    assert type(patient) is Patient
    assert patient.model_dump() == {"resourceType": "Patient", name: 1}
