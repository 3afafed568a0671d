from typing import Any

import httpx
import pytest
from mock_clients import Clock, Seen, answer, async_client, await_, sync_client

from pymedplum import (
    AsyncMedplumClient,
    AuthenticationError,
    MedplumClient,
    RefreshToken,
    RetryPolicy,
    TokenExchange,
    TokenProvider,
)

GOOD = {"access_token": "t"}


@pytest.mark.parametrize("make", [MedplumClient, AsyncMedplumClient])
@pytest.mark.parametrize(
    "options",
    [
        {"on_request_complete": "x"},
        {"before_request": "x"},
        {"clock": 3},
        {"retry": 3},
        {"retry": 0},
        {"fhir_url_path": None},
        {"project_id": 5},
        {"extended": "no"},
        {"auth": lambda: "token"},
        {"timeout": "5"},
    ],
)
def test_an_argument_of_a_wrong_type_is_refused_at_once(make: Any, options: Any) -> None:
    with pytest.raises(TypeError, match=next(iter(options))):
        make(**(options if "auth" in options else GOOD | options))


@pytest.mark.parametrize(
    "options",
    [
        {"client_id": "x"},
        {"client_secret": "x"},
        {"fhir_url_path": "a?b=1"},
        {"fhir_url_path": "../x"},
        {"fhir_url_path": "http://evil.test/f"},
        {"base_url": "https://host:abc/"},
        {"base_url": "https://host:99999/"},
        {"base_url": "https://[::1"},
        {"base_url": "host.test"},
        {"timeout": float("inf")},
        {"timeout": 0},
        {"failed_refresh_cooldown": -1},
    ],
)
def test_an_argument_that_cannot_be_meant_is_refused_at_once(options: Any) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        MedplumClient(**options)


def test_the_smaller_of_both_longest_delays_holds() -> None:
    clock = Clock()
    answers = Seen(answer(429, {}, **{"Retry-After": "30"}), answer())
    policy = RetryPolicy(max_rate_limit_retries=1)
    client = sync_client(answers, retry=policy, max_retry_delay_seconds=5, clock=clock)
    client.read_resource("Patient", "1")
    assert clock.slept == [5]


async def nothing(*_: object) -> str:
    return "token"


@pytest.mark.parametrize(
    "auth",
    [
        TokenProvider(nothing),
        RefreshToken("r", client_id="c", on_rotate=nothing),
        TokenExchange(nothing, client_id="c"),
    ],
)
def test_the_synchronous_client_refuses_asynchronous_providers(auth: Any) -> None:
    with pytest.raises(TypeError, match="asynchronous"):
        MedplumClient(auth=auth)


def test_a_hook_that_turns_out_asynchronous_is_not_dropped_silently(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = sync_client(lambda _: answer(), on_request_complete=lambda _: nothing())
    client.read_resource("Patient", "1")
    assert "on_request_complete raised TypeError" in caplog.text


def test_a_provider_must_not_use_the_client_that_it_serves() -> None:
    def provide() -> str:
        return str(client.get("vault/token")["token"])

    client = sync_client(lambda _: answer(), auth=TokenProvider(provide))
    with pytest.raises(AuthenticationError, match="provider"):
        client.read_resource("Patient", "1")


def test_an_async_provider_must_not_use_the_client_that_it_serves() -> None:
    async def provide() -> str:
        return str((await client.get("vault/token"))["token"])

    client = async_client(lambda _: answer(), auth=TokenProvider(provide))
    with pytest.raises(AuthenticationError, match="provider"):
        await_(client.read_resource("Patient", "1"))


def test_a_token_request_that_found_no_connection_is_repeated() -> None:
    tries: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        tries.append(request.url.path)
        if len(tries) == 1:
            raise httpx.ConnectError("refused")
        token = {"access_token": "abc", "expires_in": 3600}
        return answer(body=token) if request.url.path == "/oauth2/token" else answer()

    credentials = {"client_id": "a", "client_secret": "b"}
    client = sync_client(handler, clock=Clock(), **credentials)
    client.read_resource("Patient", "1")
    assert tries == ["/oauth2/token", "/oauth2/token", "/fhir/R4/Patient/1"]


@pytest.mark.parametrize("path", ["a b", "x#y", "a\\b", "x" * 70_000])
def test_a_path_that_cannot_be_sent_is_refused(path: str) -> None:
    seen = Seen()
    with pytest.raises(Exception, match=r"path|URL"):
        sync_client(seen).get(path, params={"a": "1"})
    assert seen.requests == []
