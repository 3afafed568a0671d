"""The request of a search, and the bundle that answers it."""

from typing import Any

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import object_of
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.http.urls import type_segment
from pymedplum_runtime.http.wire import FORM, Answer
from pymedplum_runtime.search.query import query_string

Pairs = list[tuple[str, str]]

LONGEST_QUERY = 4000  # characters; longer ones are posted, since proxies refuse long URLs


def search_call(
    session: Session,
    resource_type: str,
    pairs: Pairs,
    options: CallOptions = NO_OPTIONS,
) -> Call:
    """Return the call that searches: a GET, or a POST where the URL would be too long."""
    checked = type_segment(resource_type)
    form = query_string(pairs)
    is_long = len(form) > LONGEST_QUERY
    return Call(
        method="POST" if is_long else "GET",
        url=session.server.fhir(*([checked, "_search"] if is_long else [checked]))
        + (f"?{form}" if form and not is_long else ""),
        body=form if is_long else None,
        content_type=FORM,
        options=options,
        is_read=True,
    )


def searchset(answer: Answer, *, exact: bool) -> dict[str, Any]:
    """Return the bundle that a search was answered with.

    Raises:
        MedplumError: it is no bundle.
    """
    bundle = object_of(answer, exact=exact)
    if bundle.get("resourceType", "Bundle") != "Bundle":
        raise MedplumError("the server answered the search with something that is no Bundle")
    return bundle


def cuts_down(pairs: Pairs) -> bool:
    """Say whether a search asks for parts of resources, which are no valid resources."""
    return any(
        name == "_elements" or (name == "_summary" and text != "false") for name, text in pairs
    )
