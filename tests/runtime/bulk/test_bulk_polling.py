import inspect
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from export_talk import STATUS, ExportTalk, failure, file_of, manifest_of, reply

from pymedplum import (
    AsyncJobTimeoutError,
    AuthorizationError,
    BulkExportError,
    NetworkError,
    UnsafeRedirectError,
)
from pymedplum_runtime.bulk import AsyncExportJob, ExportJob

RUNNING = reply(202)
DONE = manifest_of(file_of(count=2))


def test_both_jobs_have_the_same_methods() -> None:
    names = [name for name in vars(ExportJob) if not name.startswith("_")]
    assert names == [name for name in vars(AsyncExportJob) if not name.startswith("_")]
    assert {"status", "wait", "cancel", "download"} <= set(names)
    for name in names:
        one, other = getattr(ExportJob, name), getattr(AsyncExportJob, name)
        assert inspect.signature(one) == inspect.signature(other)


def test_a_running_export_says_how_far_it_is(talk: ExportTalk) -> None:
    talk.polls(reply(202, X_Progress="Half of it", Retry_After="7"), RUNNING)
    job = talk.attach()
    assert job.progress is None
    status = talk.run(job.status())
    assert (status.state, status.progress, status.retry_after) == ("in-progress", "Half of it", 7.0)
    assert talk.run(job.status()).progress == job.progress == "Half of it"


def test_no_manifest_before_the_end(talk: ExportTalk) -> None:
    job = talk.attach()
    with pytest.raises(BulkExportError, match="wait"):
        _ = job.manifest


def test_a_completed_export_has_its_manifest_and_is_not_asked_again(talk: ExportTalk) -> None:
    talk.polls(DONE)
    job = talk.attach()
    status = talk.run(job.status())
    assert (status.state, status.manifest) == ("completed", job.manifest)
    assert talk.run(job.wait(0)) is job.manifest
    assert len(talk.api.requests) == 1


def test_pauses_grow_where_the_server_does_not_say(talk: ExportTalk) -> None:
    talk.polls(*[RUNNING] * 15, reply(200, DONE))
    talk.run(talk.attach().wait())
    assert talk.clock.slept[:4] == [1.0, 1.5, 2.25, 3.375]
    assert talk.clock.slept[-1] == 60.0
    assert talk.clock.slept == sorted(talk.clock.slept)


@pytest.mark.parametrize(
    ("asked", "slept"),
    [
        ("120", 120.0),
        ("0", 0.5),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30.0),
        ("nonsense", 1.0),
        ("9" * 400, 1000.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(talk: ExportTalk, asked: str, slept: float) -> None:
    talk.polls(reply(202, Retry_After=asked), reply(200, DONE))
    talk.run(talk.attach().wait(1000))
    assert talk.clock.slept == [slept]


@pytest.mark.parametrize(
    "passing",
    [
        reply(429, failure("throttled"), Retry_After="5"),
        reply(500),
        reply(502, b"<html>"),
        reply(503, failure()),
        reply(500, failure("transient")),
        reply(400, failure("transient")),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("gone"),
    ],
)
def test_what_passes_is_survived_until_the_deadline(talk: ExportTalk, passing: Any) -> None:
    talk.polls(*[passing] * 20, reply(200, DONE))
    talk.run(talk.attach().wait())
    assert len(talk.api.requests) == 21
    talk.polls(passing)
    with pytest.raises(AsyncJobTimeoutError) as caught:
        talk.run(talk.attach().wait(deadline=600))
    assert "hush" not in str(caught.value)


def test_a_wish_of_a_throttling_server_is_kept(talk: ExportTalk) -> None:
    talk.polls(reply(429, Retry_After="77"), reply(200, DONE))
    talk.run(talk.attach().wait())
    assert talk.clock.slept == [77.0]


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_a_4xx_is_the_end_of_the_export(talk: ExportTalk, status: int) -> None:
    talk.polls(reply(status, failure()))
    with pytest.raises(BulkExportError, match=str(status)) as caught:
        talk.run(talk.attach().wait())
    assert caught.value.status_code == status
    assert caught.value.detail == "of Ada Ro"
    assert "Ada" not in str(caught.value)
    assert len(talk.api.requests) == 1


def test_a_5xx_that_says_why_is_believed_the_third_time(talk: ExportTalk) -> None:
    talk.polls(reply(500, failure()))
    with pytest.raises(BulkExportError, match="exception"):
        talk.run(talk.attach().wait())
    assert len(talk.api.requests) == 3


def test_a_5xx_that_does_not_repeat_was_none_of_the_export(talk: ExportTalk) -> None:
    failed = reply(500, failure())
    talk.polls(failed, failed, RUNNING, failed, failed, reply(200, DONE))
    talk.run(talk.attach().wait())
    assert len(talk.api.requests) == 6


def test_one_look_tells_a_failure_as_a_state(talk: ExportTalk) -> None:
    talk.polls(reply(500, failure()))
    status = talk.run(talk.attach().status())
    assert status.state == "failed"
    assert isinstance(status.error, BulkExportError)


def test_one_look_that_fails_raises(talk: ExportTalk) -> None:
    talk.polls(httpx.ConnectError("gone"))
    with pytest.raises(NetworkError):
        talk.run(talk.attach().status())


def test_a_refusal_of_the_caller_is_not_the_exports(talk: ExportTalk) -> None:
    talk.polls(reply(403, failure()))
    with pytest.raises(AuthorizationError):
        talk.run(talk.attach().wait())


def test_the_deadline_is_a_moment_too(talk: ExportTalk) -> None:
    talk.polls(RUNNING)
    started = talk.clock.now()
    until = datetime.fromtimestamp(started, timezone.utc) + timedelta(seconds=90)
    with pytest.raises(AsyncJobTimeoutError, match="goes on"):
        talk.run(talk.attach().wait(until))
    assert talk.clock.now() == started + 90


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (None, TypeError),
        ("1", TypeError),
        (-1, ValueError),
        (float("inf"), ValueError),
        (float("nan"), ValueError),
        (datetime(2027, 1, 1), ValueError),  # noqa: DTZ001 - that is the point
    ],
)
def test_there_is_always_a_deadline(talk: ExportTalk, wrong: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="deadline"):
        talk.run(talk.attach().wait(wrong))
    assert talk.api.requests == []


