"""GraphQL: one request for what many reads would give.

https://graphql.org/learn/serving-over-http/
"""

import re
from collections.abc import Mapping
from typing import Any

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import object_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.http.wire import JSON

_WRITES = re.compile(r"\b(?:mutation|subscription)\b")


def execute_graphql(
    session: Session,
    query: str,
    variables: Mapping[str, Any] | None = None,
    *,
    options: CallOptions = NO_OPTIONS,
) -> Flow[dict[str, Any]]:
    """Run a query; errors of single fields are in the result, beside the data."""
    if not isinstance(query, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"query must be a str, got {type(query).__name__}")
    if not query.strip():
        raise ValueError("query must not be empty")
    body = {"query": query} if variables is None else {"query": query, "variables": variables}
    call = Call(
        method="POST",
        url=session.server.fhir("$graphql"),
        body=body,
        content_type=JSON,
        options=options,
        is_read=not _WRITES.search(query),
    )
    return object_of((yield from session.call(call)), exact=session.exact_decimals)
