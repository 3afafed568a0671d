"""Asynchronous jobs: what became of a request that was answered with 202.

https://hl7.org/fhir/R4/async.html
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from math import inf
from typing import Any

import httpx

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.options import not_negative
from pymedplum_runtime.client.results import check_done, object_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import JobReference
from pymedplum_runtime.errors import (
    AsyncJobTimeoutError,
    MedplumError,
    NetworkError,
    RateLimitError,
    ServerError,
    TokenRefreshCooldownError,
)
from pymedplum_runtime.helpers.members import is_data, members_of
from pymedplum_runtime.http.flow import Flow, Sleep
from pymedplum_runtime.http.timeouts import seconds
from pymedplum_runtime.http.urls import id_segment
from pymedplum_runtime.http.wire import Answer

_ENDED = ("completed", "error", "cancelled")  # no set: a status may be anything
_ACTIVE: dict[str, Any] = {"resourceType": "AsyncJob", "status": "active"}
_PASSING = (NetworkError, RateLimitError, ServerError, TokenRefreshCooldownError)
_MOST_FAILURES = 10  # in a row, where there is no deadline
_LAST_LOOK = 1.0  # seconds for an answer when the time is almost over
_LAST_WORD = 5.0  # seconds for cancelling when it is over
_GOES_ON = "it goes on on the server"


def get_async_job_status(
    session: Session,
    job: JobReference,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Return the job as it is now."""
    call = Call(method="GET", url=job_url(session, job), options=options)
    return _job((yield from session.call(call)), session)


def wait_for_async_job(
    session: Session,
    job: JobReference,
    poll_interval: float = 1.0,
    timeout: float | None = None,
    *,
    cancel_on_timeout: bool = False,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Ask again and again until the job has ended.

    Raises:
        AsyncJobTimeoutError: the time is over.
        MedplumError: the server refuses to say, or failed ten times in a row without a deadline.
        TypeError: a time is no number.
        ValueError: a time is negative, or there is no job.
    """
    if not_negative(poll_interval, "poll_interval") == 0:
        raise ValueError("poll_interval must be a positive number of seconds")
    deadline = None
    if timeout is not None:
        deadline = session.clock.monotonic() + not_negative(timeout, "timeout")
    url, failures = job_url(session, job), 0
    while True:
        longest = max(_left(session, deadline), _LAST_LOOK)
        found, failure = yield from _look(session, url, options, longest)
        if found is not None:
            return found
        failures = failures + 1 if failure else 0
        if failure and deadline is None and failures == _MOST_FAILURES:
            raise failure
        left = _left(session, deadline)
        if left <= 0:
            break
        asked = getattr(failure, "retry_after", None) or 0.0
        yield Sleep(min(max(poll_interval, asked), left))
    state = (yield from _cancelled(session, url, options)) if cancel_on_timeout else _GOES_ON
    raise AsyncJobTimeoutError(f"the job did not end within {timeout} s; {state}") from failure


def _left(session: Session, deadline: float | None) -> float:
    return inf if deadline is None else deadline - session.clock.monotonic()


def _look(
    session: Session, url: str, options: CallOptions, longest: float
) -> Flow[tuple[dict[str, Any] | None, MedplumError | None]]:
    """Return the job once it has ended, and else the failure, where there was one that passes."""
    try:
        answer = yield from _once(session, "GET", url, options, longest)
    except _PASSING as error:
        return None, error
    found = _job(answer, session)
    return (found if _has_ended(answer, found) else None), None


def _once(
    session: Session, method: str, url: str, options: CallOptions, longest: float
) -> Flow[Answer]:
    """Ask once, and wait no longer than that for an answer: the caller repeats it."""
    once, hurried = without_retries(session, options, longest)
    return once.call(Call(method=method, url=url, options=hurried))


def without_retries(
    session: Session, options: CallOptions, longest: float
) -> tuple[Session, CallOptions]:
    """Return what asks once, and waits no longer than so many seconds for an answer."""
    once = replace(session, retry=replace(session.retry, max_retries=0, max_rate_limit_retries=0))
    given = session.timeout if options.timeout is None else seconds(options.timeout)
    phases = {name: _least(value, longest) for name, value in given.as_dict().items()}
    return once, replace(options, timeout=httpx.Timeout(**phases))


def _least(value: float | None, longest: float) -> float | None:
    least = longest if value is None else min(value, longest)
    return None if least == inf else least


def _cancelled(session: Session, url: str, options: CallOptions) -> Flow[str]:
    """Cancel a job, and say what became of it."""
    try:
        check_done((yield from _once(session, "DELETE", url, options, _LAST_WORD)))
    except MedplumError:
        return f"cancelling it failed, so {_GOES_ON}"
    return "it was cancelled"


def cancel_async_job(
    session: Session,
    job: JobReference,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[None]:
    """Ask the server to stop a job."""
    call = Call(method="DELETE", url=job_url(session, job), options=options)
    check_done((yield from session.call(call)))


def job_url(session: Session, job: JobReference) -> str:
    """Return the status URL of a job.

    Raises:
        TypeError: it is neither text nor data.
        ValueError: there is no job in it.
        UnsafeRedirectError: the URL is another server's.
    """
    if isinstance(job, str):
        if "://" in job or job.startswith(("/", session.server.fhir_path)):
            return session.server.below(job)
        return session.server.fhir("job", id_segment(job, "job"), "status")
    if not is_data(job):
        raise TypeError(f"job must be a str, a dict or a model, got {type(job).__name__}")
    members = members_of(job)
    if members.get("resourceType") == "AsyncJob" and members.get("id"):
        return session.server.fhir("job", id_segment(members["id"], "job"), "status")
    location = _diagnostics(members)
    if not location:
        raise ValueError(
            "job must be an id, a status URL, an AsyncJob, or an OperationOutcome with the URL in "
            "issue[0].diagnostics"
        )
    return session.server.locate(location)


def _has_ended(answer: Answer, found: Mapping[str, Any]) -> bool:
    """Say whether there is nothing to wait for: a job that ended, or the result itself."""
    is_job = found.get("resourceType") == "AsyncJob"
    return found.get("status") in _ENDED or (answer.status == HTTPStatus.OK and not is_job)


def _diagnostics(members: Mapping[str, Any]) -> str | None:
    try:
        found = members["issue"][0]["diagnostics"]
    except (LookupError, TypeError):
        return None
    return found if isinstance(found, str) and not re.search(r"\s", found) else None


def _job(answer: Answer, session: Session) -> dict[str, Any]:
    """Return the job, or the manifest; a bulk export in progress is answered without a body."""
    if not answer.content:
        return dict(_ACTIVE)
    decoded = answer.json_or_none()
    if answer.status == HTTPStatus.ACCEPTED and not isinstance(decoded, dict):
        return dict(_ACTIVE)
    return object_of(answer, exact=session.exact_decimals)
