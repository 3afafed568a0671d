"""The second part of the demo: the synchronous client against the embedded server."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pymedplum import MedplumClient, NotFoundError, PreconditionFailedError
from pymedplum.fhir import Observation, Patient
from pymedplum.hooks import RequestEvent
from tests.demo.invented import BATCH, GRAPHQL, LETTER, PEOPLE, SYSTEM, invented_patient, weight_of
from tests.demo.story import Story
from tests.medplum_server.process import MedplumServer

WRITERS = 4
OLD_VERSION, REFUSED = "if_match= with an old version raises", "PreconditionFailedError"
TAGGED = f"{SYSTEM}|demo"


def tour_client(server: MedplumServer, story: Story) -> None:
    """Do what programs do, and say what came of it; the names are invented."""
    story.begin("MedplumClient, with the embedded server (all names are invented)")
    audit: list[RequestEvent] = []
    with MedplumClient(
        base_url=server.base_url,
        client_id=server.client_id,
        client_secret=server.client_secret,
        on_request_complete=audit.append,
    ) as client:
        patients = create_and_read(client, story)
        search(client, story)
        contend(client, server, story, patients[0], audit)
        batch_and_graphql(client, story, patients[0])
        send_file(client, story)
        fail(client, story)
    tell_audit(story, audit)


def create_and_read(client: MedplumClient, story: Story) -> list[Patient]:
    patients = [client.create_resource(invented_patient(n), as_fhir=Patient) for n in PEOPLE]
    reference = f"Patient/{patients[0].id}"
    story.tell("create", "create_resource(Patient(...)), seven times", len(patients), 7)
    weight = client.create_resource(weight_of(reference), as_fhir=Observation)
    read = client.read_resource("Observation", weight.id or "", as_fhir=Observation)
    value = read.value_quantity.value if read.value_quantity else None
    story.tell("read", "read_resource(..., as_fhir=Observation), kg", str(value), "71.5")
    return patients


def search(client: MedplumClient, story: Story) -> None:
    query = {"_tag": TAGGED, "_sort": "_lastUpdated"}
    bundle = client.search_resources("Patient", query, return_bundle=True, as_fhir=Patient)
    story.tell("search", "search_resources(..., return_bundle=True)", len(list(bundle)), 7)
    found = client.search_one("Patient", {"family": PEOPLE[2]}, as_fhir=Patient)
    family = found.name[0].family if found and found.name else None
    story.tell("search", "search_one('Patient', ...)", family, PEOPLE[2])
    pages = client.search_resource_pages("Patient", query, as_fhir=Patient, page_size=3)
    families = [patient.name[0].family for patient in pages if patient.name]
    story.tell("page", "search_resource_pages(..., page_size=3)", families == PEOPLE, expected=True)


def contend(
    client: MedplumClient,
    server: MedplumServer,
    story: Story,
    patient: Patient,
    audit: list[RequestEvent],
) -> None:
    """Change one resource from many sides."""
    patient_id, version = patient.id or "", f'W/"{patient.meta and patient.meta.version_id}"'

    def add_phone(number: int) -> bool:
        phone = {"system": "phone", "value": f"555-010{number}"}

        def change(current: dict[str, Any]) -> dict[str, Any]:
            return {**current, "telecom": [*current.get("telecom", []), phone]}

        return client.update_with_retry("Patient", patient_id, change, max_retries=20).wrote

    with ThreadPoolExecutor(WRITERS) as threads:
        wrote = list(threads.map(add_phone, range(WRITERS)))
    story.tell("contention", "update_with_retry from four threads, wrote", sum(wrote), WRITERS)
    phones = client.read_resource("Patient", patient_id, Patient).telecom or []
    story.tell("contention", "changes that survived", len(phones), WRITERS)

    server.control("config", {"conflicts": 2})
    patched = client.patch_resource(
        "Patient", patient_id, [{"op": "replace", "path": "/active", "value": False}]
    )
    story.tell("patch", "patch_resource, active", patched["active"], expected=False)
    statuses = [attempt.status_code for attempt in audit[-1].attempts]
    story.tell("patch", "its attempts while the database was busy", statuses, [409, 409, 200])
    try:
        client.patch_resource(
            "Patient", patient_id, [{"op": "remove", "path": "/telecom"}], if_match=version
        )
    except PreconditionFailedError as error:
        story.tell("patch", OLD_VERSION, type(error).__name__, REFUSED)
    else:
        story.tell("patch", OLD_VERSION, "nothing", REFUSED)


def batch_and_graphql(client: MedplumClient, story: Story, patient: Patient) -> None:
    answer = client.execute_batch({"resourceType": "Bundle", "type": "batch", "entry": BATCH})
    statuses = " ".join(entry["response"]["status"] for entry in answer["entry"])
    story.tell("batch", "execute_batch, status of each entry", statuses, "200 201 404")
    data = client.execute_graphql(GRAPHQL, {"id": patient.id})["data"]
    family = data["Patient"]["name"][0]["family"]
    story.tell("graphql", "execute_graphql, family", family, PEOPLE[0])


def send_file(client: MedplumClient, story: Story) -> None:
    binary = client.upload_binary(LETTER, "text/plain")
    content = client.download_binary(binary["id"])
    story.tell(
        "binary", "upload_binary, download_binary, same bytes", content == LETTER, expected=True
    )


def fail(client: MedplumClient, story: Story) -> None:
    try:
        client.read_resource("Patient", "00000000-0000-4000-8000-000000000000")
    except NotFoundError as error:
        expected = "GET /fhir/R4/Patient/{id}: 404 Not Found (not-found)"
        story.tell("error", "a missing resource, and no id in the text", str(error), expected)
    else:
        story.tell("error", "a missing resource raises", "nothing", "NotFoundError")


def tell_audit(story: Story, audit: list[RequestEvent]) -> None:
    """Sum up what the completion hook was told."""
    actions: dict[str, int] = {}
    for event in audit:
        actions[event.action or "token"] = actions.get(event.action or "token", 0) + 1
    creates, tokens = actions.get("create"), actions.get("token")
    story.tell("audit", "on_request_complete: creates, sign-ins", (creates, tokens), (9, 1))
    last = audit[-1].to_non_phi_dict()
    shown = f"{last['action']} {last['path_template']} {last['outcome']}"
    story.tell("audit", "the last event", shown, "read /fhir/R4/Patient/{id} error")
