"""Observations as a DataFrame: right about codings, components, units and time zones."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from pymedplum_runtime.errors import ViewError
from pymedplum_runtime.tables.ready.frames import observations_to_dataframe

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"

WEIGHT: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "weight",
    "status": "final",
    "subject": {"reference": "Patient/ada"},
    "code": {
        "coding": [
            {"system": SNOMED, "code": "27113001", "display": "Body weight (SNOMED)"},
            {"system": LOINC, "code": "29463-7", "display": "Body weight"},
            {"system": "urn:own", "code": "W"},
        ]
    },
    "effectiveDateTime": "2024-05-01T09:30:00+02:00",
    "valueQuantity": {"value": Decimal("70.10"), "unit": "kg", "system": UCUM, "code": "kg"},
}
PANEL: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "bp",
    "status": "entered-in-error",
    "subject": {"reference": "Group/all"},
    "code": {"coding": [{"system": LOINC, "code": "85354-9"}]},
    "effectivePeriod": {"start": "2024-05-01T09:30:00", "end": "2024-05-01T09:35:00Z"},
    "component": [
        {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": value, "comparator": "<", "unit": "mmHg"},
        }
        for code, value in (("8480-6", 120), ("8462-4", 80))
    ],
}


def _bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


def _observation(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": "o", "status": "final", **members}


def _cells(frame: pd.DataFrame, *names: str) -> list[tuple[Any, ...]]:
    rows = frame[list(names)].astype(object).itertuples(index=False)
    return [
        tuple(None if each is pd.NA or each is pd.NaT else each for each in row) for row in rows
    ]


def test_the_code_is_that_of_the_system_wherever_it_stands() -> None:
    frame = observations_to_dataframe(_bundle(WEIGHT))
    names = ("patient_id", "status", "code_system", "code", "display", "value", "unit")
    assert _cells(frame, *names) == [
        ("ada", "final", LOINC, "29463-7", "Body weight", Decimal("70.1"), "kg")
    ]
    own = observations_to_dataframe(_bundle(WEIGHT), system="urn:own")
    assert _cells(own, "code", "display") == [("W", None)]


def test_a_value_without_a_code_of_the_system_has_a_row_all_the_same() -> None:
    frame = observations_to_dataframe([_observation(code={"text": "Mood"}, valueString="good")])
    assert _cells(frame, "code", "display", "value", "value_text") == [(None, "Mood", None, "good")]


def test_a_value_without_a_code_of_the_system_keeps_the_codes_that_it_has() -> None:
    codings = [{"system": "urn:own", "code": "W"}, {"system": SNOMED, "code": "27113001"}]
    frame = observations_to_dataframe([_observation(code={"coding": codings}, valueInteger=70)])
    assert _cells(frame, "code_system", "code") == [("urn:own", "W"), (SNOMED, "27113001")]


def test_a_code_that_stands_twice_among_the_codings_counts_once() -> None:
    weight = {"system": LOINC, "code": "29463-7"}
    codings = [weight, {"system": SNOMED, "code": "27113001"}, {**weight, "display": "Weight"}]
    source = [_observation(code={"coding": codings}, valueInteger=70)] * 2
    assert _cells(observations_to_dataframe(source), "code", "value") == [("29463-7", 70)] * 2
    uncoded = [{"display": "this"}, {"display": "that"}]
    frame = observations_to_dataframe([_observation(code={"coding": uncoded}, valueInteger=70)])
    assert _cells(frame, "display") == [("this",), ("that",)]


def test_the_subject_is_there_whatever_it_is() -> None:
    subjects = ["Group/all", "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "#ada"]
    source = [_observation(subject={"reference": each}, valueInteger=1) for each in subjects]
    frame = observations_to_dataframe([*source, WEIGHT])
    assert list(frame["subject"]) == [*subjects, "Patient/ada"]
    assert list(frame["patient_id"].isna()) == [True, True, True, False]


def test_components_have_rows_and_their_panel_none() -> None:
    frame = observations_to_dataframe([PANEL])
    names = ("observation_id", "is_component", "code", "value", "comparator", "patient_id")
    assert _cells(frame, *names) == [
        ("bp", True, "8480-6", 120, "<", None),
        ("bp", True, "8462-4", 80, "<", None),
    ]


@pytest.mark.parametrize(
    "member", [{"valueInteger": 5}, {"dataAbsentReason": {"coding": [{"code": "unknown"}]}}]
)
def test_an_observation_with_components_and_a_value_has_rows_for_both(
    member: dict[str, Any],
) -> None:
    frame = observations_to_dataframe([PANEL | member])
    assert _cells(frame, "code") == [("85354-9",), ("8480-6",), ("8462-4",)]


def test_codes_choose_rows_and_may_name_their_system() -> None:
    source = [WEIGHT, PANEL]
    assert _cells(observations_to_dataframe(source, codes="8480-6"), "value") == [(120,)]
    frame = observations_to_dataframe(source, codes=[f"{SNOMED}|27113001", "8462-4", "27113001"])
    assert _cells(frame, "code_system", "code") == [(SNOMED, "27113001"), (LOINC, "8462-4")]
    many = [f"c{number}" for number in range(2000)]
    assert len(observations_to_dataframe(source, codes=[*many, "8462-4"])) == 1


def test_a_code_of_two_systems_is_not_mixed_up() -> None:
    coding = [{"system": LOINC, "code": "A"}, {"system": SNOMED, "code": "B"}]
    both = _observation(code={"coding": coding}, valueBoolean=True)
    frame = observations_to_dataframe([both], codes=[f"{LOINC}|B", f"{SNOMED}|A"])
    assert len(frame) == 0


@pytest.mark.parametrize("codes", ["", "http://loinc.org|", ["8480-6", ""]])
def test_a_code_that_is_none_is_refused(codes: Any) -> None:
    with pytest.raises(ValueError, match="a code must be"):
        observations_to_dataframe([], codes=codes)


def test_units_are_ucum_codes_only_where_they_say_so() -> None:
    own = {"value": 1, "unit": "tablet", "system": "urn:own", "code": "TAB"}
    frame = observations_to_dataframe([WEIGHT, _observation(valueQuantity=own), PANEL])
    assert _cells(frame, "unit", "unit_code") == [
        ("kg", "kg"),
        ("tablet", None),
        ("mmHg", None),
        ("mmHg", None),
    ]
    shown = observations_to_dataframe([_observation(valueQuantity={"value": 1, "code": "TAB"})])
    assert _cells(shown, "unit") == [("TAB",)]


def test_times_are_instants_and_say_how_precise_they_are() -> None:
    day = _observation(effectiveDateTime="2024-05-01", valueInteger=1)
    names = ("date", "date_end", "date_text", "date_precision")
    frame = observations_to_dataframe([WEIGHT, day, PANEL], codes=[])
    assert _cells(frame, *names)[:3] == [
        (pd.Timestamp("2024-05-01T07:30Z"), None, "2024-05-01T09:30:00+02:00", "second"),
        (None, None, "2024-05-01", "day"),
        (None, pd.Timestamp("2024-05-01T09:35Z"), "2024-05-01T09:30:00", "second"),
    ]
    zoned = observations_to_dataframe([day, PANEL], default_zone=ZoneInfo("America/New_York"))
    assert [text for (text,) in _cells(zoned, "date")] == [
        pd.Timestamp("2024-05-01T04:00Z"),
        pd.Timestamp("2024-05-01T13:30Z"),
        pd.Timestamp("2024-05-01T13:30Z"),
    ]


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        ({"valueInteger": 7}, "value", Decimal(7)),
        ({"valueBoolean": False}, "value_boolean", False),
        ({"valueString": "clear"}, "value_text", "clear"),
        ({"valueCodeableConcept": {"text": "large"}}, "value_text", "large"),
        ({"valueTime": "09:30:00"}, "value_text", "09:30:00"),
        ({"valueRange": {"low": {"value": 1}}}, "value_text", '{"low":{"value":1}}'),
    ],
)
def test_values_of_every_type_are_there(value: dict[str, Any], name: str, expected: Any) -> None:
    frame = observations_to_dataframe([_observation(**value)])
    assert _cells(frame, name) == [(expected,)]


def test_decimals_can_be_text() -> None:
    frame = observations_to_dataframe([WEIGHT, _observation(valueInteger=7)], decimals="text")
    assert _cells(frame, "value") == [("70.10",), ("7",)]


def test_nothing_has_all_columns() -> None:
    frame = observations_to_dataframe([])
    assert len(frame) == 0
    assert frame.dtypes.equals(observations_to_dataframe([WEIGHT]).dtypes)


def test_what_is_wrong_is_an_error_with_its_place() -> None:
    broken = _observation(valueQuantity={"value": "seventy"})
    with pytest.raises(ViewError, match="resource 2") as raised:
        observations_to_dataframe([WEIGHT, broken])
    assert "seventy" not in str(raised.value)
    assert len(observations_to_dataframe([WEIGHT, broken], on_error=lambda _: None)) == 1
