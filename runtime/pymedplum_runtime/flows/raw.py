"""Any path of the server, for what has no method of its own."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

from pymedplum_runtime.client.calls import Call, CallOptions
from pymedplum_runtime.client.results import accepted_job
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import RequestOptions
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.http.headers import header
from pymedplum_runtime.http.wire import FHIR_JSON, FORM, encode_form
from pymedplum_runtime.models.strict_json import encode
from pymedplum_runtime.search.query import encode_query, query_string

_KNOWN = frozenset(RequestOptions.__annotations__)


def get(session: Session, path: str, **kwargs: Any) -> Flow[Any]:  # noqa: ANN401 - RequestOptions
    """Make a GET request."""
    return _request(session, "GET", path, None, kwargs)


def post(session: Session, path: str, json: Any = None, **kwargs: Any) -> Flow[Any]:  # noqa: ANN401 - JSON, RequestOptions
    """Make a POST request."""
    return _request(session, "POST", path, json, kwargs)


def put(session: Session, path: str, json: Any = None, **kwargs: Any) -> Flow[Any]:  # noqa: ANN401 - JSON, RequestOptions
    """Make a PUT request."""
    return _request(session, "PUT", path, json, kwargs)


def delete(session: Session, path: str, **kwargs: Any) -> Flow[Any]:  # noqa: ANN401 - RequestOptions
    """Make a DELETE request."""
    return _request(session, "DELETE", path, None, kwargs)


def _request(
    session: Session, method: str, path: str, json: object, options: Mapping[str, Any]
) -> Flow[Any]:
    unknown = options.keys() - _KNOWN
    if unknown:
        known, given_too = ", ".join(sorted(_KNOWN)), ", ".join(sorted(unknown))
        raise TypeError(f"{method.lower()}() takes {known} besides the path; not {given_too}")
    given = cast("RequestOptions", options)
    url = session.server.below(path)
    query = query_string(encode_query(given.get("params")))
    if query:
        url += ("&" if "?" in url else "?") + query
    body, content_type = _body(json, given)
    call = Call(
        method=method,
        url=url,
        body=body,
        content_type=content_type,
        options=CallOptions(
            headers=given.get("headers"),
            on_behalf_of=given.get("on_behalf_of"),
            timeout=given.get("timeout"),
        ),
    )
    answer = yield from session.call(call)
    if answer.status == HTTPStatus.ACCEPTED:
        return accepted_job(answer)
    if answer.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
        return None
    return answer.json(exact=session.exact_decimals)


def _body(json: object, given: RequestOptions) -> tuple[object, str]:
    content, form = given.get("content"), given.get("data")
    if sum(each is not None for each in (json, content, form)) > 1:
        raise TypeError("give one of json, content and data")
    if form is not None:
        return encode_form(form), FORM
    if content is not None:
        if header(given.get("headers"), "Content-Type") is None:
            raise TypeError("with content, give its Content-Type in headers")
        return content, FHIR_JSON
    return (None if json is None else encode(json)), FHIR_JSON
