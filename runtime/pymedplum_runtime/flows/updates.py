"""Write a resource that was read before, without overwriting anybody else's change."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.flow import Flow, Invoke, after_writing
from pymedplum_runtime.client.results import check_as_fhir, object_of, resource_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import ResourceLike, UpdateResult
from pymedplum_runtime.client.urls import id_segment, type_segment
from pymedplum_runtime.client.wire import Answer, decode_or_none, encode
from pymedplum_runtime.errors import MedplumError, MissingVersionIdError, PreconditionFailedError
from pymedplum_runtime.flows.bodies import body_of, entity_tag, if_match_of, is_stored
from pymedplum_runtime.models.base import FHIRModel

Change = Callable[[dict[str, Any]], ResourceLike | None]


def update_resource(
    session: Session,
    resource: ResourceLike,
    *,
    accounts: str | Sequence[str] | None = None,
    as_fhir: type[FHIRModel] | None = None,
    if_match: bool | str = True,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Write a resource in place of the stored one, guarded by its version."""
    body = body_of(resource, accounts)
    check_as_fhir(as_fhir, body.resource_type)
    url = session.server.fhir(body.resource_type, body.resource_id)
    given = options.header("If-Match")
    tag = if_match_of(body, if_match) if given is None else entity_tag(given, "If-Match")
    call = Call(
        method="PUT",
        url=url,
        body=body.value,
        options=options if tag is None else options.with_headers({"If-Match": tag}),
    )
    answer = yield from guarded(session, call)
    return resource_of(session, answer, as_fhir)


def guarded(session: Session, call: Call) -> Flow[Answer]:
    """Make a guarded write whose answer may have been lost once.

    Repeated after a lost answer, a write that succeeded meets its own new version: 412. So the
    stored resource is compared with what was sent before the write is called a failure.
    """
    try:
        return (yield from session.call(call))
    except PreconditionFailedError as error:
        if not error.possibly_committed:
            raise
        failure = error
    read = Call(method="GET", url=call.url, options=call.options.without_headers())
    answer = yield from after_writing(session.call(read))
    sent = call.content()
    if isinstance(sent, bytes) and is_stored(decode_or_none(sent), answer.json_or_none()):
        return answer
    raise failure


def update_with_retry(
    session: Session,
    resource_type: str,
    resource_id: str,
    mutator: Change,
    *,
    max_retries: int = 1,
    force: bool = False,
    options: CallOptions = NO_OPTIONS,
) -> Flow[UpdateResult]:
    """Read, change and write a resource; again where somebody else was faster."""
    if not callable(mutator):
        raise TypeError(f"mutator must be callable, got {type(mutator).__name__}")

    def change(stored: dict[str, Any]) -> Flow[ResourceLike | None]:
        copy = deepcopy(stored)
        changed: ResourceLike | None = yield Invoke(mutator, (copy,))
        if changed is None and copy != stored:
            raise ValueError("mutator changed the resource and returned None; return the resource")
        return None if not force and _is_equal(changed, stored) else changed

    read = Call(
        method="GET",
        url=session.server.fhir(type_segment(resource_type), id_segment(resource_id)),
        options=options,
    )
    # Equal content may be another's equal change, an increment say: here it proves nothing.
    return (yield from rewritten(session, read, change, max_retries, write=Session.call))


def _is_equal(changed: ResourceLike | None, stored: dict[str, Any]) -> bool:
    """Say whether there is nothing to write: a dict or a model with the same content."""
    if changed is None or isinstance(changed, Mapping):
        return changed == stored
    return bool(decode_or_none(encode(body_of(changed).value)) == decode_or_none(encode(stored)))


def rewritten(
    session: Session,
    read: Call,
    change: Callable[[dict[str, Any]], Flow[ResourceLike | None]],
    max_retries: int,
    write: Callable[[Session, Call], Flow[Answer]] = guarded,
) -> Flow[UpdateResult]:
    """Read a resource, change it, and write it guarded by the version that was read.

    Args:
        session: of the client.
        read: the call that reads it; the write goes to the same URL for the same membership.
        change: returns what to write, or `None` to write nothing.
        max_retries: how often all of this is repeated after a 412.
        write: makes the call that writes.
    """
    if isinstance(max_retries, bool) or not isinstance(max_retries, int) or max_retries < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError("max_retries must be a whole number, 0 or more")
    while True:
        stored = _resource_in((yield from session.call(read)), exact=session.exact_decimals)
        changed = yield from change(stored)
        if changed is None:
            version = body_of(stored).version_id or ""
            return UpdateResult(wrote=False, version_id=version, resource=stored)
        try:
            answer = yield from write(session, _write(read, stored, changed))
        except PreconditionFailedError as error:
            if max_retries == 0 or error.possibly_committed:
                raise
            max_retries -= 1
            continue
        return (yield from after_writing(_result(session, read, answer)))


def _result(session: Session, read: Call, answer: Answer) -> Flow[UpdateResult]:
    """Return what was written; read it where the server answered without a body."""
    if not answer.content:
        answer = yield from session.call(read)
    written = _resource_in(answer, exact=session.exact_decimals)
    version = body_of(written).version_id or ""
    return UpdateResult(wrote=True, version_id=version, resource=written)


def _resource_in(answer: Answer, *, exact: bool) -> dict[str, Any]:
    """Return the resource of an answer.

    Raises:
        MedplumError: it is none, or has no id.
    """
    found = object_of(answer, exact=exact)
    try:
        has_id = bool(body_of(found).resource_id)
    except (TypeError, ValueError):
        has_id = False
    if has_id:
        return found
    raise MedplumError(f"the server answered {answer.status} with JSON that is no resource")


def _write(read: Call, stored: dict[str, Any], changed: ResourceLike) -> Call:
    before, after = body_of(stored), body_of(changed, name="the changed resource")
    if (after.resource_type, after.resource_id) != (before.resource_type, before.resource_id):
        raise ValueError("the changed resource must keep its resourceType and id")
    if before.version_id is None:
        raise MissingVersionIdError(
            f"the server gave the {before.resource_type} no meta.versionId to guard the write with"
        )
    return replace(
        read,
        method="PUT",
        body=after.value,
        options=read.options.with_headers({"If-Match": f'W/"{before.version_id}"'}),
    )
