"""Bots that are CDS services, and services as a discovery lists them."""

from typing import Any

from live_calls import LiveClient

from pymedplum.cds import CDSService

BOT = """
exports.handler = async (medplum, event) => {
  const { context, prefetch } = event.input;
  const summary = `${context.patientId}: ${prefetch?.patient?.name?.[0]?.family ?? 'nobody'}`;
  return { cards: [{ summary, indicator: 'info', source: { label: 'bot' } }] };
};
"""
TEMPLATES = {
    "patient": "Patient/{{context.patientId}}",
    "visit": "Encounter/{{context.encounterId}}",
    "weights": "Observation?patient={{context.patientId}}&code=weight",
    "doctor": "{{context.userId}}",
}
HOOK_INSTANCE = "0b1c6d5e-6f3c-4c1b-8a1d-2d5a3b1f9e77"
DOCTOR = "Practitioner/40000000-0000-4000-8000-000000000002"
NOBODY = "Practitioner/99999999-9999-4999-8999-999999999999"


def bot_of(client: LiveClient, code: str = BOT, **members: object) -> str:
    """Store a bot that is a CDS service, and return its id."""
    templates = [{"key": key, "query": query} for key, query in TEMPLATES.items()]
    service = {"hook": "patient-view", "title": "Names", "description": "Says whose record it is."}
    bot = client.create("Bot", cdsService={**service, "prefetch": templates, **members})
    client("deploy_bot", bot["id"], code)
    return str(bot["id"])


def service_of(prefetch: dict[str, str] | None = None, hook: str = "patient-view") -> CDSService:
    given: Any = TEMPLATES if prefetch is None else prefetch or None
    return CDSService(id="one", hook=hook, description="One.", prefetch=given)


def context_of(patient_id: str = "1", user_id: str = DOCTOR) -> dict[str, Any]:
    return {"userId": user_id, "patientId": patient_id}
