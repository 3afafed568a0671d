"""Asynchronous jobs: what became of a request that was answered with 202.

https://hl7.org/fhir/R4/async.html
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.flow import Flow, Sleep
from pymedplum_runtime.client.results import check_done, object_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import JobReference
from pymedplum_runtime.client.urls import id_segment
from pymedplum_runtime.client.wire import Answer
from pymedplum_runtime.errors import AsyncJobTimeoutError
from pymedplum_runtime.helpers.members import is_data, members_of

_ENDED = frozenset({"completed", "error", "cancelled"})
_ACTIVE: dict[str, Any] = {"resourceType": "AsyncJob", "status": "active"}


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
    """Ask again and again until the job has ended."""
    if isinstance(poll_interval, bool) or not poll_interval > 0:
        raise ValueError("poll_interval must be a positive number of seconds")
    if timeout is not None and not timeout >= 0:
        raise ValueError("timeout must not be negative; None waits for ever")
    url = job_url(session, job)
    deadline = None if timeout is None else session.clock.monotonic() + timeout
    while True:
        answer = yield from session.call(Call(method="GET", url=url, options=options))
        found = _job(answer, session)
        if _has_ended(answer, found):
            return found
        left = None if deadline is None else deadline - session.clock.monotonic()
        if left is not None and left <= 0:
            break
        yield Sleep(poll_interval if left is None else min(poll_interval, left))
    if cancel_on_timeout:
        check_done((yield from session.call(Call(method="DELETE", url=url, options=options))))
    state = "was cancelled" if cancel_on_timeout else "goes on on the server"
    raise AsyncJobTimeoutError(f"the job did not end within {timeout} s; it {state}")


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
