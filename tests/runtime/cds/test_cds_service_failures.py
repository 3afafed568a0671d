"""Functions that fail, take too long or return nonsense: nothing leaks, nobody waits."""

import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cds_handlers
import pytest
from cds_calls import (
    StillClock,
    a_request,
    anonymous_services,
    post,
    with_client,
)
from cds_handlers import SekretError, SekretPanic, raising, raising_later, serving

from pymedplum_runtime.cds.messages.prefetch import PrefetchError
from pymedplum_runtime.errors import CDSHooksError


@pytest.mark.parametrize("result", [3, "card", {"cards": []}, [3], object()])
def test_what_is_no_card_is_a_failure_of_the_service(
    result: object, caplog: pytest.LogCaptureFixture
) -> None:
    answer = post(serving(lambda _: result), a_request())

    assert answer.status_code == 500
    assert answer.json() == {"error": "the service failed"}
    assert "TypeError" in caplog.text


FAILURES = [
    SekretError("Sekret"),
    KeyError("Sekret"),
    StopIteration("Sekret"),
    StopAsyncIteration("Sekret"),
    SystemExit("Sekret"),
    SekretPanic("Sekret"),
    asyncio.CancelledError("Sekret"),
    RecursionError("Sekret"),
    CDSHooksError("Sekret"),
]


@pytest.mark.parametrize("make", [raising, raising_later])
@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_a_failure_of_a_service_leaks_nothing(
    make: Callable[[BaseException], Callable[[Any], Any]],
    error: BaseException,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)

    answer = post(serving(make(error)), a_request())

    assert answer.status_code == 500
    assert answer.json() == {"error": "the service failed"}
    assert "service greet (patient-view) failed" in caplog.text
    assert "Sekret" not in caplog.text.replace("SekretError", "")
    assert all(record.exc_info is None for record in caplog.records)


def test_a_failure_is_logged_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    post(serving(raising(ValueError("Sekret"))), a_request())

    assert f"ValueError at {Path(cds_handlers.__file__)}:" in caplog.text


def test_a_service_can_say_that_it_lacks_data() -> None:
    answer = post(serving(raising(PrefetchError("no weight of the last month"))), a_request())

    assert answer.status_code == 412
    assert answer.json()["problems"][0]["problem"] == "no weight of the last month"


def test_a_key_that_no_template_has_is_a_failure_of_the_service() -> None:
    answer = post(serving(lambda request: request.prefetch["patinet"]), a_request())

    assert answer.status_code == 500


@pytest.mark.parametrize("is_async", [True, False])
def test_a_service_that_takes_too_long_is_a_504(is_async: bool) -> None:  # noqa: FBT001 - a row
    clock = StillClock()
    services = anonymous_services(clock=clock)
    ended = threading.Event()

    def hang(_: object) -> None:
        clock.is_up = True
        assert ended.wait(30)

    async def hang_on(_: object) -> None:
        clock.is_up = True
        await asyncio.Event().wait()

    handler = hang_on if is_async else hang
    services.service("patient-view", id="greet", description="d", timeout=0.5)(handler)

    answer = post(services, a_request())
    ended.set()

    assert answer.status_code == 504
    assert answer.json() == {"error": "the service took more than 0.5 s"}


def test_an_asynchronous_function_is_cancelled_when_its_time_is_up() -> None:
    clock = StillClock()
    clock.over = {0.25}
    services = anonymous_services(clock=clock)
    cancelled = asyncio.Event()

    @services.service("patient-view", id="greet", description="d", timeout=0.25)
    async def hang(_: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def call(http: Any) -> Any:
        answer = await http.post("/cds-services/greet", json=a_request())
        await asyncio.wait_for(cancelled.wait(), 30)
        return answer

    assert with_client(services, call).status_code == 504


def test_a_function_that_refuses_to_end_holds_up_nobody() -> None:
    clock = StillClock()
    services = anonymous_services(clock=clock)
    ends: list[asyncio.Event] = []

    @services.service("patient-view", id="greet", description="d")
    async def stubborn(_: object) -> None:
        clock.is_up = True
        ends.append(asyncio.Event())
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await ends[0].wait()

    async def call(http: Any) -> Any:
        answer = await http.post("/cds-services/greet", json=a_request())
        ends[0].set()
        return answer

    assert with_client(services, call).status_code == 504


def test_hung_functions_take_no_more_threads_than_allowed() -> None:
    clock = StillClock()
    clock.over = {0.25}
    services = anonymous_services(clock=clock, threads=2)
    ended, runs = threading.Event(), threading.Semaphore(0)

    @services.service("patient-view", id="greet", description="d", timeout=0.25)
    def hang(_: object) -> None:
        runs.release()
        assert ended.wait(30)

    async def calls(http: Any) -> list[Any]:
        return [await http.post("/cds-services/greet", json=a_request()) for _ in range(6)]

    answers = with_client(services, calls)

    assert {answer.status_code for answer in answers} == {504}
    assert [runs.acquire(timeout=30) for _ in range(2)] == [True, True]
    ended.set()
    assert not runs.acquire(timeout=0.2), "calls whose time is up do not run later"
