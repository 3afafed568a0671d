"""The server of a client answers for the codes that no table lists, once for each."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import pytest

from pymedplum import AsyncMedplumClient, MedplumClient
from pymedplum_runtime.errors import (
    AuthenticationError,
    AuthorizationError,
    BadRequestError,
    ClientClosedError,
    MedplumError,
    NetworkError,
    NotFoundError,
    RateLimitError,
    ServerError,
    ValidationError,
)
from pymedplum_runtime.terminology import (
    AsyncClientTerminology,
    AsyncTerminology,
    ClientTerminology,
    Terminology,
)
from pymedplum_runtime.terminology.answers import Answer, AnswerCache
from tests.medplum_server.process import MedplumServer

CHOSEN = "http://example.org/ValueSet/chosen"
SNOMED = "http://snomed.info/sct"
Reply = Callable[[str], Any]


def _result(*, is_in: bool) -> dict[str, Any]:
    message = {"name": "message", "valueString": "what the server says"}
    result = {"name": "result", "valueBoolean": is_in}
    return {"resourceType": "Parameters", "parameter": [message, result]}


class Asked:
    """A client that answers by the code, and counts what it is asked."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self.calls: list[dict[str, Any]] = []

    def validate_valueset_code(self, *args: Any, **named: Any) -> dict[str, Any]:
        assert not args
        self.calls.append(named)
        found = self._reply(named["code"])
        if isinstance(found, MedplumError):
            raise found
        return found if isinstance(found, dict) else _result(is_in=found)


class AsyncAsked:
    """The asynchronous twin; it gives way to others before it answers."""

    def __init__(self, reply: Reply) -> None:
        self._inner = Asked(reply)
        self.calls = self._inner.calls

    async def validate_valueset_code(self, *args: Any, **named: Any) -> dict[str, Any]:
        await asyncio.sleep(0)
        return self._inner.validate_valueset_code(*args, **named)


class Service:
    """Either service, called alike."""

    def __init__(self, *, is_sync: bool, reply: Reply, **options: Any) -> None:
        self.client: Any = Asked(reply) if is_sync else AsyncAsked(reply)
        made: Any = ClientTerminology if is_sync else AsyncClientTerminology
        self.inner: Any = made(self.client, **options)
        self._is_sync = is_sync

    def __call__(self, code: str, system: str | None = SNOMED, **named: Any) -> bool | None:
        return self._wait(self.inner.validate_code(CHOSEN, system, code, **named))

    def prefetch(self, *queries: tuple[str, str | None, str]) -> None:
        self._wait(self.inner.prefetch(queries))

    def _wait(self, found: Any) -> Any:
        if self._is_sync:
            return found

        async def wait() -> Any:
            return await found

        return asyncio.run(wait())


Make = Callable[..., Service]


@pytest.fixture(params=["sync", "async"])
def make(request: pytest.FixtureRequest) -> Make:
    def made(reply: Reply = lambda _: True, **options: Any) -> Service:
        return Service(is_sync=request.param == "sync", reply=reply, **options)

    return made


def test_the_server_is_asked_by_url_system_and_code(make: Make) -> None:
    service = make()

    assert service("1") is True
    assert service.client.calls == [
        {"valueset_url": CHOSEN, "system": SNOMED, "code": "1", "display": None}
    ]


def test_a_version_is_not_sent() -> None:
    client = Asked(lambda _: True)

    ClientTerminology(client).validate_code(f"{CHOSEN}|1.0", SNOMED, "1", "One")

    assert client.calls == [
        {"valueset_url": CHOSEN, "system": SNOMED, "code": "1", "display": "One"}
    ]


def test_a_code_is_asked_for_once(make: Make) -> None:
    service = make(lambda code: code == "1")

    assert [service("1"), service("2"), service("1"), service("2")] == [True, False, True, False]
    assert Counter(call["code"] for call in service.client.calls) == {"1": 1, "2": 1}


def test_a_display_makes_another_question(make: Make) -> None:
    service = make()

    assert (service("1"), service("1", display="One")) == (True, True)
    assert len(service.client.calls) == 2


def test_answers_may_be_forgotten(make: Make) -> None:
    service = make()
    service("1")

    service.inner.clear()

    assert service("1") is True
    assert len(service.client.calls) == 2


@pytest.mark.parametrize("error", [BadRequestError, NotFoundError, ValidationError])
def test_a_value_set_that_the_server_does_not_have_is_no_answer(
    make: Make, error: type[MedplumError]
) -> None:
    service = make(lambda _: error("Patient Ada", 400))

    assert (service("1"), service("1")) == (None, None)
    assert len(service.client.calls) == 1
    assert service.inner.reason(CHOSEN, SNOMED, "1") == (
        "the server does not know the value set, or a code system of it"
    )


@pytest.mark.parametrize(
    "error", [NetworkError("down"), ServerError("broken", 503), RateLimitError("slow", 429)]
)
def test_a_server_that_fails_is_asked_again(make: Make, error: MedplumError) -> None:
    service = make(lambda _: error)

    assert (service("1"), service("1")) == (None, None)
    assert len(service.client.calls) == 2


