"""The third part of the demo: the asynchronous client, many things at a time."""

import asyncio
from typing import Any

from pymedplum import AsyncMedplumClient, PreconditionFailedError
from pymedplum.fhir import Patient
from pymedplum.hooks import RequestEvent
from tests.demo.invented import BATCH, GRAPHQL, LETTER, PEOPLE, SYSTEM, invented_patient
from tests.demo.story import Story
from tests.medplum_server.process import MedplumServer

READS = 100
WRITERS = 4
OLD_VERSION, REFUSED = "if_match= with an old version raises", "PreconditionFailedError"
TAGGED = f"{SYSTEM}|demo"


async def tour_async_client(server: MedplumServer, story: Story) -> None:
    """Do the same concurrently."""
    story.begin("AsyncMedplumClient, with the embedded server (all names are invented)")
    audit: list[RequestEvent] = []

    async def keep(event: RequestEvent) -> None:
        audit.append(event)

    async with AsyncMedplumClient(
        base_url=server.base_url,
        client_id=server.client_id,
        client_secret=server.client_secret,
        on_request_complete=keep,
    ) as client:
        patients = await create_and_read(client, story)
        await search(client, story)
        await contend(client, server, story, patients[0])
        await batch_graphql_and_file(client, story, patients[0])
    sign_ins = sum(event.action is None for event in audit)
    story.tell("audit", "an async hook: sign-ins in all", sign_ins, 1)
    failed = sum(event.outcome == "error" for event in audit if event.action != "update")
    story.tell("audit", "calls that failed: the guarded patch", failed, 1)


async def create_and_read(client: AsyncMedplumClient, story: Story) -> list[Patient]:
    patients = await asyncio.gather(
        *(client.create_resource(invented_patient(name), as_fhir=Patient) for name in PEOPLE)
    )
    story.tell("create", "create_resource, seven at once", len(patients), 7)
    ids = [patients[number % len(patients)].id or "" for number in range(READS)]
    found = await asyncio.gather(*(client.read_resource("Patient", one) for one in ids))
    story.tell(
        "read", f"read_resource, {READS} at once", [p["id"] for p in found] == ids, expected=True
    )
    return list(patients)


async def search(client: AsyncMedplumClient, story: Story) -> None:
    query = {"_tag": TAGGED}
    bundle = await client.search_resources("Patient", query, return_bundle=True, as_fhir=Patient)
    story.tell("search", "search_resources(..., return_bundle=True)", len(list(bundle)), 7)
    pages = client.search_resource_pages("Patient", query, as_fhir=Patient, page_size=3)
    families = {patient.name[0].family async for patient in pages if patient.name}
    story.tell(
        "page", "async for ... in search_resource_pages", families == set(PEOPLE), expected=True
    )


async def contend(
    client: AsyncMedplumClient, server: MedplumServer, story: Story, patient: Patient
) -> None:
    """Change one resource from many tasks."""
    patient_id, version = patient.id or "", f'W/"{patient.meta and patient.meta.version_id}"'

    async def add_phone(number: int) -> bool:
        phone = {"system": "phone", "value": f"555-010{number}"}

        def change(current: dict[str, Any]) -> dict[str, Any]:
            return {**current, "telecom": [*current.get("telecom", []), phone]}

        done = await client.update_with_retry("Patient", patient_id, change, max_retries=20)
        return done.wrote

    wrote = await asyncio.gather(*map(add_phone, range(WRITERS)))
    story.tell("contention", "update_with_retry from four tasks, wrote", sum(wrote), WRITERS)
    server.control("config", {"conflicts": 2})
    patched = await client.patch_resource(
        "Patient",
        patient_id,
        [{"op": "replace", "path": "/active", "value": False}],
        as_fhir=Patient,
    )
    story.tell("patch", "patch_resource, phones that survived", len(patched.telecom or []), WRITERS)
    try:
        await client.patch_resource(
            "Patient", patient_id, [{"op": "remove", "path": "/telecom"}], if_match=version
        )
    except PreconditionFailedError as error:
        story.tell("patch", OLD_VERSION, type(error).__name__, REFUSED)
    else:
        story.tell("patch", OLD_VERSION, "nothing", REFUSED)


async def batch_graphql_and_file(
    client: AsyncMedplumClient, story: Story, patient: Patient
) -> None:
    answer, data, binary = await asyncio.gather(
        client.execute_batch({"resourceType": "Bundle", "type": "batch", "entry": BATCH}),
        client.execute_graphql(GRAPHQL, {"id": patient.id}),
        client.upload_binary(LETTER, "text/plain"),
    )
    statuses = " ".join(entry["response"]["status"] for entry in answer["entry"])
    story.tell("batch", "execute_batch, status of each entry", statuses, "200 201 404")
    family = data["data"]["Patient"]["name"][0]["family"]
    story.tell("graphql", "execute_graphql, family", family, PEOPLE[0])
    content = await client.download_binary(binary["id"])
    story.tell(
        "binary", "upload_binary, download_binary, same bytes", content == LETTER, expected=True
    )
