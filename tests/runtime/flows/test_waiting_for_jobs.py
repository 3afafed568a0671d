from collections.abc import Callable
from typing import Any

import httpx
import pytest
from flow_calls import Talk, outcome, reply

from pymedplum import AsyncJobTimeoutError, MedplumError, NotFoundError, RateLimitError

Start = Callable[..., Talk]
DONE = {"resourceType": "AsyncJob", "id": "1", "status": "completed"}
RUNNING = reply(202, {**DONE, "status": "accepted"})
SLOW_DOWN = reply(429, outcome(), RateLimit='"requests";r=0;t=60')


@pytest.mark.parametrize(
    "failure",
    [SLOW_DOWN, reply(503), reply(500), httpx.ReadTimeout("slow"), httpx.ConnectError("")],
)
def test_a_deadline_holds_whatever_the_server_answers(talk: Start, failure: Any) -> None:
    client = talk(failure)
    with pytest.raises(AsyncJobTimeoutError):
        client("wait_for_async_job", "1", timeout=5)
    assert sum(client.clock.slept) == 5


def test_failures_that_pass_do_not_end_the_waiting(talk: Start) -> None:
    client = talk(SLOW_DOWN, httpx.ReadTimeout("slow"), reply(500), RUNNING, reply(200, DONE))
    assert client("wait_for_async_job", "1", timeout=600) == DONE
    assert client.clock.slept == [60, 1, 1, 1]


def test_ten_failures_in_a_row_end_what_has_no_deadline(talk: Start) -> None:
    client = talk(*[reply(500)] * 9, RUNNING, SLOW_DOWN)
    with pytest.raises(RateLimitError):
        client("wait_for_async_job", "1")
    assert len(client.requests) == 20


def test_a_job_that_is_not_there_is_said_at_once(talk: Start) -> None:
    client = talk(reply(404, outcome()))
    with pytest.raises(NotFoundError):
        client("wait_for_async_job", "1", timeout=5)
    assert len(client.requests) == 1


def test_no_answer_is_waited_for_longer_than_the_deadline(talk: Start) -> None:
    client = talk(RUNNING, timeout=30)
    with pytest.raises(AsyncJobTimeoutError):
        client("wait_for_async_job", "1", poll_interval=4, timeout=6)
    timeouts = [each.extensions["timeout"]["read"] for each in client.requests]
    assert timeouts == [6, 2, 1]


def test_a_patient_caller_keeps_the_timeouts_of_the_client(talk: Start) -> None:
    client = talk(reply(200, DONE), timeout=httpx.Timeout(30, read=None))
    client("wait_for_async_job", "1")
    assert client.requests[0].extensions["timeout"]["read"] is None
    assert client.requests[0].extensions["timeout"]["connect"] == 30


@pytest.mark.parametrize("refusal", [reply(403, outcome()), httpx.ReadError("")])
def test_the_time_is_over_even_where_cancelling_fails(talk: Start, refusal: httpx.Response) -> None:
    client = talk(RUNNING, refusal)
    with pytest.raises(AsyncJobTimeoutError, match="cancelling it failed"):
        client("wait_for_async_job", "1", timeout=0, cancel_on_timeout=True)
    assert [each.method for each in client.requests] == ["GET", "DELETE"]


def test_the_last_failure_is_the_cause(talk: Start) -> None:
    client = talk(reply(500))
    with pytest.raises(AsyncJobTimeoutError) as caught:
        client("wait_for_async_job", "1", timeout=0)
    assert isinstance(caught.value.__cause__, MedplumError)


@pytest.mark.parametrize("bad", ["1", None, True, [1]])
def test_an_interval_of_another_type_is_a_type_error(talk: Start, bad: object) -> None:
    client = talk()
    with pytest.raises(TypeError, match="poll_interval"):
        client("wait_for_async_job", "1", poll_interval=bad)


@pytest.mark.parametrize(
    ("name", "bad"), [("poll_interval", 0), ("poll_interval", -1), ("timeout", -1)]
)
def test_times_are_not_negative(talk: Start, name: str, bad: float) -> None:
    client = talk()
    with pytest.raises(ValueError, match=name):
        client("wait_for_async_job", "1", **{name: bad})
    assert client.requests == []
