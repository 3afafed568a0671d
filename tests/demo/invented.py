"""The patients of the demo: all invented."""

from typing import Any

from pymedplum.fhir import Observation, Patient

SYSTEM = "https://example.com/invented"
PEOPLE = [f"Invented{number}" for number in range(1, 8)]

BATCH: list[dict[str, Any]] = [
    {"request": {"method": "GET", "url": "Patient?_summary=count"}},
    {
        "request": {"method": "POST", "url": "Patient"},
        "resource": {"resourceType": "Patient", "name": [{"family": "Invented-Batch"}]},
    },
    {"request": {"method": "GET", "url": "Patient/no-such-id"}},
]
LETTER = b"An invented letter.\n" * 1000
GRAPHQL = "query One($id: ID!) { Patient(id: $id) { id name { family } } }"


def invented_patient(family: str) -> Patient:
    return Patient(
        meta={"tag": [{"system": SYSTEM, "code": "demo"}]},
        active=True,
        name=[{"given": ["Ada"], "family": family}],
    )


def weight_of(reference: str) -> Observation:
    return Observation(
        status="final",
        code={"text": "weight"},
        subject={"reference": reference},
        value_quantity={"value": 71.50, "unit": "kg"},
    )
