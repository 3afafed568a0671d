"""Methods that are one request, told by a table of the endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import (
    accepted_job,
    check_as_fhir,
    check_done,
    json_or_text,
    resource_of,
)
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.flows.parameters import each_of, typed_parameter
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.http.urls import id_segment, plain_segment
from pymedplum_runtime.http.wire import FHIR_JSON, FORM, JSON, Answer, encode_form
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.search.query import encode_query
from pymedplum_runtime.search.values import search_value

Place = Literal["path", "query", "header", "body", "parameters"]
Result = Literal["resource", "json", "text", "bytes", "any", "none"]

_ACCEPTED = 202


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an endpoint: its name in Python and on the wire, and where it goes."""

    name: str
    wire: str
    place: Place
    type: str = ""
    """The FHIR type, of a parameter of an operation; empty for one that has parts."""
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint of the server."""

    method: str
    path: str
    """Below the FHIR base URL, or else below the base URL; `{name}` is a path parameter."""
    is_fhir: bool
    parameters: tuple[Parameter, ...] = ()
    content_type: str | None = None
    result: Result = "json"
    replay_safe: bool | None = None


def call(
    session: Session,
    endpoint: Endpoint,
    values: Mapping[str, Any],
    *,
    as_fhir: type[FHIRModel] | None = None,
    prefer_async: bool = False,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Make the request of an endpoint, and return what its table says."""
    check_as_fhir(as_fhir)
    base = session.server.fhir if endpoint.is_fhir else session.server.plain
    is_json = endpoint.result == "json"
    answer = yield from session.call(
        Call(
            method=endpoint.method,
            url=base(_path(session, endpoint, values), query=_query(endpoint, values)),
            body=_body(endpoint, values),
            content_type=endpoint.content_type or (FHIR_JSON if endpoint.is_fhir else JSON),
            accept=JSON if is_json else FHIR_JSON if endpoint.result == "resource" else "*/*",
            options=options.with_headers(_headers(endpoint, values, prefer_async=prefer_async)),
            replay_safe=endpoint.replay_safe,
        )
    )
    return _result(session, endpoint, answer, as_fhir)


def _path(session: Session, endpoint: Endpoint, values: Mapping[str, Any]) -> str:
    path = endpoint.path
    check = id_segment if endpoint.is_fhir else plain_segment
    for each in _at(endpoint, "path"):
        is_default = each.name == "project_id" and values[each.name] is None
        given = _project_id(session) if is_default else values[each.name]
        path = path.replace(f"{{{each.wire}}}", check(given, each.name))
    return path


def _project_id(session: Session) -> str:
    if session.project_id is None:
        raise ValueError("give project_id here, or construct the client with project_id=")
    return session.project_id


def _query(endpoint: Endpoint, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    in_query = [p for p in endpoint.parameters if p.place == "query"]
    if endpoint.method == "GET":
        in_query += _at(endpoint, "parameters")
    return [pair for p in in_query for pair in _pairs(p, values.get(p.name))]


def _pairs(parameter: Parameter, value: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - any value
    if not parameter.wire:  # a whole query
        return encode_query(value)
    given = each_of(value)
    if not parameter.repeats and len(given) > 1:
        given = [tuple(given)]  # alternatives, joined by commas
    return [(parameter.wire, search_value(each, name=parameter.name)) for each in given]


def _body(endpoint: Endpoint, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any body
    body = next((values.get(p.name) for p in _at(endpoint, "body")), None)
    in_parameters = _at(endpoint, "parameters")
    if endpoint.content_type == FORM and isinstance(body, Mapping):
        return encode_form(cast("Mapping[str, str]", body)).decode()
    if endpoint.method == "GET" or not in_parameters:
        return body
    parameter = [
        part for p in in_parameters for part in typed_parameter(p.wire, p.type, values.get(p.name))
    ]
    return {"resourceType": "Parameters", "parameter": parameter} if parameter else None


def _headers(
    endpoint: Endpoint, values: Mapping[str, Any], *, prefer_async: bool
) -> dict[str, str | None]:
    given = {p.wire: values.get(p.name) for p in _at(endpoint, "header")}
    headers = {name: str(value) for name, value in given.items() if value is not None}
    return {**headers, **({"Prefer": "respond-async"} if prefer_async else {})}


def _at(endpoint: Endpoint, place: Place) -> list[Parameter]:
    return [each for each in endpoint.parameters if each.place == place]


def _result(
    session: Session, endpoint: Endpoint, answer: Answer, as_fhir: type[FHIRModel] | None
) -> Any:  # noqa: ANN401 - as the table says
    if answer.status == _ACCEPTED:
        return accepted_job(answer, as_fhir)
    if endpoint.result == "resource":
        return resource_of(session, answer, as_fhir)
    if endpoint.result == "json":
        return answer.json(exact=session.exact_decimals)
    if endpoint.result == "any":
        return json_or_text(answer, exact=session.exact_decimals)
    if endpoint.result == "text":
        return answer.text()
    if endpoint.result == "none" and endpoint.is_fhir:
        check_done(answer)
    return answer.content if endpoint.result == "bytes" else None