def test_progress_must_be_a_function(talk: ExportTalk) -> None:
    with pytest.raises(TypeError, match="progress must be callable, got int"):
        talk.run(talk.attach().wait(progress=1))
    assert talk.api.requests == []


def test_no_answer_is_waited_for_longer_than_the_deadline(talk: ExportTalk) -> None:
    talk.polls(RUNNING)
    with pytest.raises(AsyncJobTimeoutError):
        talk.run(talk.attach().wait(6))
    reads = [each.extensions["timeout"]["read"] for each in talk.api.requests]
    assert reads == [6, 5, 3.5, 1.25, 1]


def test_waiting_tells_each_status(talk: ExportTalk) -> None:
    talk.polls(reply(202, X_Progress="1 of 2"), reply(503), reply(200, DONE))
    seen: list[Any] = []
    talk.run(talk.attach().wait(progress=seen.append))
    assert [each.state for each in seen] == ["in-progress", "completed"]


@pytest.mark.parametrize("status", [200, 202, 204, 404])
def test_a_cancelled_export_is_known_as_such(talk: ExportTalk, status: int) -> None:
    talk.polls(reply(status, {} if status == 200 else None))
    job = talk.attach()
    talk.run(job.cancel())
    assert talk.api.requests[0].method == "DELETE"
    assert talk.run(job.status()).state == "cancelled"
    with pytest.raises(BulkExportError, match="cancelled"):
        talk.run(job.wait())
    with pytest.raises(BulkExportError, match="cancelled"):
        _ = job.manifest
    assert len(talk.api.requests) == 1


def test_the_pages_of_a_manifest_are_one(talk: ExportTalk) -> None:
    following = [{"relation": "next", "url": f"{STATUS}?page=2"}]
    first = manifest_of(file_of("1"), link=following)
    second = manifest_of(file_of("2"), error=[file_of("3", "OperationOutcome")])
    talk.polls(first, second)
    manifest = talk.run(talk.attach().wait())
    assert [each.address[-1] for each in manifest.files] == ["1", "2", "3"]


def test_the_next_page_is_this_servers(talk: ExportTalk) -> None:
    following = [{"relation": "next", "url": "https://evil.test/2"}]
    talk.polls(manifest_of(link=following))
    with pytest.raises(UnsafeRedirectError):
        talk.run(talk.attach().wait())


def test_pages_in_a_circle_end(talk: ExportTalk) -> None:
    talk.polls(manifest_of(link=[{"relation": "next", "url": STATUS}]))
    with pytest.raises(BulkExportError, match="circle"):
        talk.run(talk.attach().wait())
