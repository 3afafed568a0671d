"""A part of the demo: a bot that gives advice, asked by a health record that prepares the call."""

from typing import Any

from pymedplum import CDSHooksError, MedplumClient
from pymedplum.cds import CDSService, PatientViewRequest
from pymedplum.fhir import Patient, Practitioner
from tests.demo.invented import invented_patient
from tests.demo.story import Story
from tests.medplum_server.process import MedplumServer

CODE = """
exports.handler = async (medplum, event) => {
  const name = event.input.prefetch?.patient?.name?.[0]?.family ?? 'nobody';
  const card = { summary: `Invented advice for ${name}`, indicator: 'info' };
  return { cards: [{ ...card, source: { label: 'demo' } }, { ...card, summary: '' }] };
};
"""
ADVISER: dict[str, Any] = {
    "hook": "patient-view",
    "title": "Adviser",
    "description": "Gives invented advice.",
    "prefetch": [
        {"key": "patient", "query": "Patient/{{context.patientId}}"},
        {"key": "visit", "query": "Encounter/{{context.encounterId}}"},
        {"key": "weights", "query": "Observation?patient={{context.patientId}}&date=gt{{today()}}"},
    ],
}
GREEDY: dict[str, Any] = {
    "id": "greedy",
    "hook": "patient-view",
    "description": "Asks for everything.",
    "prefetch": {"all": "$export", "who": "Practitioner/{{user}}"},
}


def tour_cds(server: MedplumServer, story: Story) -> None:
    """Find a service, prepare its request, and read its cards."""
    story.begin("Decision support, with the embedded server (all names are invented)")
    with MedplumClient(
        server.base_url, client_id=server.client_id, client_secret=server.client_secret
    ) as client:
        bot = client.create_resource(
            {"resourceType": "Bot", "name": "adviser", "cdsService": ADVISER}
        )
        client.deploy_bot(bot["id"], CODE)
        [service] = client.get_cds_services()
        story.tell("find", "get_cds_services()", service.title, "Adviser")
        request = prepare(client, service, story)
        ask(client, service, request, story)


def prepare(client: MedplumClient, service: CDSService, story: Story) -> PatientViewRequest:
    patient = client.create_resource(invented_patient("Invented"), as_fhir=Patient)
    doctor = client.create_resource(Practitioner(active=True), as_fhir=Practitioner)
    context = {"patientId": patient.id}
    request = client.build_cds_request(service, context, user=doctor)
    found = sorted(request.prefetch or {})
    story.tell("prepare", "prefetch; there is no encounter", found, ["patient", "weights"])
    shown = "PatientViewRequest(hook=..., hook_instance=..., context=..., prefetch=...)"
    story.tell("prepare", "repr of the request", repr(request), shown)
    problems: list[CDSHooksError] = []
    client.build_cds_request(GREEDY, context, user=doctor, on_error=problems.append)
    story.tell("guard", "templates that ask for too much, refused", len(problems), 2)
    if not isinstance(request, PatientViewRequest):
        raise TypeError("the request has another class than its hook's")
    return request


def ask(
    client: MedplumClient, service: CDSService, request: PatientViewRequest, story: Story
) -> None:
    problems: list[CDSHooksError] = []
    cards = client.call_cds_service(service, request, on_error=problems.append).cards
    summaries = [card.summary for card in cards]
    story.tell("ask", "call_cds_service(), its cards", summaries, ["Invented advice for Invented"])
    story.tell("ask", "cards that break CDS Hooks, left out", len(problems), 1)
