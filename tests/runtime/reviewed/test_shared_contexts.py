import asyncio
import threading

import httpx
import pytest
from mock_clients import Seen, answer, async_client, await_, sync_client

OBO = "X-Medplum-On-Behalf-Of"


def test_one_context_may_be_shared_by_threads() -> None:
    seen = Seen()
    client = sync_client(seen)
    context = client.on_behalf_of("ProjectMembership/a")
    both_inside, failures = threading.Barrier(2), []

    def work() -> None:
        try:
            with context:
                both_inside.wait(5)
                client.read_resource("Patient", "1")
                both_inside.wait(5)
            client.read_resource("Patient", "2")
        except Exception as error:  # noqa: BLE001 - whatever it is, the test judges it
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert failures == []
    acting = {(r.url.path[-1], r.headers.get(OBO)) for r in seen.requests}
    assert acting == {("1", "ProjectMembership/a"), ("2", None)}


def test_one_context_may_be_shared_by_tasks() -> None:
    seen = Seen()

    async def main() -> None:
        client = async_client(seen)
        context = client.on_behalf_of("a")

        async def work() -> None:
            async with context:
                await asyncio.sleep(0)
                await client.read_resource("Patient", "1")
            await client.read_resource("Patient", "2")

        await asyncio.gather(work(), work())

    await_(main())
    acting = {(r.url.path[-1], r.headers.get(OBO)) for r in seen.requests}
    assert acting == {("1", "ProjectMembership/a"), ("2", None)}


def test_contexts_nest_and_may_be_entered_again() -> None:
    seen = Seen()
    client = sync_client(seen)
    context = client.on_behalf_of("a")
    with context, client.on_behalf_of(""), context:
        client.read_resource("Patient", "1")
    assert seen.requests[0].headers[OBO] == "ProjectMembership/a"


def test_a_reference_is_a_membership_too() -> None:
    seen = Seen()
    client = sync_client(seen)
    with client.on_behalf_of({"reference": "Practitioner/p"}):
        client.read_resource("Patient", "1")
    assert seen.requests[0].headers[OBO] == "Practitioner/p"


def test_a_resource_whose_type_is_no_name_is_refused() -> None:
    client = sync_client(lambda _: answer())
    with pytest.raises(ValueError, match="has no id"):
        client.on_behalf_of({"resourceType": "A\r\nX: y", "id": "1"})


TOKEN = {"access_token": "abc", "token_type": "Bearer", "expires_in": 3600}


def oauth(request: httpx.Request) -> httpx.Response:
    return answer(body=TOKEN) if request.url.path == "/oauth2/token" else answer()


def test_a_completion_hook_may_use_the_client() -> None:
    def audit(event: object) -> None:
        if getattr(event, "resource_type", "") != "AuditEvent":
            client.create_resource({"resourceType": "AuditEvent"})

    client = sync_client(oauth, client_id="a", client_secret="b", on_request_complete=audit)
    assert client.read_resource("Patient", "1")["id"] == "1"


def test_an_async_completion_hook_may_use_the_client() -> None:
    async def audit(event: object) -> None:
        if getattr(event, "resource_type", "") != "AuditEvent":
            await client.create_resource({"resourceType": "AuditEvent"})

    client = async_client(oauth, client_id="a", client_secret="b", on_request_complete=audit)
    assert await_(client.read_resource("Patient", "1"))["id"] == "1"
