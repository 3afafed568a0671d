"""Create, read, patch and delete single resources, and their history."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import check_as_fhir, check_done, object_of, resource_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import Query, ResourceLike
from pymedplum_runtime.client.write_validation import Validate
from pymedplum_runtime.flows.bodies import body_of, entity_tag
from pymedplum_runtime.flows.capabilities import preflight
from pymedplum_runtime.flows.conditions import if_none_exist_query, selects
from pymedplum_runtime.flows.patches import patch_resource
from pymedplum_runtime.flows.references import read_reference, resolve_references
from pymedplum_runtime.flows.validation import before_writing, validate_resource
from pymedplum_runtime.http.flow import Flow, after_writing
from pymedplum_runtime.http.urls import id_segment, type_segment
from pymedplum_runtime.http.wire import Answer
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.search.query import encode_query
from pymedplum_runtime.times import to_utc

__all__ = [
    "create_resource",
    "create_resource_if_none_exist",
    "delete_resource",
    "delete_resources_matching",
    "patch_resource",
    "read_reference",
    "read_resource",
    "read_resource_if_modified",
    "resolve_references",
    "resource_history",
    "upsert_resource",
    "validate_resource",
    "vread_resource",
]

Headers = Mapping[str, str | None]
As = type[FHIRModel]


def create_resource(
    session: Session,
    resource: ResourceLike,
    *,
    accounts: str | Sequence[str] | None = None,
    as_fhir: As | None = None,
    validate: Validate | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Create a resource, and return it as the server stored it."""
    body = body_of(resource, accounts)
    check_as_fhir(as_fhir, body.resource_type)
    call = Call(
        method="POST",
        url=session.server.fhir(body.resource_type),
        body=body.value,
        options=options,
    )
    condition = parse_qsl(options.header("If-None-Exist") or "", keep_blank_values=True)
    yield from preflight(session, body.resource_type, condition, options)
    yield from before_writing(session, body.value, validate, options)
    answer = yield from session.call(call)
    return (yield from _stored(session, call, answer, as_fhir))


def create_resource_if_none_exist(
    session: Session,
    resource: ResourceLike,
    if_none_exist: str,
    *,
    accounts: str | Sequence[str] | None = None,
    as_fhir: As | None = None,
    validate: Validate | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Create a resource unless one matches, and return whichever there is then."""
    query = if_none_exist_query(session, if_none_exist)
    return create_resource(
        session,
        resource,
        accounts=accounts,
        as_fhir=as_fhir,
        validate=validate,
        options=options.with_headers({"If-None-Exist": query}),
    )


def _stored(session: Session, call: Call, answer: Answer, as_fhir: As | None) -> Flow[Any]:
    """Return the stored resource; read it where the server answered without a body."""
    location = answer.headers.get("Location")
    if answer.content or answer.status != HTTPStatus.CREATED or not location:
        return resource_of(session, answer, as_fhir)
    return (yield from after_writing(_read_back(session, call, location, as_fhir)))


def _read_back(session: Session, call: Call, location: str, as_fhir: As | None) -> Flow[Any]:
    url = session.server.locate(location).partition("/_history/")[0]
    again = Call(method="GET", url=url, options=call.options.without_headers())
    return resource_of(session, (yield from session.call(again)), as_fhir)


def read_resource(
    session: Session,
    resource_type: str,
    resource_id: str,
    as_fhir: As | None = None,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Read a resource."""
    check_as_fhir(as_fhir, resource_type)
    url = session.server.fhir(type_segment(resource_type), id_segment(resource_id))
    call = Call(method="GET", url=url, options=options)
    return resource_of(session, (yield from session.call(call)), as_fhir)


def read_resource_if_modified(
    session: Session,
    resource_type: str,
    resource_id: str,
    as_fhir: As | None = None,
    *,
    version_id: str | None = None,
    since: str | datetime | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Read a resource where it is not the one that the caller has; `None` where it is."""
    if (version_id is None) == (since is None):
        raise ValueError("give either version_id or since")
    if version_id is not None:
        tag = f'W/"{id_segment(version_id, "version_id")}"'
        options = options.with_headers({"If-None-Match": tag})
    if since is not None:
        options = options.with_headers({"If-Modified-Since": _http_date(since)})
    return read_resource(
        session,
        resource_type,
        resource_id,
        as_fhir,
        options=options,
    )


def _http_date(since: str | datetime) -> str:
    instant = to_utc(since) if isinstance(since, str) else since
    if instant.tzinfo is None:
        raise ValueError("since must have a time zone: datetime(..., tzinfo=timezone.utc)")
    return format_datetime(instant.astimezone(timezone.utc), usegmt=True)


def vread_resource(
    session: Session,
    resource_type: str,
    resource_id: str,
    version_id: str,
    as_fhir: As | None = None,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Read one version of a resource."""
    check_as_fhir(as_fhir, resource_type)
    url = session.server.fhir(
        type_segment(resource_type),
        id_segment(resource_id),
        "_history",
        id_segment(version_id, "version_id"),
    )
    call = Call(method="GET", url=url, options=options)
    return resource_of(session, (yield from session.call(call)), as_fhir)


def resource_history(
    session: Session,
    resource_type: str | None = None,
    resource_id: str | None = None,
    *,
    since: str | datetime | None = None,
    count: int | None = None,
    offset: int | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Return the versions of a resource, of a type, or of everything, newest first."""
    if resource_id is not None and resource_type is None:
        raise ValueError("resource_id needs resource_type")
    segments = [] if resource_type is None else [type_segment(resource_type)]
    if resource_id is not None:
        segments.append(id_segment(resource_id))
    query = encode_query({"_since": since, "_count": count, "_offset": offset})
    call = Call(
        method="GET",
        url=session.server.fhir(*segments, "_history", query=query),
        options=options,
    )
    return object_of((yield from session.call(call)), exact=session.exact_decimals)


def delete_resource(
    session: Session,
    resource_type: str,
    resource_id: str,
    *,
    if_match: str | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[None]:
    """Delete a resource; its history stays."""
    given = options.header("If-Match")
    tag = if_match if given is None else given
    if tag is not None:
        options = options.with_headers({"If-Match": entity_tag(tag)})
    url = session.server.fhir(type_segment(resource_type), id_segment(resource_id))
    check_done((yield from session.call(Call(method="DELETE", url=url, options=options))))


def delete_resources_matching(
    session: Session,
    resource_type: str,
    query: Query,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[None]:
    """Delete the one resource that matches a search."""
    pairs = _criteria(query)
    url = session.server.fhir(type_segment(resource_type), query=pairs)
    yield from preflight(session, resource_type, pairs, options)
    check_done((yield from session.call(Call(method="DELETE", url=url, options=options))))


def upsert_resource(
    session: Session,
    resource: ResourceLike,
    query: Query,
    *,
    accounts: str | Sequence[str] | None = None,
    as_fhir: As | None = None,
    validate: Validate | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Update the resource that matches a search, or create it where none does."""
    body = body_of(resource, accounts)
    check_as_fhir(as_fhir, body.resource_type)
    pairs = _criteria(query)
    call = Call(
        method="PUT",
        url=session.server.fhir(body.resource_type, query=pairs),
        body=body.value,
        options=options,
    )
    yield from preflight(session, body.resource_type, pairs, options)
    yield from before_writing(session, body.value, validate, options)
    answer = yield from session.call(call)
    return (yield from _stored(session, call, answer, as_fhir))


def _criteria(query: Query) -> list[tuple[str, str]]:
    pairs = encode_query(query)
    if not selects(pairs):
        raise ValueError("query must select: a search parameter with a value, or all would match")
    return pairs
