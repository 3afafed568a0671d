"""Asking how far an export is, waiting for its end, ending it.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-status-request
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TypeAlias

from pymedplum_runtime.bulk.manifest import Manifest, joined, next_link, read_manifest
from pymedplum_runtime.bulk.state import ExportState, ExportStatus
from pymedplum_runtime.client.calls import Call, CallOptions
from pymedplum_runtime.client.options import not_negative
from pymedplum_runtime.client.results import check_done
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import (
    AsyncJobTimeoutError,
    AuthenticationError,
    AuthorizationError,
    BulkExportError,
    MedplumError,
    NetworkError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TokenRefreshCooldownError,
)
from pymedplum_runtime.flows.jobs import without_retries
from pymedplum_runtime.http.flow import Flow, Invoke, Sleep
from pymedplum_runtime.http.limits import retry_after
from pymedplum_runtime.http.retry import GATEWAY_ERRORS
from pymedplum_runtime.http.timeouts import LONGEST
from pymedplum_runtime.http.wire import JSON, Answer
from pymedplum_runtime.outcomes import issue_codes

StatusCallback: TypeAlias = Callable[[ExportStatus], object]

DAY = 24 * 3600.0
_FIRST_PAUSE = 1.0  # seconds, where the server does not say how long
_LONGEST_PAUSE = 60.0
_GROWTH = 1.5
_JITTER = 0.2  # of the pause, at most
_SHORTEST_PAUSE = 0.5  # a server that says "after 0 seconds" is not asked without end
_LAST_LOOK = 1.0  # seconds for an answer when the time is almost over
_MOST_FAILURES = 3  # 5xx in a row that say why: then it is the export that failed
_MOST_PAGES = 10_000
_LONGEST_PROGRESS = 100  # characters: the specification's limit
_PASSING = (NetworkError, RateLimitError, TokenRefreshCooldownError)
_OF_THE_CALLER = (RateLimitError, AuthenticationError, AuthorizationError)
# What the server says of itself, not of the export.
_PASSING_CODES = frozenset({"transient", "throttled", "timeout", "lock-error", "no-store"})


def export_status(state: ExportState) -> Flow[ExportStatus]:
    """Look once.

    Raises:
        MedplumError: the server does not say how the export is.
    """
    return _look(state, _Asker(state.session, state.options))


def fresh_manifest(state: ExportState) -> Flow[Manifest]:
    """Return the manifest as the server gives it now, with links that were signed now.

    Raises:
        BulkExportError: the server has no manifest any more.
        MedplumError: the server does not answer.
    """
    asker = _Asker(state.session, state.options)
    answer = yield from asker.get(state.status_url)
    if answer.status != HTTPStatus.OK:
        raise BulkExportError("the server has no manifest of the export any more", answer.status)
    return (yield from _manifest(asker, state.status_url, answer))


def wait_for_export(
    state: ExportState,
    deadline: float | datetime = DAY,
    *,
    progress: StatusCallback | None = None,
) -> Flow[Manifest]:
    """Ask again and again until the export has ended.

    Raises:
        AsyncJobTimeoutError: the time is over; the export goes on.
        BulkExportError: the export failed, or was cancelled.
        MedplumError: the server does not let us ask.
        TypeError: the deadline is neither a number nor a datetime, or progress is no function.
        ValueError: the deadline is negative, too far away, or has no time zone.
    """
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable, got {type(progress).__name__}")
    clock = state.session.clock
    until = clock.monotonic() + seconds_left(deadline, clock.now())
    pauses, failures = _Pauses(), 0
    while True:
        longest = max(until - clock.monotonic(), _LAST_LOOK)
        status, failure = yield from _survived(state, longest)
        failures = failures + 1 if status.state == "failed" else 0
        if progress is not None and failure is None:
            yield Invoke(progress, (status,))
        _check(status, failures)
        if status.manifest is not None:
            return status.manifest
        left = until - clock.monotonic()
        if left <= 0:
            break
        yield Sleep(min(pauses.next(status.retry_after, clock.random()), left))
    raise AsyncJobTimeoutError(
        "the export did not end before the deadline; it goes on on the server, and its status_url "
        "leads back to it"
    ) from failure


def cancel_export(state: ExportState) -> Flow[None]:
    """End the export; one that the server does not know any more has ended.

    Raises:
        MedplumError: the server refuses.
    """
    call = Call(method="DELETE", url=state.status_url, options=state.options)
    with suppress(NotFoundError):
        check_done((yield from state.session.call(call)))
    state.is_cancelled, state.manifest = True, None


def seconds_left(deadline: float | datetime, now: float) -> float:
    """Return the seconds until a deadline.

    Raises:
        TypeError: it is neither a number nor a datetime.
        ValueError: it is negative, too far away, or has no time zone.
    """
    if isinstance(deadline, datetime):
        if deadline.tzinfo is None:
            raise ValueError("deadline must have a time zone, such as tzinfo=timezone.utc")
        return max(0.0, deadline.timestamp() - now)
    if not_negative(deadline, "deadline") > LONGEST:
        raise ValueError("deadline must be finite: an export can fail to end")
    return float(deadline)


@dataclass(slots=True)
class _Pauses:
    """How long to wait where the server does not say: longer and longer, with chance."""

    length: float = _FIRST_PAUSE

    def next(self, asked: float | None, chance: float) -> float:
        if asked is not None:
            return max(asked, _SHORTEST_PAUSE)
        pause = self.length * (1 + _JITTER * chance)
        self.length = min(self.length * _GROWTH, _LONGEST_PAUSE)
        return pause


@dataclass(frozen=True, slots=True)
class _Asker:
    """How patiently the server is asked."""

    session: Session
    options: CallOptions

    def get(self, url: str) -> Flow[Answer]:
        return self.session.call(Call(method="GET", url=url, accept=JSON, options=self.options))


def _survived(state: ExportState, longest: float) -> Flow[tuple[ExportStatus, MedplumError | None]]:
    """Look once without retries; of a failure that passes, give what it asks for."""
    asker = _Asker(*without_retries(state.session, state.options, longest))
    try:
        return (yield from _look(state, asker)), None
    except MedplumError as error:
        if not _passes(error):
            raise
        pause: float | None = getattr(error, "retry_after", None)
        return ExportStatus("in-progress", state.progress, pause), error


def _look(state: ExportState, asker: _Asker) -> Flow[ExportStatus]:
    if state.manifest is not None:
        return ExportStatus("completed", state.progress, manifest=state.manifest)
    if state.is_cancelled:
        return ExportStatus("cancelled", state.progress)
    try:
        answer = yield from asker.get(state.status_url)
    except MedplumError as error:
        if not _is_of_the_export(error):
            raise
        return ExportStatus("failed", state.progress, error=_failure(error))
    if answer.status == HTTPStatus.ACCEPTED:
        state.progress = _progress(answer) or state.progress
        pause = retry_after(answer.headers.get("Retry-After", ""), state.session.clock.now())
        return ExportStatus("in-progress", state.progress, pause)
    state.manifest = yield from _manifest(asker, state.status_url, answer)
    return ExportStatus("completed", state.progress, manifest=state.manifest)


def _manifest(asker: _Asker, url: str, answer: Answer) -> Flow[Manifest]:
    """Read the manifest of an answer, with all its pages."""
    page = manifest = read_manifest(answer.json_or_none())
    seen = {url}
    while link := next_link(page):
        url = asker.session.server.locate(link, url)
        if url in seen or len(seen) > _MOST_PAGES:
            raise BulkExportError("the pages of the manifest lead in a circle")
        seen.add(url)
        page = read_manifest((yield from asker.get(url)).json_or_none())
        manifest = joined(manifest, page)
    return manifest


def _progress(answer: Answer) -> str | None:
    said: str = answer.headers.get("X-Progress", "")
    shown = "".join(each for each in said[:_LONGEST_PROGRESS] if each.isprintable()).strip()
    return shown or None


def _passes(error: MedplumError) -> bool:
    """Say whether it may be better the next time, whatever becomes of the export."""
    return isinstance(error, (*_PASSING, ServerError)) or _says_it_passes(error)


def _is_of_the_export(error: MedplumError) -> bool:
    """Say whether an answer speaks of the export: a 4xx, or a 5xx that says why."""
    status = error.status_code
    if status is None or isinstance(error, _OF_THE_CALLER) or _says_it_passes(error):
        return False
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return status not in GATEWAY_ERRORS and error.outcome is not None
    return status >= HTTPStatus.BAD_REQUEST


def _says_it_passes(error: MedplumError) -> bool:
    return any(code in _PASSING_CODES for _, code in issue_codes(error.outcome))


def _check(status: ExportStatus, failures: int) -> None:
    """Raise how the export ended, if not well; a 5xx is believed once it was repeated."""
    if status.state == "cancelled":
        raise BulkExportError("the export was cancelled")
    error = status.error
    if error is None:
        return
    is_refused = (error.status_code or 0) < HTTPStatus.INTERNAL_SERVER_ERROR
    if is_refused or failures >= _MOST_FAILURES:
        raise error


def _failure(error: MedplumError) -> BulkExportError:
    codes = sorted({code for _, code in issue_codes(error.outcome) if code})
    why = f" ({', '.join(codes)})" if codes else ""
    known = error.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
    what = "the server does not know the export" if known else "the export failed on the server"
    return BulkExportError(
        f"{what}: HTTP {error.status_code}{why}", error.status_code, error.response_data
    )
