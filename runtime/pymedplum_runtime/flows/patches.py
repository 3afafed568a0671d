"""Change a resource by a JSON Patch (RFC 6902)."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import check_as_fhir, object_of, resource_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import MedplumError, PreconditionFailedError, ValidationError
from pymedplum_runtime.flows.bodies import body_of, entity_tag, version_in, version_test
from pymedplum_runtime.helpers.members import member
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.http.urls import id_segment, type_segment
from pymedplum_runtime.http.wire import JSON_PATCH
from pymedplum_runtime.models.base import FHIRModel

Headers = Mapping[str, str | None]
As = type[FHIRModel]

_FROM, _WITH_VALUE = frozenset({"move", "copy"}), frozenset({"add", "replace", "test"})
_OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")  # RFC 6902, section 4


def patch_resource(
    session: Session,
    resource_type: str,
    resource_id: str,
    operations: Sequence[Mapping[str, Any]],
    *,
    as_fhir: As | None = None,
    if_match: str | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Change a resource by a JSON Patch; a guard becomes the patch's first test.

    Raises:
        PreconditionFailedError: the resource is not in the version that the guard names.
        TypeError: the guard is no text, or the operations are no list.
        ValueError: the guard is no entity tag, or an operation is none.
    """
    check_as_fhir(as_fhir, resource_type)
    patch = _checked_patch(operations)
    has_tests = any(each["op"] == "test" for each in patch)
    tag = _guard(options.header("If-Match"), if_match)
    if tag is not None:
        patch.insert(0, version_test(tag))
    call = Call(
        method="PATCH",
        url=session.server.fhir(type_segment(resource_type), id_segment(resource_id)),
        body=patch,
        content_type=JSON_PATCH,
        options=options.with_headers({"If-Match": tag}),
    )
    try:
        answer = yield from session.call(call)
    except ValidationError as error:
        if tag is None or not (error.detail or "").startswith("Test failed"):
            raise
        if has_tests and not (yield from _has_changed(session, call, tag)):
            raise
        failure = PreconditionFailedError(
            f"the {resource_type} is not in the version that if_match names; nothing was written",
            error.status_code,
            error.response_data,
            possibly_committed=error.possibly_committed,
        )
    else:
        return resource_of(session, answer, as_fhir)
    raise failure


def _guard(header: str | None, if_match: str | None) -> str | None:
    """Return the entity tag of the caller's header, or else of the argument."""
    if header is not None:
        return entity_tag(header, "If-Match")
    return None if if_match is None else entity_tag(if_match)


def _has_changed(session: Session, patch: Call, tag: str) -> Flow[bool]:
    """Say whether the resource is in another version; `False` where it cannot be read."""
    read = Call(method="GET", url=patch.url, options=patch.options.without_headers())
    try:
        answer = yield from session.call(read)
        stored = body_of(object_of(answer))
    except (MedplumError, TypeError, ValueError):
        return False
    return stored.version_id != version_in(tag)


def _checked_patch(operations: Sequence[Mapping[str, Any]]) -> list[Any]:
    if isinstance(operations, str | bytes | Mapping):
        raise TypeError("operations must be a list of JSON Patch operations")
    listed: list[Any] = list(operations)
    for place, each in enumerate(listed):
        op, path = member(each, "op"), member(each, "path")
        if not isinstance(each, Mapping) or op not in _OPERATIONS or not isinstance(path, str):
            raise ValueError(
                f"operation {place} of the patch must be a dict with a path and an op: one of "
                f"{', '.join(_OPERATIONS)}"
            )
        needed = "from" if op in _FROM else "value" if op in _WITH_VALUE else "path"
        if needed not in each or (path and not path.startswith("/")):
            raise ValueError(
                f"operation {place} of the patch: '{op}' needs '{needed}', and a path begins with /"
            )
    return listed
