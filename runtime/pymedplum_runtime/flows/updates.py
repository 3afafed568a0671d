"""Write a resource that was read before, without overwriting anybody else's change."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import check_as_fhir, object_of, resource_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import ResourceLike, UpdateResult
from pymedplum_runtime.client.write_validation import Validate
from pymedplum_runtime.errors import MedplumError, MissingVersionIdError, PreconditionFailedError
from pymedplum_runtime.flows.bodies import body_of, entity_tag, if_match_of
from pymedplum_runtime.flows.validation import before_writing
from pymedplum_runtime.http.flow import Flow, Invoke, after_writing
from pymedplum_runtime.http.urls import id_segment, type_segment
from pymedplum_runtime.http.wire import Answer, decode_or_none
from pymedplum_runtime.models import codec
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.models.strict_json import encode

Change = Callable[[dict[str, Any]], ResourceLike | None]


def update_resource(
    session: Session,
    resource: ResourceLike,
    *,
    accounts: str | Sequence[str] | None = None,
    as_fhir: type[FHIRModel] | None = None,
    if_match: bool | str = True,
    validate: Validate | None = None,
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
    yield from before_writing(session, body.value, validate, options)
    answer = yield from session.call(call)
    return resource_of(session, answer, as_fhir)


def update_with_retry(
    session: Session,
    resource_type: str,
    resource_id: str,
    mutator: Change,
    *,
    max_retries: int = 1,
    force: bool = False,
    validate: Validate | None = None,
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
    return (yield from rewritten(session, read, change, max_retries, validate=validate))


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
    *,
    is_idempotent: bool = False,
    validate: Validate | None = "off",
) -> Flow[UpdateResult]:
    """Read a resource, change it, and write it guarded by the version that was read.

    Args:
        session: of the client.
        read: the call that reads it; the write goes to the same URL for the same membership.
        change: returns what to write, or `None` to write nothing.
        max_retries: how often all of this is repeated after a 412.
        is_idempotent: whether making the change twice is making it once, so that it is made again
            even where the first write may have succeeded.
        validate: where each version is validated before it is written; `None`: as the client says.
    """
    if isinstance(max_retries, bool) or not isinstance(max_retries, int) or max_retries < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError("max_retries must be a whole number, 0 or more")
    while True:
        answer = yield from session.call(read)
        stored = _resource_in(answer, exact=session.exact_decimals)
        # What the change leaves alone is written back as it was read, to the digit.
        kept = stored if session.exact_decimals else codec.decode_written(answer.content)
        changed = yield from change(kept)
        if changed is None:
            version = body_of(stored).version_id or ""
            return UpdateResult(wrote=False, version_id=version, resource=stored)
        write = _write(read, stored, changed)
        yield from before_writing(session, write.body, validate, read.options)
        try:
            answer = yield from session.call(write)
        except PreconditionFailedError as error:
            if max_retries == 0 or (error.possibly_committed and not is_idempotent):
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
