from collections.abc import Callable
from typing import Any

import pytest

from pymedplum_runtime.helpers import get_parameter, get_parameter_resource, parameters_to_dict

Make = Callable[[str, dict[str, Any]], Any]

PATIENT = {"resourceType": "Patient", "id": "1"}
PARAMETERS = {
    "resourceType": "Parameters",
    "parameter": [
        {"name": "result", "valueBoolean": False},
        {"name": "concept", "valueCoding": {"code": "a"}},
        {"name": "return", "valueString": "not a resource"},
        {"name": "return", "resource": PATIENT},
        {
            "name": "match",
            "part": [
                {"name": "score", "valueInteger": 1},
                {"name": "inner", "part": [{"name": "deep", "valueCode": "d"}]},
            ],
        },
    ],
}


def test_parameters_become_a_dict(make: Make) -> None:
    assert parameters_to_dict(make("Parameters", PARAMETERS)) == {
        "result": False,
        "concept": {"code": "a"},
        "return": ["not a resource", PATIENT],
        "match": {"score": 1, "inner": {"deep": "d"}},
    }


def test_the_first_parameter_of_a_name_is_found(make: Make) -> None:
    parameters = make("Parameters", PARAMETERS)
    assert get_parameter(parameters, "result") is False
    assert get_parameter(parameters, "return") == "not a resource"
    assert get_parameter(parameters, "match") == {"score": 1, "inner": {"deep": "d"}}
    assert get_parameter(parameters, "absent") is None


def test_the_first_resource_of_a_name_is_found(make: Make) -> None:
    parameters = make("Parameters", PARAMETERS)
    assert get_parameter_resource(parameters, "return") == PATIENT
    assert get_parameter_resource(parameters, "result") is None
    assert get_parameter_resource(parameters, "absent") is None


def test_parameters_without_entries_are_empty(make: Make) -> None:
    parameters = make("Parameters", {"resourceType": "Parameters"})
    assert parameters_to_dict(parameters) == {}
    assert get_parameter(parameters, "x") is None
    assert get_parameter_resource(parameters, "x") is None


def test_another_resource_is_refused_without_being_quoted(make: Make) -> None:
    with pytest.raises(ValueError, match=r"^expected a Parameters resource") as refusal:
        parameters_to_dict(make("Patient", PATIENT))
    assert "Patient" not in str(refusal.value)


def test_malformed_entries_are_skipped() -> None:
    entries = [None, "x", {"valueString": "no name"}, {"name": "empty"}]
    parameters = {"resourceType": "Parameters", "parameter": entries}
    assert parameters_to_dict(parameters) == {"empty": None}


def test_a_value_that_is_no_choice_is_no_value() -> None:
    entry = {"name": "x", "valueless": 1, "_valueString": {"id": "a"}}
    assert get_parameter({"resourceType": "Parameters", "parameter": [entry]}, "x") is None
