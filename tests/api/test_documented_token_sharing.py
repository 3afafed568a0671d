"""What the documents say about calls that need a token at the same time: one refresh for all."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from api_calls import CREDENTIALS, Client, MakeClient, Server, is_async, issue, reply, run

from pymedplum import AuthenticationError, TokenRefreshCooldownError

DENIED = reply(401, issue("login"))
NO_TOKEN = reply(400, {"error": "invalid_request", "error_description": "Invalid secret hush"})


def read_five_at_once(client: Client) -> None:
    """Read five patients in tasks or in threads."""

    async def together() -> None:
        await asyncio.gather(*(client.read_resource("Patient", str(i)) for i in range(5)))

    if is_async(client):
        run(together())
        return
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda i: client.read_resource("Patient", str(i)), range(5)))


def test_one_refresh_serves_every_concurrent_caller(make_client: MakeClient) -> None:
    server = Server()
    read_five_at_once(make_client(server, **CREDENTIALS))
    assert len(server.token_requests) == 1
    assert {r.headers["authorization"] for r in server.requests} == {"Bearer token-1"}


class Rotated(Server):
    """A server that no longer knows the first token."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        response = super().__call__(request)
        return DENIED() if request.headers.get("authorization") == "Bearer token-1" else response


def test_a_401_after_another_call_refreshed_reuses_that_token(make_client: MakeClient) -> None:
    server = Rotated()
    read_five_at_once(make_client(server, **CREDENTIALS))
    assert len(server.token_requests) == 2


@pytest.mark.parametrize("make_client", ["async"], indirect=True)
def test_a_failed_refresh_reaches_every_concurrent_caller(make_client: MakeClient) -> None:
    server = Server()
    server.token_answers = [NO_TOKEN]
    client = make_client(server, **CREDENTIALS)

    async def together() -> list[object]:
        reads = (client.read_resource("Patient", str(i)) for i in range(3))
        return await asyncio.gather(*reads, return_exceptions=True)

    errors = run(together())
    expected = (AuthenticationError, TokenRefreshCooldownError)
    assert [type(e) for e in errors if not isinstance(e, expected)] == []
    assert len(server.token_requests) == 1
    assert server.requests == []
