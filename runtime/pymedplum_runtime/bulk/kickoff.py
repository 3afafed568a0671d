"""Starting an export, and coming back to one that runs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from pymedplum_runtime.bulk.parameters import (
    ExportMethod,
    KickOff,
    PatientReference,
    TypeFilter,
    kick_off,
    level_segments,
)
from pymedplum_runtime.bulk.state import ExportState
from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import accepted_job
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import BulkExportError
from pymedplum_runtime.flows.jobs import job_url
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.http.wire import Answer


def bulk_export(  # noqa: PLR0913 - the operation's parameters
    session: Session,
    level: str = "system",
    *,
    types: str | Sequence[str] | None = None,
    since: str | datetime | None = None,
    until: str | datetime | None = None,
    type_filter: TypeFilter | Sequence[TypeFilter] | None = None,
    elements: str | Sequence[str] | None = None,
    patient: PatientReference | Sequence[PatientReference] | None = None,
    include_associated_data: str | Sequence[str] | None = None,
    output_format: str | None = None,
    method: ExportMethod = "auto",
    lenient: bool = False,
    options: CallOptions = NO_OPTIONS,
) -> Flow[ExportState]:
    """Ask the server to export.

    Raises:
        BulkExportError: the server does not name a status URL.
        UnsafeRedirectError: the status URL is another server's; nothing was sent there.
        MedplumError: the server refuses.
        TypeError: an argument is of another type.
        ValueError: an argument cannot be what it is given as.
    """
    segments = level_segments(level)
    asked = kick_off(
        types=types,
        since=since,
        until=until,
        type_filter=type_filter,
        elements=elements,
        patient=patient,
        include_associated_data=include_associated_data,
        output_format=output_format,
    )
    chosen = asked.method(method, is_group=segments[:1] == ("Group",))
    # Medplum compares the header as a whole, so nothing stands beside it unless it must.
    prefer = "respond-async, handling=lenient" if lenient else "respond-async"
    call = _call(session, segments, asked, chosen, options.with_headers({"Prefer": prefer}))
    answer = yield from session.call(call)
    return _started(session, _status_url(session, answer), options)


def attach_bulk_export(
    session: Session, status_url: str, *, options: CallOptions = NO_OPTIONS
) -> Flow[ExportState]:
    """Take up an export by its status URL; nothing is sent before the job is asked for something.

    Raises:
        UnsafeRedirectError: the URL is another server's.
        TypeError: it is no text.
        ValueError: it is no URL.
    """
    return _started(session, session.server.below(status_url), options)
    yield  # a flow like the other, so that both methods are built alike


def _call(
    session: Session, segments: tuple[str, ...], asked: KickOff, method: str, options: CallOptions
) -> Call:
    if method == "POST":
        url = session.server.fhir(*segments, "$export")
        body = asked.as_parameters()
        return Call(method="POST", url=url, body=body, options=options, replay_safe=False)
    url = session.server.fhir(*segments, "$export", query=asked.pairs)
    return Call(method="GET", url=url, options=options, replay_safe=False)


def _status_url(session: Session, answer: Answer) -> str:
    """Return what `Content-Location` names, or else the body, where Medplum repeats it."""
    if answer.status != HTTPStatus.ACCEPTED:
        raise BulkExportError(
            f"the export did not start: the server answered {answer.status} where 202 was due",
            answer.status,
        )
    location = answer.headers.get("Content-Location", "").strip()
    if location:
        return session.server.locate(location)
    try:
        return job_url(session, accepted_job(answer))
    except ValueError:
        pass  # its text speaks of arguments
    raise BulkExportError("the server accepted the export, but names no status URL", answer.status)


def _started(session: Session, status_url: str, options: CallOptions) -> ExportState:
    """Keep for whom the export runs: a later request may be made outside of the context."""
    acting = session.acting.resolve(options.without_headers().on_behalf_of) or ""
    later = replace(options.without_headers(), on_behalf_of=acting)
    return ExportState(session, status_url, later)
