"""Change a resource by a JSON Patch (RFC 6902)."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.flow import Flow
from pymedplum_runtime.client.results import check_as_fhir, resource_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.urls import id_segment, type_segment
from pymedplum_runtime.client.wire import JSON_PATCH
from pymedplum_runtime.errors import PreconditionFailedError, ValidationError
from pymedplum_runtime.flows.bodies import entity_tag
from pymedplum_runtime.models.base import FHIRModel

Headers = Mapping[str, str | None]
As = type[FHIRModel]


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
    """Change a resource by a JSON Patch; a guard becomes the patch's first test."""
    check_as_fhir(as_fhir, resource_type)
    patch = _checked_patch(operations)
    tag = options.header("If-Match") or if_match
    if tag is not None:
        patch.insert(0, _version_test(entity_tag(tag)))
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
        failure = PreconditionFailedError(
            f"the {resource_type} is not in the version that if_match names; nothing was written",
            error.status_code,
            error.response_data,
            possibly_committed=error.possibly_committed,
        )
    else:
        return resource_of(session, answer, as_fhir)
    raise failure


def _version_test(tag: str) -> dict[str, Any]:
    return {"op": "test", "path": "/meta/versionId", "value": tag.removeprefix("W/").strip('"')}


def _checked_patch(operations: Sequence[Mapping[str, Any]]) -> list[Any]:
    if isinstance(operations, str | bytes | Mapping):
        raise TypeError("operations must be a list of JSON Patch operations")
    listed: list[Any] = list(operations)
    for place, each in enumerate(listed):
        if not isinstance(each, Mapping) or "op" not in each or "path" not in each:
            raise ValueError(f"operation {place} of the patch must be a dict with op and path")
    return listed
