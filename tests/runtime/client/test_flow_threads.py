"""One token for many threads and tasks, and memberships that do not cross over."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from flow_steps import BASE, CREDENTIALS, FakeClock, session_of

from pymedplum import AsyncMedplumClient, MedplumClient, TokenRefreshCooldownError
from pymedplum.auth import TokenProvider
from pymedplum_runtime.client.acting import OnBehalfOf, membership_reference

MANY = 50
HEADER = "X-Medplum-On-Behalf-Of"


class SlowServer:
    """Counts requests; its token endpoint takes a moment, so that callers meet there."""

    def __init__(self, token_status: int = 200) -> None:
        self.counts: Counter[str] = Counter()
        self.acted_for: Counter[str] = Counter()
        self._token_status = token_status
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        is_token = request.url.path == "/oauth2/token"
        with self._lock:
            self.counts["token" if is_token else "call"] += 1
            self.acted_for[f"{request.url.path[-1]} {request.headers.get(HEADER)}"] += 1
        if not is_token:
            return httpx.Response(200, json={})
        time.sleep(0.02)
        body = {"access_token": f"t{self.counts['token']}", "expires_in": 3600}
        return httpx.Response(self._token_status, json=body)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def _together(work: Callable[[int], object]) -> list[BaseException]:
    """Run it in many threads that start at once; return what they raised."""
    barrier = threading.Barrier(MANY)
    errors: list[BaseException] = []

    def one(number: int) -> None:
        barrier.wait()
        try:
            work(number)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test judges it
            errors.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(MANY)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return errors


@pytest.fixture
def sync_of(clock: FakeClock) -> Iterator[Callable[..., MedplumClient]]:
    made: list[Any] = []

    def make(server: SlowServer, **options: Any) -> MedplumClient:
        http = httpx.Client(transport=httpx.MockTransport(server))
        client = MedplumClient(base_url=BASE, http_client=http, clock=clock, **options)
        made.extend([client, http])
        return client

    yield make
    for each in made:
        each.close()


def test_fifty_threads_make_one_token_request(sync_of: Any) -> None:
    server = SlowServer()
    client = sync_of(server, **CREDENTIALS)
    assert _together(lambda _: client.read_resource("Patient", "1")) == []
    assert server.counts == {"token": 1, "call": MANY}


def test_fifty_threads_make_one_request_for_the_next_token(
    sync_of: Any,
    clock: FakeClock,
) -> None:
    server = SlowServer()
    client = sync_of(server, **CREDENTIALS)
    client.read_resource("Patient", "1")
    clock.time += 3600
    assert _together(lambda _: client.read_resource("Patient", "1")) == []
    assert server.counts == {"token": 2, "call": MANY + 1}


def test_fifty_threads_share_one_failure(sync_of: Any) -> None:
    server = SlowServer(token_status=400)
    client = sync_of(server, **CREDENTIALS)
    errors = _together(lambda _: client.read_resource("Patient", "1"))
    assert len({id(each) for each in errors}) == MANY
    assert server.counts == {"token": 1}
    with pytest.raises(TokenRefreshCooldownError):
        client.read_resource("Patient", "1")


def test_fifty_threads_act_each_for_its_own(sync_of: Any) -> None:
    server = SlowServer()
    client, other = (sync_of(server, access_token="t") for _ in range(2))

    def work(number: int) -> None:
        with client.on_behalf_of(f"member-{number}"):
            client.read_resource("Patient", "1")
            other.read_resource("Patient", "2")

    assert _together(work) == []
    expected = {f"1 ProjectMembership/member-{number}": 1 for number in range(MANY)}
    assert server.acted_for == expected | {"2 None": MANY}


def test_fifty_tasks_make_one_token_request_and_a_cancelled_leader_hands_over() -> None:
    asked: list[int] = []

    async def provide() -> str:
        asked.append(1)
        await asyncio.sleep(0.01)
        return "token"

    async def work() -> list[Any]:
        server = SlowServer()
        async with (
            httpx.AsyncClient(transport=httpx.MockTransport(server)) as http,
            AsyncMedplumClient(
                base_url=BASE, http_client=http, auth=TokenProvider(provide)
            ) as client,
        ):
            tasks = [asyncio.create_task(client.read_resource("Patient", "1")) for _ in range(MANY)]
            await asyncio.sleep(0.005)
            tasks[0].cancel()
            tasks[1].cancel()
            return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(work())
    assert [type(each) for each in results[:2]] == [asyncio.CancelledError] * 2
    assert results[2:] == [{}] * (MANY - 2)
    assert len(asked) == 2


def test_tasks_act_each_for_its_own() -> None:
    server = SlowServer()

    async def one(client: AsyncMedplumClient, number: int) -> None:
        async with client.on_behalf_of(f"member-{number}"):
            await asyncio.sleep(0)
            await client.read_resource("Patient", "1")

    async def work() -> None:
        async with (
            httpx.AsyncClient(transport=httpx.MockTransport(server)) as http,
            AsyncMedplumClient(base_url=BASE, http_client=http, access_token="t") as client,
        ):
            await asyncio.gather(*(one(client, number) for number in range(MANY)))

    asyncio.run(work())
    assert server.acted_for == {f"1 ProjectMembership/member-{n}": 1 for n in range(MANY)}


def test_contexts_nest_and_end_in_order_even_after_an_error() -> None:
    acting = OnBehalfOf("default")
    context = acting.context("a")
    with context, context, acting.context("b"):
        assert acting.resolve() == "ProjectMembership/b"
    with pytest.raises(LookupError), context:
        raise LookupError
    assert acting.resolve() == "ProjectMembership/default"
    assert acting.resolve("") is None
    with acting.context(""):
        assert acting.resolve() is None
        assert acting.resolve("c") == "ProjectMembership/c"


def test_clients_do_not_share_a_context() -> None:
    one, other = session_of(), session_of()
    with one.acting.context("a"):
        assert one.acting.resolve() == "ProjectMembership/a"
        assert other.acting.resolve() is None


@pytest.mark.parametrize(
    ("given", "reference"),
    [
        ("123", "ProjectMembership/123"),
        ("ProjectMembership/123", "ProjectMembership/123"),
        ("Practitioner/1", "Practitioner/1"),
        ({"resourceType": "ProjectMembership", "id": "1"}, "ProjectMembership/1"),
        (" 123 ", "ProjectMembership/123"),
        ("", ""),
    ],
)
def test_a_membership_has_many_spellings(given: object, reference: str) -> None:
    assert membership_reference(given) == reference


@pytest.mark.parametrize("given", ["a/b/c", "1\r\nX: y", "Practitioner/", "https://x/Y/1", "a b"])
def test_what_is_no_reference_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="on_behalf_of"):
        membership_reference(given)
    for other in (5, b"123", ["123"]):
        with pytest.raises(TypeError):
            membership_reference(other)
