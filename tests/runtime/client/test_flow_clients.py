"""What the client objects themselves allow: construction, copies, closing, their looks."""

import asyncio
import copy
import pickle
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import httpx
import pytest
from flow_steps import BASE, FHIR, FakeClock

from pymedplum import AsyncMedplumClient, MedplumClient, RetryPolicy
from pymedplum.auth import BasicAuth
from pymedplum_runtime.errors import ClientClosedError, InsecureTransportError
from pymedplum_runtime.http.timeouts import seconds

SECRET = "hush-hush"


@pytest.fixture(params=[MedplumClient, AsyncMedplumClient])
def client(request: pytest.FixtureRequest) -> Any:
    made = request.param(base_url=BASE, client_id="id", client_secret=SECRET)
    yield made
    _close(made)


def _close(client: Any) -> None:
    asyncio.run(client.aclose()) if isinstance(client, AsyncMedplumClient) else client.close()


@pytest.mark.parametrize("make_copy", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_client_is_neither_pickled_nor_copied(
    client: Any,
    make_copy: Callable[[Any], object],
) -> None:
    with pytest.raises(TypeError, match="credentials") as caught:
        make_copy(client)
    assert SECRET not in str(caught.value)


def test_a_client_shows_no_secret(client: Any) -> None:
    client.set_access_token("visible-token")
    assert SECRET not in repr(client)
    assert "visible-token" not in f"{client!r} {client}"
    assert "authenticated=True" in repr(client)


def test_its_attributes_say_what_it_was_made_with(client: Any) -> None:
    assert (client.base_url, client.fhir_base_url) == (BASE, FHIR)
    assert (client.fhir_url_path, client.client_id) == ("fhir/R4/", "id")
    assert (client.access_token, client.token_expires_at, client.project_id) == (None, None, None)
    ends = datetime(2040, 1, 1, tzinfo=timezone.utc)
    client.set_access_token("t", ends)
    assert (client.access_token, client.token_expires_at) == ("t", ends)


@pytest.mark.parametrize("token", ["", "a b", "a\n", "é"])
def test_a_token_that_cannot_be_sent_is_refused(client: Any, token: str) -> None:
    with pytest.raises(ValueError, match="token") as caught:
        client.set_access_token(token)
    assert not token or token not in str(caught.value).replace("a token", "").replace("a ", "")
    with pytest.raises(TypeError):
        client.set_access_token(5)


def test_a_closed_client_refuses_every_call_and_closing_twice_is_allowed() -> None:
    client = MedplumClient(base_url=BASE, access_token="t")
    client.close()
    client.close()
    with pytest.raises(ClientClosedError):
        client.read_resource("Patient", "1")
    with pytest.raises(ClientClosedError):
        list(client.search_resource_pages("Patient"))


def test_a_closed_asynchronous_client_refuses_calls() -> None:
    async def work() -> None:
        client = AsyncMedplumClient(base_url=BASE, access_token="t")
        await client.aclose()
        await client.close()
        with pytest.raises(ClientClosedError):
            await client.read_resource("Patient", "1")

    asyncio.run(work())


def test_a_http_client_of_the_callers_stays_open() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={}))
    with httpx.Client(transport=transport) as http:
        with MedplumClient(base_url=BASE, access_token="t", http_client=http) as client:
            client.read_resource("Patient", "1")
        assert http.is_closed is False


def test_settings_of_a_http_client_are_kept_and_one_header_has_one_value() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={})

    for headers in ({}, {"User-Agent": "mine", "Accept": "text/html", "X-Own": "1"}):
        with httpx.Client(transport=httpx.MockTransport(answer), headers=headers) as http:
            client = MedplumClient(base_url=BASE, access_token="t", http_client=http)
            client.read_resource("Patient", "1", headers={"accept-language": "de"})
    for request in sent:
        assert request.headers.get_list("Accept") == ["application/fhir+json"]
        assert request.headers.get_list("Accept-Language") == ["de"]
    assert (sent[1].headers["User-Agent"], sent[1].headers["X-Own"]) == ("mine", "1")


def test_a_http_client_that_follows_redirects_or_is_of_the_other_kind_is_refused() -> None:
    with httpx.Client(follow_redirects=True) as http, pytest.raises(ValueError, match="redirects"):
        MedplumClient(base_url=BASE, http_client=http)
    with httpx.Client() as http, pytest.raises(TypeError, match="AsyncClient"):
        AsyncMedplumClient(base_url=BASE, http_client=http)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"base_url": "http://medplum.test"}, InsecureTransportError),
        ({"client_secret": "x"}, ValueError),
        ({"client_secret": "x", "client_id": "i", "auth": BasicAuth("i", "s")}, ValueError),
        ({"auth": lambda: "token"}, TypeError),
        ({"timeout": 0}, ValueError),
        ({"timeout": "5"}, TypeError),
        ({"timeout": True}, TypeError),
        ({"failed_refresh_cooldown": -1}, ValueError),
        ({"max_retry_delay_seconds": float("nan")}, ValueError),
        ({"max_retry_delay_seconds": "5"}, TypeError),
        ({"default_on_behalf_of": "a/b/c"}, ValueError),
        ({"access_token": "a b"}, ValueError),
    ],
)
def test_arguments_that_cannot_be_are_refused_at_once(
    options: dict[str, Any], error: type[Exception]
) -> None:
    for kind in (MedplumClient, AsyncMedplumClient):
        with pytest.raises(error):
            kind(**{"base_url": BASE, **options})


def test_asynchronous_functions_need_the_asynchronous_client() -> None:
    async def hook(_: object) -> None: ...

    class Callable_:  # noqa: N801 - named like its function
        async def __call__(self, _: object) -> None: ...

    for function in (hook, Callable_()):
        with pytest.raises(TypeError, match="await"):
            MedplumClient(base_url=BASE, on_request_complete=function)  # type: ignore[arg-type]


def test_connecting_has_a_shorter_time_of_its_own() -> None:
    assert seconds(30).as_dict() == {"connect": 5.0, "read": 30, "write": 30, "pool": 30}
    assert seconds(2).connect == 2
    own = httpx.Timeout(9)
    assert seconds(own) is own


def test_a_policy_and_a_clock_are_taken() -> None:
    clock = FakeClock()
    transport = httpx.MockTransport(lambda _: httpx.Response(503))
    with httpx.Client(transport=transport) as http:
        client = MedplumClient(
            base_url=BASE, access_token="t", http_client=http, clock=clock,
            retry=RetryPolicy(max_retries=3, jitter=0),
        )  # fmt: skip
        with pytest.raises(Exception, match="503"):
            client.read_resource("Patient", "1")
    assert clock.sleeps == [0.25, 0.5, 1.0]
