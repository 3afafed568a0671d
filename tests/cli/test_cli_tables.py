"""What a table shows of a resource."""

from decimal import Decimal
from typing import Any

import pytest

from pymedplum_runtime.cli.tables import cell, columns_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        (True, "true"),
        (Decimal("7.40"), "7.40"),
        (["a", "b"], "a, b"),
        ([{"given": ["Ann", "Bea"], "family": "Smith"}], "Ann Bea Smith"),
        ({"text": "Ann Smith", "family": "Smith"}, "Ann Smith"),
        ({"coding": [{"code": "8867-4", "display": "Heart rate"}]}, "Heart rate"),
        ({"coding": [{"code": "8867-4"}]}, "8867-4"),
        ({"reference": "Patient/1"}, "Patient/1"),
        ({"reference": "Patient/1", "display": "Ann"}, "Ann"),
        ({"system": "urn:mrn", "value": "123"}, "123"),
        ({"value": Decimal("7.40"), "unit": "mmol/L", "code": "x"}, "7.40 mmol/L"),
        ({"start": "2024-01-01"}, "2024-01-01/"),
        ({"other": [1]}, '{"other":[1]}'),
        (None, ""),
        ({}, "{}"),
    ],
)
def test_an_element_is_shown_by_what_tells_most(value: object, text: str) -> None:
    assert cell({"element": value}, "element") == text


def test_a_path_goes_through_lists() -> None:
    resource = {"name": [{"given": ["A"]}, {"given": ["B", "C"]}, "odd"]}

    assert cell(resource, "name.given") == "A, B, C"


def test_columns_follow_what_the_resources_have() -> None:
    patient: dict[str, Any] = {"resourceType": "Patient", "id": "1", "gender": "female"}
    observation: dict[str, Any] = {"resourceType": "Observation", "id": "2", "status": "final"}

    assert columns_of([patient]) == ["id", "gender"]
    assert columns_of([patient, observation]) == ["resourceType", "id", "status", "gender"]
    assert columns_of([]) == ["id"]
