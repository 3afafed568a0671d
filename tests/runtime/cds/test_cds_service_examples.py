"""The requests that the pages of the hooks show, by their shape: unfinished FHIR included."""

import copy
from pathlib import Path
from typing import Any

import fifteen_lines
import pytest
from cds_calls import post

DRAFT_DIET = {
    "resourceType": "NutritionOrder",
    "id": "diet-1",
    "status": "draft",
    "patient": {"reference": "Patient/77"},
    "dateTime": "2026-02-03",
    "orderer": {"reference": "Practitioner/5", "display": "Dr. Example"},
    "oralDiet": {"type": [{"text": "Soft diet"}]},
}
DRAFT_MEDICATION = {
    "resourceType": "MedicationRequest",
    "id": "medication-1",
    "meta": {"lastUpdated": "2026-02-03T10:00:00.500-05:00"},
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {"text": "Some syrup"},
    "subject": {"reference": "Patient/77"},
    # The examples of the specification have an object where R4 has a list, and a member of STU3.
    "dosageInstruction": [
        {"text": "5 mL", "doseAndRate": {"doseQuantity": {"value": 5, "unit": "mL"}}},
        {"text": "5 mL", "doseQuantity": {"value": 5, "unit": "mL"}},
    ],
}
ORDERS = {  # without the type that a Bundle must have, as in the examples
    "resourceType": "Bundle",
    "entry": [{"resource": DRAFT_DIET}, {"resource": DRAFT_MEDICATION}],
}
APPOINTMENT = {
    "resourceType": "Appointment",
    "id": "appointment-1",
    "status": "proposed",
    "serviceType": [{"coding": [{"code": "9", "display": "Some service"}]}],
    "reason": {"coding": {"system": "", "code": "1", "display": "Some reason"}},
    "start": "2026-08-10T09:00:00-06:00",
    "end": "2026-08-10T09:10:00:00-06:00",
    "participant": [
        {"actor": {"reference": "Patient/77"}, "required": "required", "status": "tentative"}
    ],
}
SESSION = {"userId": "PractitionerRole/5", "patientId": "77", "encounterId": "31"}
CONTEXTS: dict[str, dict[str, Any]] = {
    "patient-view": SESSION,
    "order-select": {
        **SESSION,
        "selections": ["NutritionOrder/diet-1", "MedicationRequest/medication-1"],
        "draftOrders": ORDERS,
    },
    "order-sign": {**SESSION, "draftOrders": ORDERS},
    "appointment-book": {**SESSION, "appointments": [APPOINTMENT, APPOINTMENT]},
    "encounter-start": SESSION,
    "encounter-discharge": SESSION,
}


def a_call(hook: str, **members: Any) -> dict[str, Any]:
    return {
        "hookInstance": "8f5c9e6b-7f0e-4e39-9f53-1d2f4a5b6c7d",
        "fhirServer": "http://hooks.example.org:9080",
        "hook": hook,
        "fhirAuthorization": {
            "access_token": "some-opaque-token",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "user/Patient.read user/Observation.read",
            "subject": "cds-service-9",
        },
        "context": copy.deepcopy(CONTEXTS[hook]),
        "prefetch": {
            "patient": {
                "resourceType": "Patient",
                "gender": "female",
                "birthDate": "1931-11-08",
                "id": "77",
                "active": True,
            }
        },
        **members,
    }


def test_the_service_has_fifteen_lines() -> None:
    lines = Path(fifteen_lines.__file__).read_text(encoding="utf-8").splitlines()[1:]

    assert len([line for line in lines if line.strip()]) <= 15


def test_the_first_service_of_the_docs_has_fifteen_lines_too() -> None:
    page = Path(__file__).parents[3] / "docs" / "cds-services.md"
    source = page.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 - our own page

    answer = post(names["services"], a_call("patient-view"), "allergy-reminder")

    assert len([line for line in source.splitlines() if line.strip()]) <= 15
    assert answer.json()["cards"][0]["summary"] == "Ask the patient for allergies"


@pytest.mark.parametrize("hook", CONTEXTS)
def test_every_hook_is_answered(hook: str) -> None:
    answer = post(fifteen_lines.services, a_call(hook))

    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "cards": [
            {
                "summary": f"{hook} of a patient born in 1931",
                "indicator": "info",
                "source": {"label": "Fifteen lines"},
            }
        ]
    }


REQUIRED = [(hook, name) for hook, context in CONTEXTS.items() for name in context]
OPTIONAL = {(hook, "encounterId") for hook in CONTEXTS if not hook.startswith("encounter")}


@pytest.mark.parametrize(("hook", "name"), REQUIRED)
def test_a_context_without_what_its_hook_requires_is_told_by_its_place(
    hook: str, name: str
) -> None:
    body = a_call(hook)
    del body["context"][name]

    answer = post(fifteen_lines.services, body)

    if (hook, name) in OPTIONAL:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 400
        problem = {"path": f"context.{name}", "problem": "Field required"}
        assert answer.json()["problems"] == [problem]


def test_an_extension_is_no_obstacle() -> None:
    body = a_call("patient-view", extension={"com.example.timestamp": "2026-11-27T22:13:25Z"})

    assert post(fifteen_lines.services, body).status_code == 200
