"""The ready views: several codings, components, units, and times with and without zones."""

import json
from datetime import datetime, timezone
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from codegen.download import fetch_package
from codegen.sources import read_sources
from pymedplum_runtime.errors import ViewError
from pymedplum_runtime.tables.plan import Opaque, Rows
from pymedplum_runtime.tables.ready.views import ready
from pymedplum_runtime.tables.views.view import View

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
NAMES = sorted(
    name for name, made in vars(type(ready)).items() if isinstance(made, cached_property)
)


def _quantity(value: str, code: str, unit: str | None = None) -> dict[str, Any]:
    return {"value": Decimal(value), "unit": unit or code, "system": UCUM, "code": code}


BLOOD_PRESSURE: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "bp",
    "status": "final",
    "code": {"coding": [{"system": LOINC, "code": "85354-9"}]},
    "subject": {"reference": "Patient/ada"},
    "effectiveDateTime": "2024-05-01T09:30:00+02:00",
    "component": [
        {
            "code": {
                "coding": [
                    {"system": SNOMED, "code": "271649006", "display": "Systolic"},
                    {"system": LOINC, "code": "8480-6", "display": "Systolic blood pressure"},
                ],
                "text": "Upper",
            },
            "valueQuantity": _quantity("120.50", "mm[Hg]", "mmHg"),
        },
        {
            "code": {"coding": [{"system": LOINC, "code": "8462-4"}]},
            "valueQuantity": _quantity("80", "mm[Hg]", "mmHg"),
        },
        {
            "code": {"text": "Cuff"},
            "valueCodeableConcept": {
                "coding": [{"system": SNOMED, "code": "1"}, {"system": "urn:own", "code": "L"}],
                "text": "large",
            },
        },
    ],
}


