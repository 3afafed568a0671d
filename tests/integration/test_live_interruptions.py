"""Time-outs and cancelled calls: what is known of a write, and that the client goes on."""

import asyncio

import pytest
from live_calls import LiveClient, MakeClient, Requests, run

from pymedplum import NetworkError, PreconditionFailedError, RequestEvent
from tests.medplum_server.process import MedplumServer

SHORT = 0.1  # seconds


def test_a_silent_server_is_given_up_and_asked_again(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    patient = client.create()
    server.control("faults", {"kinds": ["hang"], "times": 1})
    assert client("read_resource", "Patient", patient["id"], timeout=SHORT) == patient
    server.control("faults", {"kinds": ["hang"]})
    with pytest.raises(NetworkError) as caught:
        client("read_resource", "Patient", patient["id"], timeout=SHORT)
    assert not caught.value.possibly_committed
    assert len(requests.fhir()) == 6


def test_a_write_that_timed_out_may_have_happened_and_is_not_repeated(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    client("search_one", "Patient")
    server.control("faults", {"kinds": ["hang-after"]})
    with pytest.raises(NetworkError) as caught:
        client("create_resource", {"resourceType": "Patient"}, timeout=SHORT)
    assert caught.value.possibly_committed
    assert len(requests.fhir()) == 2
    server.control("faults", method="DELETE")
    assert client("search_resources", "Patient", "_total=accurate")["total"] == 1


def test_a_server_that_is_not_there_was_sent_nothing(client_of: MakeClient) -> None:
    client = client_of(base_url="http://127.0.0.1:9/", client_id=None, access_token="t")
    with pytest.raises(NetworkError) as caught:
        client.create()
    assert not caught.value.possibly_committed
    assert len(client.clock.sleeps) == 2


def test_a_token_request_without_an_answer_wrote_nothing(
    client: LiveClient, server: MedplumServer
) -> None:
    server.control("tokens", {"fault": "drop"})
    with pytest.raises(NetworkError) as caught:
        client.create()
    assert not caught.value.possibly_committed


@pytest.mark.parametrize("client_of", ["async"], indirect=True)
def test_a_cancelled_task_leaves_the_client_usable(
    client_of: MakeClient, server: MedplumServer
) -> None:
    events: list[RequestEvent] = []
    client = client_of(on_request_complete=events.append)
    patient = client.create()
    server.control("faults", {"kinds": ["hang"], "times": 1})

    async def interrupted() -> None:
        task = asyncio.create_task(client.inner.read_resource("Patient", patient["id"]))
        await asyncio.sleep(SHORT)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(interrupted())
    assert isinstance(events[-1].final_exception, asyncio.CancelledError)
    assert client("read_resource", "Patient", patient["id"]) == patient


@pytest.mark.parametrize("client_of", ["async"], indirect=True)
def test_a_cancelled_token_request_does_not_hold_up_the_others(
    client_of: MakeClient, server: MedplumServer
) -> None:
    client = client_of()
    server.control("tokens", {"fault": "hang", "times": 1})

    async def first_one_cancelled() -> list[object]:
        tasks = [asyncio.create_task(client.inner.search_one("Patient")) for _ in range(3)]
        await asyncio.sleep(SHORT)
        tasks[0].cancel()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    first, *others = run(first_one_cancelled())
    assert isinstance(first, asyncio.CancelledError)
    assert others == [None, None]


def test_pages_that_are_left_early_ask_for_no_more(client: LiveClient, requests: Requests) -> None:
    for _ in range(3):
        client.create()
    pages = client.inner.search_resource_pages("Patient", page_size=1)

    async def one() -> None:
        async for _ in pages:
            break
        await pages.aclose()

    if client.is_async:
        run(one())
    else:
        next(pages)
        pages.close()
    assert len(requests.fhir()) == 4


@pytest.mark.parametrize(
    "kind", ["drop-after", "reset-headers-after", "truncate-body", "503-after"]
)
def test_an_update_is_written_once_whatever_happens_to_its_answer(
    client: LiveClient, server: MedplumServer, kind: str
) -> None:
    patient = client.create()
    server.control("faults", {"kinds": [kind], "method": "PUT", "times": 1})
    with pytest.raises(PreconditionFailedError) as caught:
        client("update_resource", {**patient, "active": True})
    assert caught.value.possibly_committed
    assert len(client("resource_history", "Patient", patient["id"])["entry"]) == 2


def test_a_header_on_behalf_of_is_resolved_like_the_argument(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    header = {"x-medplum-on-behalf-of": server.membership_ids["doctor"]}
    with client.acting_for(server.membership_ids["nurse"]):
        client("create_resource", {"resourceType": "Patient"}, headers=header)
    sent = requests.fhir()[-1]["headers"]["x-medplum-on-behalf-of"]
    assert sent == f"ProjectMembership/{server.membership_ids['doctor']}"
