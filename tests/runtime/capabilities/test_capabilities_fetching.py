"""The statement is fetched once per client, by whoever asks first; failures are not kept."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from invented_statement import clinic

from pymedplum import (
    AsyncMedplumClient,
    FHIRVersionWarning,
    MedplumClient,
    MedplumError,
    NotFoundError,
)
from pymedplum_runtime.flows.capabilities import capabilities
from pymedplum_runtime.http.flow import Send, Wait
from tests.api.api_calls import BASE, Server, call, is_async, issue, path, reply, run
from tests.runtime.client.flow_steps import Caller, answer_of, session_of

MakeClient = Callable[..., Any]
MANY = 20


def test_it_is_fetched_once(make_client: MakeClient) -> None:
    server = Server(clinic())
    client = make_client(server)
    first = call(client, "capabilities")
    assert call(client, "capabilities") is first
    assert [path(each) for each in server.requests] == ["fhir/R4/metadata"]
    assert server.last.headers["Accept"] == "application/fhir+json"


def test_refreshing_fetches_it_again(make_client: MakeClient) -> None:
    server = Server(clinic(), {**clinic(), "url": "https://new.example"})
    client = make_client(server)
    first = call(client, "capabilities")
    second = call(client, "capabilities", refresh=True)
    assert (first.url, second.url) == (None, "https://new.example")
    assert call(client, "capabilities") is second
    assert len(server.requests) == 2


def test_each_client_has_its_own(make_client: MakeClient) -> None:
    server = Server(clinic())
    for _ in range(2):
        call(make_client(server), "capabilities")
    assert len(server.requests) == 2


def test_a_failure_is_raised_and_not_kept(make_client: MakeClient) -> None:
    server = Server(reply(404, issue("not-found")), {"resourceType": "Patient"}, b"<p>", clinic())
    server.answers[2] = reply(200, "<p>")
    client = make_client(server)
    with pytest.raises(NotFoundError):
        call(client, "capabilities")
    with pytest.raises(MedplumError, match="no CapabilityStatement"):
        call(client, "capabilities")
    with pytest.raises(MedplumError):
        call(client, "capabilities")
    assert call(client, "capabilities").fhir_version == "4.0.1"


def test_a_failed_refresh_leaves_what_was_there(make_client: MakeClient) -> None:
    client = make_client(Server(clinic(), reply(404)))
    first = call(client, "capabilities")
    with pytest.raises(NotFoundError):
        call(client, "capabilities", refresh=True)
    assert call(client, "capabilities") is first


@pytest.mark.parametrize("version", ["5.0.0", "4.3.0", "3.0.2", "4.00.1"])
def test_another_fhir_version_warns_at_the_users_call_once_per_fetch(
    make_client: MakeClient, version: str
) -> None:
    client = make_client(Server({**clinic(), "fhirVersion": version}))

    async def ask() -> None:
        await client.capabilities()

    with pytest.warns(FHIRVersionWarning, match=f"FHIR {version}, and this package 4.0") as seen:
        run(ask()) if is_async(client) else client.capabilities()
    assert [each.filename for each in seen] == [__file__]
    call(client, "capabilities")  # a warning would fail the test
    with pytest.warns(FHIRVersionWarning):
        call(client, "capabilities", refresh=True)


@pytest.mark.parametrize("version", ["4.0.1", "4.0.0", "4.0", None])
def test_our_fhir_version_or_none_does_not_warn(
    make_client: MakeClient, version: str | None
) -> None:
    client = make_client(Server({**clinic(), "fhirVersion": version}))
    assert call(client, "capabilities").fhir_version == version


def test_a_version_that_is_none_is_not_quoted(make_client: MakeClient) -> None:
    client = make_client(Server({**clinic(), "fhirVersion": "<b>Zimmermann"}))
    with pytest.warns(FHIRVersionWarning, match="FHIR another version") as seen:
        call(client, "capabilities")
    assert "Zimmermann" not in str(seen[0].message)


def test_many_threads_fetch_it_once() -> None:
    calls: list[str] = []
    entered, opened = threading.Event(), threading.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        entered.set()
        assert opened.wait(10)
        return reply(200, clinic())()

    http = httpx.Client(transport=httpx.MockTransport(answer))
    client: Any = MedplumClient(BASE, access_token="t", http_client=http)
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(client.capabilities())) for _ in range(MANY)
    ]
    for each in threads:
        each.start()
    assert entered.wait(10)
    opened.set()
    for each in threads:
        each.join(10)
    assert len(found) == MANY
    assert all(each is found[0] for each in found)
    assert calls == ["/fhir/R4/metadata"]


def test_many_tasks_fetch_it_once_and_a_cancelled_one_hands_over() -> None:
    calls: list[str] = []

    entered = asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path)
        entered.set()
        for _ in range(5):
            await asyncio.sleep(0)
        return reply(200, clinic())()

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    client: Any = AsyncMedplumClient(BASE, access_token="t", http_client=http)

    async def together() -> list[Any]:
        leader = asyncio.ensure_future(client.capabilities())
        others = [asyncio.ensure_future(client.capabilities()) for _ in range(MANY)]
        await entered.wait()
        leader.cancel()
        return await asyncio.gather(*others)

    found = run(together())
    assert all(each is found[0] for each in found)
    assert len(calls) == 2


def test_a_failure_reaches_all_who_wait_as_an_exception_of_their_own() -> None:
    session = session_of()
    leader, other = Caller(capabilities(session)), Caller(capabilities(session))
    assert isinstance(leader.next(), Send)
    wait = other.next()
    assert isinstance(wait, Wait)
    with pytest.raises(NotFoundError) as first:
        leader.send(answer_of(404))
    with pytest.raises(NotFoundError) as second:
        other.send(wait.future.result(timeout=0))
    assert first.value is not second.value
    assert isinstance(Caller(capabilities(session)).next(), Send)


def test_a_refresh_joins_a_fetch_that_is_under_way() -> None:
    session = session_of()
    leader, other = Caller(capabilities(session)), Caller(capabilities(session, refresh=True))
    leader.next()
    wait = other.next()
    assert isinstance(wait, Wait)
    found = leader.end(answer_of(200, clinic()))
    assert other.end(wait.future.result(timeout=0)) is found


def test_a_hook_that_asks_for_what_is_being_fetched_is_refused_instead_of_waiting() -> None:
    said: list[str] = []

    def ask(_: object) -> None:
        try:
            client.capabilities()
        except MedplumError as error:
            said.append(str(error))

    http = httpx.Client(transport=httpx.MockTransport(Server(clinic())))
    client: Any = MedplumClient(BASE, access_token="t", http_client=http, before_request=ask)
    assert client.capabilities().fhir_version == "4.0.1"
    assert said == ["a hook asked for what is being fetched; let that call pass"]