def _rows(view: View, *resources: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = view.to_arrow(resources, **options).to_pylist()
    return found


def _columns(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


@pytest.mark.parametrize("name", NAMES)
def test_a_ready_view_is_a_definition_like_any_other(name: str) -> None:
    view: View = getattr(ready, name)
    definition = view.to_definition()
    assert definition["name"] == name
    assert definition["description"]
    assert View.from_definition(json.dumps(definition)).columns == view.columns


@pytest.mark.parametrize("name", NAMES)
def test_a_ready_view_can_be_said_in_sql(name: str) -> None:
    plan = getattr(ready, name).plan

    def paths(rows: tuple[Rows, ...]) -> list[Any]:
        found: list[Any] = []
        for select in rows:
            found += [cell.value for cell in select.cells]
            found += [select.each.value] if select.each else []
            found += [*paths(select.nested), *paths(select.union)]
        return found

    everything = [*paths(plan.rows), *(path.value for path in plan.where)]
    assert len(everything) >= len(plan.columns)
    assert not any(isinstance(value, Opaque) for value in everything)


@pytest.fixture(scope="module")
def examples() -> list[dict[str, Any]]:
    """HL7's R4 examples of the types that ready views are about."""
    types = {getattr(ready, name).resource for name in NAMES}
    folder = fetch_package(read_sources().releases["r4"].examples)
    paths = [path for kind in sorted(types) for path in folder.glob(f"{kind}-*.json")]
    return [json.loads(path.read_bytes()) for path in paths]


@pytest.mark.parametrize("name", NAMES)
def test_a_ready_view_takes_what_hl7_publishes(name: str, examples: list[dict[str, Any]]) -> None:
    view: View = getattr(ready, name)
    rows = _rows(view, *examples, decimals="text")  # one example has numbers like 1.0E-245
    key = next(column for column in view.columns if column.path == "getResourceKey()").name
    ids = {each["id"] for each in examples if each["resourceType"] == view.resource}
    assert rows
    assert {row[key] for row in rows} <= ids
    if "coding_index" in rows[0]:
        assert {row[key] for row in rows} == {row[key] for row in rows if row["coding_index"] == 0}


def test_observations_have_a_row_for_each_value_and_coding() -> None:
    rows = _rows(ready.observations, BLOOD_PRESSURE)
    names = ("is_component", "component_index", "coding_index", "code_system", "code", "value")
    assert _columns(rows, *names) == [
        (False, 0, 0, LOINC, "85354-9", None),
        (True, 0, 0, SNOMED, "271649006", Decimal("120.5")),
        (True, 0, 1, LOINC, "8480-6", Decimal("120.5")),
        (True, 1, 0, LOINC, "8462-4", Decimal(80)),
        (True, 2, 0, None, None, None),
    ]
    assert _columns(rows[1:2], "value_unit", "value_unit_system", "value_unit_code") == [
        ("mmHg", UCUM, "mm[Hg]")
    ]
    assert rows[4]["code_text"] == "Cuff"
    assert rows[4]["value_concept_text"] == "large"
    assert [json.loads(each) for each in rows[4]["value_codings"]] == [
        {"system": SNOMED, "code": "1"},
        {"system": "urn:own", "code": "L"},
    ]


@pytest.mark.parametrize(
    ("member", "value", "column", "expected"),
    [
        ("valueInteger", 7, "value_integer", 7),
        ("valueBoolean", False, "value_boolean", False),
        ("valueString", "clear", "value_string", "clear"),
        ("valueTime", "09:30:00", "value_time", "09:30:00"),
        ("valueDateTime", "2024", "value_date_time_precision", "year"),
        ("valuePeriod", {"start": "2024"}, "value_start_precision", "year"),
        ("valueRange", {"low": {"value": 1}}, "value_low", 1),
        ("valueRange", {"high": {"code": "kg"}}, "value_high_unit_code", "kg"),
        ("valueRatio", {"numerator": {"value": 1}}, "value_numerator", 1),
        ("valueRatio", {"denominator": {"value": 128}}, "value_denominator", 128),
        ("valueSampledData", {"dimensions": 1, "data": "1 2 E"}, "value_samples", "1 2 E"),
    ],
)
def test_observations_have_values_of_every_type(
    member: str, value: Any, column: str, expected: Any
) -> None:
    observation = {"resourceType": "Observation", "id": "o", member: value}
    (row,) = _rows(ready.observations, observation)
    assert row[column] == expected
    assert row["value"] is None


def test_an_observation_says_why_it_has_no_value() -> None:
    absent = {"coding": [{"code": "unknown"}]}
    observation = {"resourceType": "Observation", "id": "o", "dataAbsentReason": absent}
    (row,) = _rows(ready.observations, observation)
    assert row["absent_reason_codings"] == ['{"code":"unknown"}']


def test_times_are_instants_where_they_name_a_zone_or_there_is_a_default() -> None:
    local: dict[str, Any] = {"resourceType": "Observation", "id": "o"}
    local["effectivePeriod"] = {"start": "2024-05-01T09:30:00", "end": "2024-06"}
    names = ("effective_utc", "effective_start_utc", "effective_end_precision", "effective_end")
    assert _columns(_rows(ready.observations, BLOOD_PRESSURE)[:1], *names) == [
        (datetime(2024, 5, 1, 7, 30, tzinfo=timezone.utc), None, None, None)
    ]
    assert _columns(_rows(ready.observations, local), *names) == [(None, None, "month", "2024-06")]
    berlin = _rows(ready.observations, local, default_zone=ZoneInfo("Europe/Berlin"))
    assert _columns(berlin, *names) == [
        (None, datetime(2024, 5, 1, 7, 30, tzinfo=timezone.utc), "month", "2024-06")
    ]


@pytest.mark.parametrize("reference", ["Group/all", "#ada", "urn:uuid:9b1c", "Patient?name=x"])
def test_a_subject_that_is_no_patient_by_its_reference_is_there_as_it_stands(
    reference: str,
) -> None:
    observation = BLOOD_PRESSURE | {"subject": {"reference": reference}}
    (row,) = _rows(ready.blood_pressures, observation)
    assert (row["patient_id"], row["subject"]) == (None, reference)


def test_the_times_of_a_timing_are_a_list() -> None:
    timing = {"event": ["2024-05-01", "2024-05-02"]}
    (row,) = _rows(
        ready.observations, {"resourceType": "Observation", "id": "o", "effectiveTiming": timing}
    )
    assert (row["effective"], row["effective_events"]) == (None, timing["event"])


def test_components_alone_are_a_view_too() -> None:
    rows = _rows(ready.observation_components, BLOOD_PRESSURE)
    assert _columns(rows, "component_index", "code") == [
        (0, "271649006"),
        (0, "8480-6"),
        (1, "8462-4"),
        (2, None),
    ]


def test_a_blood_pressure_has_both_numbers_in_one_row() -> None:
    other = {"resourceType": "Observation", "id": "o", "component": BLOOD_PRESSURE["component"][2:]}
    rows = _rows(ready.blood_pressures, other, BLOOD_PRESSURE)
    names = ("id", "patient_id", "systolic", "systolic_unit_code", "diastolic")
    assert _columns(rows, *names) == [("bp", "ada", Decimal("120.5"), "mm[Hg]", 80)]


def test_a_blood_pressure_with_two_systolic_components_is_an_error() -> None:
    twice = BLOOD_PRESSURE | {"component": BLOOD_PRESSURE["component"] * 2}
    with pytest.raises(ViewError):
        _rows(ready.blood_pressures, twice)


def test_patients_are_without_what_names_them() -> None:
    patient: dict[str, Any] = {
        "resourceType": "Patient",
        "id": "ada",
        "gender": "female",
        "birthDate": "1815-12",
        "deceasedDateTime": "1852-11-27",
        "name": [{"use": "maiden", "family": "Byron"}, {"family": "Lovelace", "given": ["A", "K"]}],
        "identifier": [{"system": "urn:mrn", "value": "42", "type": {"coding": [{"code": "MR"}]}}],
        "address": [{"use": "home", "line": ["1 Street", "2nd floor"], "city": "London"}],
    }
    (row,) = _rows(ready.patients, patient)
    assert (row["id"], row["gender"], row["birth_date"]) == ("ada", "female", "1815-12")
    assert (row["birth_date_precision"], row["deceased_at_precision"]) == ("month", "day")
    assert "Lovelace" not in repr(row)
    assert _columns(_rows(ready.patient_names, patient), "name_index", "family", "given") == [
        (0, "Byron", []),
        (1, "Lovelace", ["A", "K"]),
    ]
    assert _columns(_rows(ready.patient_identifiers, patient), "system", "type_codings") == [
        ("urn:mrn", ['{"code":"MR"}'])
    ]
    assert _rows(ready.patient_addresses, patient)[0]["line"] == ["1 Street", "2nd floor"]


def test_conditions_have_their_statuses_and_every_coding() -> None:
    status = {"coding": [{"system": "urn:own", "code": "A"}]}
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    status["coding"].append({"system": system, "code": "active"})
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "clinicalStatus": status,
        "subject": {"reference": "Patient/ada"},
        "onsetAge": {"value": 30, "code": "a"},
        "code": {"coding": [{"system": SNOMED, "code": "38341003"}, {"code": "I10"}]},
    }
    names = ("patient_id", "clinical_status", "onset_age", "coding_index", "code_system", "code")
    assert _columns(_rows(ready.conditions, condition), *names) == [
        ("ada", "active", 30, 0, SNOMED, "38341003"),
        ("ada", "active", 30, 1, None, "I10"),
    ]


def test_medications_are_concepts_or_references() -> None:
    request = {"resourceType": "MedicationRequest", "id": "m", "status": "active"}
    coding = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1049502"}
    rows = _rows(
        ready.medications,
        request | {"medicationCodeableConcept": {"coding": [coding], "text": "Oxycodone"}},
        request | {"medicationReference": {"reference": "Medication/oxy"}},
    )
    assert _columns(rows, "medication_id", "code", "code_text", "coding_index") == [
        (None, "1049502", "Oxycodone", 0),
        ("oxy", None, None, 0),
    ]
    contained = request | {"medicationReference": {"reference": "#oxy"}}
    rows = _rows(ready.medications, contained)
    assert _columns(rows, "medication_id", "medication_reference") == [(None, "#oxy")]
    doses = [{"doseQuantity": {"value": Decimal("0.5"), "code": "mg"}}, {"rateRatio": {}}]
    timing = {"repeat": {"frequency": 2, "timeOfDay": ["08:00:00"]}, "code": {"text": "BID"}}
    instruction = {"text": "Half a pill", "timing": timing}
    dosages = [instruction | {"doseAndRate": doses}, {"text": "Then stop"}]
    rows = _rows(ready.medication_dosages, request | {"dosageInstruction": dosages})
    assert _columns(rows, "dosage_index", "text", "frequency", "dose", "dose_unit_code") == [
        (0, "Half a pill", 2, Decimal("0.5"), "mg"),
        (0, "Half a pill", 2, None, None),
        (1, "Then stop", None, None, None),
    ]
    assert _columns(rows[1:], "timing_text", "times_of_day") == [("BID", ["08:00:00"]), (None, [])]
    product = {"resourceType": "Medication", "id": "oxy", "code": {"coding": [coding]}}
    assert _columns(_rows(ready.medication_products, product), "medication_id", "code") == [
        ("oxy", "1049502")
    ]


def test_claims_have_exact_totals_items_and_diagnoses() -> None:
    amount = {"value": Decimal("135.57"), "currency": "EUR"}
    claim = {
        "resourceType": "Claim",
        "id": "c",
        "patient": {"reference": "Patient/ada"},
        "total": amount,
        "item": [
            {"sequence": 1, "net": amount, "productOrService": {"coding": [{"code": "1200"}]}},
            {"sequence": 2, "servicedDate": "2024-05-01"},
        ],
        "diagnosis": [
            {"sequence": 1, "diagnosisReference": {"reference": "Condition/c"}},
            {"sequence": 2, "diagnosisCodeableConcept": {"coding": [{"code": "I10"}]}},
        ],
    }
    (row,) = _rows(ready.claims, claim)
    assert (row["patient_id"], row["total"], row["total_currency"]) == (
        "ada",
        Decimal("135.57"),
        "EUR",
    )
    assert _columns(_rows(ready.claim_items, claim), "sequence", "code", "net", "serviced") == [
        (1, "1200", Decimal("135.57"), None),
        (2, None, None, "2024-05-01"),
    ]
    names = ("sequence", "condition_id", "code")
    assert _columns(_rows(ready.claim_diagnoses, claim), *names) == [
        (1, "c", None),
        (2, None, "I10"),
    ]
