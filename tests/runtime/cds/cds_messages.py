"""Messages of CDS Hooks as they come over the wire, in the shape of the specification's examples.

Draft orders break rules of FHIR as theirs do: no type of the Bundle, no intent, an object where a
list belongs, elements of other versions.
"""

from typing import Any

Json = dict[str, Any]

INSTANCE = "6f1c2d6e-4a0b-4f6e-9c3a-0d9e5a7b1c2d"
PATIENT = {"resourceType": "Patient", "id": "p-1", "gender": "female", "birthDate": "1961-07-09"}
DIET = {
    "resourceType": "NutritionOrder",
    "id": "diet-1",
    "status": "draft",
    "patient": {"reference": "Patient/p-1"},
    "dateTime": "2026-03-01",
    "oralDiet": {"type": [{"text": "Soft food"}]},
}
DRUG: Json = {
    "resourceType": "MedicationRequest",
    "id": "drug-1",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {"text": "Warfarin 5 mg"},
    "subject": {"reference": "Patient/p-1"},
    "dosageInstruction": [
        {"text": "one a day", "doseAndRate": {"doseQuantity": {"value": 5, "unit": "mg"}}}
    ],
}
VISIT = {
    "resourceType": "Appointment",
    "id": "visit-1",
    "status": "proposed",
    "reason": {"coding": {"code": "1023001"}},
    "participant": [{"actor": {"reference": "Patient/p-1"}, "status": "tentative"}],
}
# What is written of it: lists are lists.
DRUG_AS_READ: Json = {
    **DRUG,
    "dosageInstruction": [
        {"text": "one a day", "doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}]}
    ],
}
DRAFTS = {"resourceType": "Bundle", "entry": [{"resource": DIET}, {"resource": DRUG}]}
USER = {"userId": "PractitionerRole/r-1", "patientId": "p-1"}
CONTEXTS: dict[str, Json] = {
    "patient-view": {**USER, "encounterId": "e-1"},
    "order-select": {**USER, "selections": ["MedicationRequest/drug-1"], "draftOrders": DRAFTS},
    "order-sign": {**USER, "encounterId": "e-1", "draftOrders": DRAFTS},
    "appointment-book": {**USER, "appointments": [VISIT, VISIT]},
    "encounter-start": {**USER, "encounterId": "e-1"},
    "encounter-discharge": {**USER, "encounterId": "e-1"},
}
AUTHORIZATION = {
    "access_token": "opaque-text",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/Patient.read",
    "subject": "cds-client-1",
}
CARD: Json = {
    "uuid": "card-1",
    "summary": "Warfarin and aspirin together",
    "detail": "Bleeding is *likelier*.",
    "indicator": "warning",
    "source": {
        "label": "Drug desk",
        "url": "https://drugs.example/guide",
        "icon": "https://drugs.example/100.png",
        "topic": {"system": "https://drugs.example/topics", "code": "ddi", "display": "Drugs"},
    },
    "suggestions": [
        {
            "label": "Leave warfarin out",
            "uuid": "suggestion-1",
            "isRecommended": True,
            "actions": [
                {
                    "type": "delete",
                    "description": "Delete the draft",
                    "resourceId": "MedicationRequest/drug-1",
                }
            ],
        }
    ],
    "selectionBehavior": "at-most-one",
    "overrideReasons": [{"code": "known", "system": "https://x.example", "display": "Known"}],
    "links": [
        {"label": "More", "url": "https://drugs.example/more", "type": "absolute"},
        {
            "label": "Open",
            "url": "https://drugs.example/launch",
            "type": "smart",
            "appContext": '{"a":1}',
        },
    ],
}
RESPONSE: Json = {
    "cards": [CARD],
    "systemActions": [{"type": "update", "resource": {**PATIENT, "...": "and so on"}}],
}
FEEDBACK: Json = {
    "feedback": [
        {
            "card": "card-1",
            "outcome": "accepted",
            "acceptedSuggestions": [{"id": "suggestion-1"}],
            "outcomeTimestamp": "2026-03-01T10:15:00Z",
        },
        {
            "card": "card-1",
            "outcome": "overridden",
            "overrideReason": {
                "reason": {"code": "known", "system": "https://x.example"},
                "userComment": "She takes it for years.",
            },
            "outcomeTimestamp": "2026-03-01T10:15:00.25+00:00",
        },
    ]
}
DISCOVERY: Json = {
    "services": [
        {
            "hook": "order-select",
            "title": "Drugs",
            "description": "Looks for interactions",
            "id": "drug-desk",
            "prefetch": {"patient": "Patient/{{context.patientId}}"},
            "usageRequirements": "RxNorm codes",
        }
    ]
}


def request(hook: str, **members: Any) -> Json:
    """Return the request of a hook as a client sends it."""
    context = CONTEXTS.get(hook, {"anything": [1]})
    return {"hook": hook, "hookInstance": INSTANCE, "context": context} | members