@pytest.mark.parametrize(
    "error",
    [AuthenticationError("no", 401), AuthorizationError("no", 403), ClientClosedError("closed")],
)
def test_a_client_that_may_not_ask_raises(make: Make, error: MedplumError) -> None:
    service = make(lambda _: error)

    with pytest.raises(type(error)):
        service("1")
    with pytest.raises(type(error)):
        service.prefetch((CHOSEN, SNOMED, "1"), (CHOSEN, SNOMED, "2"))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"parameter": []},
        {"parameter": 1},
        {"parameter": ["result"]},
        {"parameter": [{"name": "result", "valueString": "true"}]},
    ],
)
def test_an_answer_without_a_result_is_none(make: Make, answer: dict[str, Any]) -> None:
    service = make(lambda _: answer)

    assert service("1") is None
    assert service.inner.reason(CHOSEN, SNOMED, "1") == "the server's answer has no result"


def test_that_a_code_without_a_system_is_out_is_not_believed(make: Make) -> None:
    service = make(lambda code: code == "1")

    assert (service("1", None), service("2", None)) == (True, None)
    assert service.inner.reason(CHOSEN, None, "2") == (
        "the server cannot judge codes that have no system"
    )
    assert service.inner.reason(CHOSEN, None, "1") is None
    assert service.inner.reason(CHOSEN, None, "3") is None


def test_many_codes_are_asked_for_at_once_each_once(make: Make) -> None:
    service = make(lambda code: int(code) % 2 == 0)
    queries = [(CHOSEN, SNOMED, str(number)) for number in range(20)]
    service("3")

    service.prefetch(*queries, *queries)
    service.prefetch(queries[0])

    assert sorted(int(call["code"]) for call in service.client.calls) == list(range(20))
    assert [service(str(number)) for number in range(4)] == [True, False, True, False]
    assert len(service.client.calls) == 20


def test_no_more_than_eight_requests_are_under_way() -> None:
    under_way = most = 0
    lock = threading.Lock()
    full = threading.Event()

    def reply(_: str) -> bool:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
            if under_way == 8:
                full.set()
        assert full.wait(30)
        with lock:
            under_way -= 1
        return True

    service = ClientTerminology(Asked(reply))

    service.prefetch((CHOSEN, SNOMED, str(number)) for number in range(30))

    assert most == 8


def test_prefetching_keeps_the_context_of_the_caller() -> None:
    acting: ContextVar[str] = ContextVar("acting")
    acting.set("ProjectMembership/1")
    seen: list[str] = []

    def reply(_: str) -> bool:
        seen.append(acting.get("nobody"))
        return True

    ClientTerminology(Asked(reply)).prefetch([(CHOSEN, SNOMED, "1"), (CHOSEN, SNOMED, "2")])

    assert seen == ["ProjectMembership/1"] * 2


def test_prefetching_that_fails_leaves_nothing_under_way() -> None:
    async def fetch() -> int:
        service = AsyncClientTerminology(AsyncAsked(lambda _: AuthorizationError("no", 403)))
        with pytest.raises(AuthorizationError):
            await service.prefetch((CHOSEN, SNOMED, str(number)) for number in range(30))
        return len(asyncio.all_tasks())

    assert asyncio.run(fetch()) == 1


def test_the_cache_is_bounded_and_forgets_the_least_used() -> None:
    cache = AnswerCache(2)
    keys = [(CHOSEN, SNOMED, code, None) for code in "123"]

    for key in keys[:2]:
        cache.put(key, Answer(is_in=True))
    cache.get(keys[0])
    cache.put(keys[2], Answer(is_in=False))

    assert [cache.get(key) is None for key in keys] == [False, True, False]
    assert len(cache) == 2


def test_threads_share_a_service() -> None:
    service = ClientTerminology(Asked(lambda code: int(code) % 2 == 0), cache_size=10)
    wrong: list[str] = []

    def work() -> None:
        codes = [str(number % 30) for number in range(200)]
        wrong.extend(
            code
            for code in codes
            if service.validate_code(CHOSEN, SNOMED, code) != (int(code) % 2 == 0)
        )

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_codes_show_in_no_repr(make: Make) -> None:
    service = make()
    service("a secret")

    assert "secret" not in repr(service.inner)
    assert repr(service.inner).endswith("(1 answers kept)")


# The clients before the embedded server.


@pytest.fixture
def options(server: MedplumServer) -> dict[str, Any]:
    return {
        "base_url": server.base_url,
        "client_id": server.client_id,
        "client_secret": server.client_secret,
    }


@pytest.fixture
def sync_client(options: dict[str, Any]) -> Iterator[MedplumClient]:
    with MedplumClient(**options) as client:
        yield client


GENDERS = "http://hl7.org/fhir/ValueSet/administrative-gender"
GENDER = "http://hl7.org/fhir/administrative-gender"
QUERIES = [(GENDERS, GENDER, "female"), (GENDERS, GENDER, "unheard"), (CHOSEN, GENDER, "female")]


def test_the_client_answers_for_its_server(sync_client: MedplumClient) -> None:
    service: Terminology = ClientTerminology(sync_client)

    assert [service.validate_code(*query) for query in QUERIES] == [True, False, None]


def test_the_asynchronous_client_answers_for_its_server(options: dict[str, Any]) -> None:
    async def ask() -> list[bool | None]:
        async with AsyncMedplumClient(**options) as client:
            inner = AsyncClientTerminology(client)
            await inner.prefetch(QUERIES)
            service: AsyncTerminology = inner
            return [await service.validate_code(*query) for query in QUERIES]

    assert asyncio.run(ask()) == [True, False, None]


def test_refused_credentials_are_no_open_question(options: dict[str, Any]) -> None:
    with MedplumClient(**{**options, "client_secret": "wrong"}) as client:
        service = ClientTerminology(client)
        with pytest.raises(AuthenticationError):
            service.validate_code(*QUERIES[0])
