"""FHIR operations by name, and the two of Medplum's that have parameters of their own."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal, cast

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import (
    accepted_job,
    check_as_fhir,
    check_done,
    object_of,
    resource_of,
)
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import ResourceLike
from pymedplum_runtime.flows.bodies import account_references
from pymedplum_runtime.flows.parameters import as_parameters
from pymedplum_runtime.flows.throttled import RESPOND_ASYNC
from pymedplum_runtime.helpers.members import is_data
from pymedplum_runtime.helpers.references import parse_reference
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.http.urls import id_segment, operation_segment, type_segment
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.search.query import encode_query

# Operations of FHIR that change nothing, whatever their method; $closure keeps state.
_HARMLESS = frozenset(
    {"$everything", "$expand", "$lookup", "$match", "$subsumes", "$summary"}
    | {"$translate", "$validate", "$validate-code"}
)


def execute_operation(
    session: Session,
    resource_type: str | None,
    operation: str,
    resource_id: str | None = None,
    params: Mapping[str, Any] | ResourceLike | None = None,
    *,
    method: Literal["GET", "POST"] = "POST",
    wrap_params: bool = False,
    as_fhir: type[FHIRModel] | None = None,
    prefer_async: bool = False,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Run an operation on a resource, a type or, without a type, the whole system."""
    check_as_fhir(as_fhir)
    if method not in {"GET", "POST"}:
        raise ValueError("method must be GET or POST")
    name = operation_segment(operation)
    segments = [type_segment(resource_type)] if resource_type else []
    if resource_id is not None:
        if not segments:
            raise ValueError("resource_id needs resource_type")
        segments.append(id_segment(resource_id))
    is_get = method == "GET"
    call = Call(
        method=method,
        url=session.server.fhir(*segments, name, query=_query(params) if is_get else ()),
        body=None if is_get else _body(params, wrap_params=wrap_params),
        options=options.with_headers(RESPOND_ASYNC) if prefer_async else options,
        is_read=name in _HARMLESS,
    )
    return resource_of(session, (yield from session.call(call)), as_fhir)


def _query(params: object) -> list[tuple[str, str]]:
    if params is None:
        return []
    if not isinstance(params, Mapping) or "resourceType" in params:
        raise TypeError("with method='GET', params must be a dict of query parameters")
    return encode_query(cast("Mapping[str, Any]", params))


def _body(params: object, *, wrap_params: bool) -> object:
    if params is None:
        return None
    if not is_data(params):
        raise TypeError(f"params must be a dict or a model, got {type(params).__name__}")
    if not wrap_params:
        return params
    if not isinstance(params, Mapping) or "resourceType" in params:
        raise TypeError("with wrap_params=True, params must be a dict of names and values")
    return as_parameters(params)


def set_accounts(
    session: Session,
    resource_ref: str,
    account_refs: str | Sequence[str],
    *,
    propagate: bool = False,
    prefer_async: bool = False,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Assign a resource, and with `propagate` its compartment, to accounts."""
    resource_type, resource_id = parse_reference(resource_ref)
    if not account_refs:
        raise ValueError(
            "account_refs must not be empty: that would take the resource from all its accounts; "
            'where you mean it, use execute_operation(..., "set-accounts", ...) without accounts'
        )
    accounts = account_references(account_refs)
    parameter: list[dict[str, Any]] = [
        {"name": "accounts", "valueReference": each} for each in accounts
    ]
    if propagate:
        parameter.append({"name": "propagate", "valueBoolean": True})
    call = Call(
        method="POST",
        url=session.server.fhir(
            type_segment(resource_type), id_segment(resource_id), "$set-accounts"
        ),
        body={"resourceType": "Parameters", "parameter": parameter},
        options=options.with_headers(RESPOND_ASYNC) if propagate and prefer_async else options,
    )
    answer = yield from session.call(call)
    return accepted_job(answer) if answer.status == HTTPStatus.ACCEPTED else object_of(answer)


def expunge_resource(
    session: Session,
    resource_type: str,
    resource_id: str,
    everything: bool = False,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any] | None]:
    """Remove a resource and its history for good; `None`, or the job that does it."""
    query = [("everything", "true")] if everything else []
    call = Call(
        method="POST",
        url=session.server.fhir(
            type_segment(resource_type), id_segment(resource_id), "$expunge", query=query
        ),
        options=options,
    )
    answer = yield from session.call(call)
    if answer.status == HTTPStatus.ACCEPTED:
        return accepted_job(answer)
    check_done(answer)
    return None
