"""Asynchronous work: jobs and bulk exports, with their polls, ends and deadlines."""

import pytest
from live_calls import LiveClient, Requests, bundle_of, entry_of

from pymedplum import MedplumError, UnsafeRedirectError
from pymedplum.fhir import Patient
from tests.medplum_server.process import MedplumServer

ENTRY = entry_of("POST", "Patient", {"resourceType": "Patient"})
BATCH = bundle_of("batch", ENTRY)


def test_a_202_gives_the_place_of_the_job_and_no_hint_when_to_come_back(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    server.control("config", {"jobPolls": 3})
    job = client("execute_batch", BATCH, prefer_async=True)
    place = job["issue"][0]["diagnostics"]
    assert place.startswith(f"{server.base_url}fhir/R4/job/")
    assert requests.fhir()[-1]["headers"]["prefer"] == "respond-async"
    done = client("wait_for_async_job", job, poll_interval=2.5)
    assert done["status"] == "completed"
    assert client.clock.sleeps == [2.5, 2.5, 2.5]
    assert client("get_async_job_status", job)["status"] == "completed"


def test_a_202_without_a_body_is_known_by_its_header(client: LiveClient) -> None:
    headers = {"Prefer": "respond-async"}
    job = client("post", "fhir/R4", json=BATCH, headers=headers)
    assert client("wait_for_async_job", job)["status"] == "completed"
    assert client("wait_for_async_job", job["issue"][0]["diagnostics"])["status"] == "completed"


def test_prefer_with_anything_beside_respond_async_is_ignored(client: LiveClient) -> None:
    answer = client("post", "fhir/R4", json=BATCH, headers={"Prefer": "respond-async, x"})
    assert answer["resourceType"] == "Bundle"


def test_a_job_that_failed_has_ended_too(client: LiveClient, server: MedplumServer) -> None:
    server.control("config", {"jobFailure": True})
    job = client("execute_batch", BATCH, prefer_async=True)
    assert client("wait_for_async_job", job)["status"] == "error"


@pytest.mark.parametrize("by_operation", [True, False])
def test_a_cancelled_job_is_told_by_its_status(
    client: LiveClient,
    server: MedplumServer,
    by_operation: bool,  # noqa: FBT001 - a table of cases
) -> None:
    server.control("config", {"jobPolls": 99})
    job = client("execute_batch", BATCH, prefer_async=True)
    found = client("get_async_job_status", job)
    assert found["status"] == "accepted"
    if by_operation:
        client("execute_operation", "AsyncJob", "cancel", found["id"])
    else:
        assert client("cancel_async_job", job) is None
    assert client("wait_for_async_job", found)["status"] == "cancelled"
    assert client.clock.sleeps == []


@pytest.mark.parametrize("cancel", [True, False])
def test_a_job_that_never_ends_meets_a_deadline(
    client: LiveClient,
    server: MedplumServer,
    cancel: bool,  # noqa: FBT001 - a table of cases
) -> None:
    server.control("config", {"jobPolls": 9999})
    job = client("execute_batch", BATCH, prefer_async=True)
    with pytest.raises(TimeoutError) as caught:
        client("wait_for_async_job", job, timeout=10, cancel_on_timeout=cancel)
    assert isinstance(caught.value, MedplumError)
    assert sum(client.clock.sleeps) == 10
    after = client("get_async_job_status", job)["status"]
    assert after == ("cancelled" if cancel else "accepted")


def test_set_accounts_is_a_job_only_when_it_propagates(
    client: LiveClient, requests: Requests
) -> None:
    patient = client.create()
    reference = f"Patient/{patient['id']}"
    client.create("Observation", subject={"reference": reference})
    account = f"Organization/{client.create('Organization', name='Clinic')['id']}"
    at_once = client("set_accounts", reference, account, prefer_async=True)
    assert at_once["parameter"][0]["valueInteger"] == 1
    assert "prefer" not in requests.fhir()[-1]["headers"]
    job = client("set_accounts", reference, account, propagate=True, prefer_async=True)
    done = client("wait_for_async_job", job)
    assert done["output"]["parameter"][0]["valueInteger"] == 2
    both = client("set_accounts", reference, account, propagate=True)
    assert both["parameter"][0]["valueInteger"] == 2


def test_a_failed_asynchronous_bot_ends_as_completed_with_an_outcome(client: LiveClient) -> None:
    bot = client.create("Bot", identifier=[{"system": "urn:bots", "value": "broken"}])
    client("deploy_bot", bot["id"], "exports.handler = async () => { throw new Error('no') };")
    job = client(
        "bots.execute_by_identifier", {"x": 1}, identifier="urn:bots|broken", prefer_async=True
    )
    done = client("wait_for_async_job", job)
    assert done["status"] == "completed"
    outcome = done["output"]["parameter"][0]["resource"]
    assert outcome["issue"][0]["severity"] == "error"


def test_a_job_cannot_be_read_into_a_resource_class(client: LiveClient) -> None:
    bot = _patient_maker(client)
    with pytest.raises(MedplumError) as caught:
        client("execute_operation", "Bot", "execute", bot, prefer_async=True, as_fhir=Patient)
    assert caught.value.status_code == 202
    assert client("wait_for_async_job", caught.value.response_data)["status"] == "completed"


def _patient_maker(client: LiveClient) -> str:
    bot = client.create("Bot")
    client("deploy_bot", bot["id"], "exports.handler = async () => ({ resourceType: 'Patient' });")
    return str(bot["id"])


def test_an_export_is_polled_through_empty_bodies_to_its_manifest(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    client.create()
    server.control("config", {"exportPolls": 2})
    job = client("bulk.start_export", type=["Patient"])
    assert requests.fhir()[-1]["headers"]["prefer"] == "respond-async"
    assert client("get_async_job_status", job)["status"] == "active"
    manifest = client("wait_for_async_job", job)
    assert manifest["requiresAccessToken"] is False
    assert [file["type"] for file in manifest["output"]] == ["Patient"]
    assert client.clock.sleeps == [1.0]


def test_several_types_are_exported(client: LiveClient) -> None:
    patient = client.create()
    client.create("Observation", subject={"reference": f"Patient/{patient['id']}"})
    client.create("Organization", name="Clinic")
    wanted = ["Patient", "Observation"]
    for method in ("bulk.start_export", "bulk.start_patient_export"):
        job = client(method, type=wanted)
        output = client("wait_for_async_job", job)["output"]
        assert sorted(file["type"] for file in output) == sorted(wanted)


def test_an_export_that_stays_at_202_meets_a_deadline(
    client: LiveClient, server: MedplumServer
) -> None:
    server.control("config", {"exportPolls": 9999})
    job = client("bulk.start_export")
    with pytest.raises(TimeoutError):
        client("wait_for_async_job", job, timeout=5)


def test_the_token_never_goes_to_presigned_urls(client: LiveClient, server: MedplumServer) -> None:
    client.create()
    manifest = client("wait_for_async_job", client("bulk.start_export", type=["Patient"]))
    url = manifest["output"][0]["url"]
    assert url.startswith(server.storage_url)
    with pytest.raises(UnsafeRedirectError):
        client("get", url)
    with pytest.raises(UnsafeRedirectError):
        client("wait_for_async_job", url)
    assert server.control("storage") == {"authorized": False, "requests": []}


def test_an_export_is_cancelled(client: LiveClient, server: MedplumServer) -> None:
    server.control("config", {"exportPolls": 0})
    job = client("bulk.start_export")
    export_id = job["issue"][0]["diagnostics"].rsplit("/", 1)[1]
    assert client("bulk.cancel_export", export_id) is None
    with pytest.raises(TimeoutError):
        client("wait_for_async_job", job, timeout=3)
