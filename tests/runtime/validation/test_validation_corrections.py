"""What the corrected rules of R4 accept, and what they still refuse."""

from typing import Any

import pytest
from made_resources import ada, found

from pymedplum_runtime.validation import validate

VITAL_SIGNS = "http://hl7.org/fhir/StructureDefinition/vitalsigns"


def broken(resource: dict[str, Any], **options: Any) -> set[str]:
    return {rule for _, rule in found(validate(resource, **options))}


@pytest.mark.parametrize(
    ("start", "end", "is_kept"),
    [
        ("2024", "2024-05", True),
        ("2024-05", "2024", True),
        ("2024-05-01", "2024-05-01T10:00:00Z", True),
        ("2024-05-01", "2024-04", False),
        ("2024", "2023-12-31T23:59:59Z", False),
        ("2024-05-01", "2024-05-01", True),
    ],
)
def test_periods_of_dates_with_different_precision_are_in_order(
    start: str, end: str, is_kept: object
) -> None:
    patient = ada(name=[{"family": "x", "period": {"start": start, "end": end}}])

    assert ("per-1" not in broken(patient)) == is_kept


def ucum(value: int, code: str) -> dict[str, Any]:
    return {"value": value, "system": "http://unitsofmeasure.org", "code": code}


@pytest.mark.parametrize(
    ("low", "high", "is_kept"),
    [
        (ucum(1, "mg"), ucum(2, "mg"), True),
        (ucum(3, "mg"), ucum(2, "mg"), False),
        (ucum(3, "mg"), ucum(2, "cm"), True),
        (ucum(3, "mg"), {"unit": "mg"}, True),
        (ucum(3, "mg"), None, True),
    ],
)
def test_ranges_of_quantities_that_cannot_be_compared_are_in_order(
    low: Any, high: Any, is_kept: object
) -> None:
    limits = {"low": low} | ({} if high is None else {"high": high})
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "valueRange": limits,
    }
    assert ("rng-2" not in broken(observation)) == is_kept


@pytest.mark.parametrize(
    ("effective", "is_kept"),
    [
        ({"effectivePeriod": {"start": "2026-03-01"}}, True),
        ({"effectiveDateTime": "2026-03-01"}, True),
        ({"effectiveDateTime": "2026-03"}, False),
        ({"_effectiveDateTime": {"extension": [{"url": "http://a", "valueCode": "b"}]}}, True),
    ],
)
def test_only_the_dates_of_vital_signs_have_a_day(effective: Any, is_kept: object) -> None:
    observation = {"resourceType": "Observation", "status": "final", **effective}
    rules = broken(observation, profile=VITAL_SIGNS)

    assert ("vs-1 (vitalsigns)" not in rules) == is_kept


@pytest.mark.parametrize(
    ("members", "is_kept"), [({}, True), ({"name": "Good"}, True), ({"name": "not good"}, False)]
)
def test_a_missing_name_is_no_bad_name(members: dict[str, str], is_kept: object) -> None:
    library = {"resourceType": "Library", "status": "draft", "type": {"text": "x"}, **members}

    assert ("lib-0" not in broken(library)) == is_kept
