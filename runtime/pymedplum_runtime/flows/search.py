"""Search: a page, or one match. All pages are `paging`'s."""

from collections.abc import Sequence
from typing import Any

from pymedplum_runtime.client.calls import NO_OPTIONS, CallOptions
from pymedplum_runtime.client.results import check_as_fhir, read_as
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import OnError, Query, SummaryMode, TotalMode
from pymedplum_runtime.flows.capabilities import preflight
from pymedplum_runtime.flows.paging import search_resource_pages
from pymedplum_runtime.flows.searchsets import cuts_down, search_call, searchset
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.search.bundle import FHIRBundle
from pymedplum_runtime.search.pages import is_cut_down, search_page
from pymedplum_runtime.search.query import encode_query, with_options

__all__ = ["search_one", "search_resource_pages", "search_resources", "search_with_options"]

As = type[FHIRModel]


def search_resources(
    session: Session,
    resource_type: str,
    query: Query | None = None,
    return_bundle: bool = False,
    as_fhir: As | None = None,
    *,
    on_error: OnError | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Return the first page of a search."""
    check_as_fhir(as_fhir, resource_type)
    pairs = encode_query(query)
    call = search_call(session, resource_type, pairs, options)
    yield from preflight(session, resource_type, pairs, options)
    answer = yield from session.call(call)
    bundle = searchset(answer, exact=session.exact_decimals)
    if not return_bundle:
        return bundle
    cls = None if cuts_down(pairs) else as_fhir
    if session.exact_decimals:
        return FHIRBundle(bundle, cls, on_error=on_error)
    return FHIRBundle.from_json(answer.content, cls, on_error=on_error)


def search_with_options(
    session: Session,
    resource_type: str,
    query: Query | None = None,
    *,
    summary: SummaryMode | None = None,
    elements: Sequence[str] | None = None,
    total: TotalMode | None = None,
    at: str | None = None,
    count: int | None = None,
    offset: int | None = None,
    sort: str | Sequence[str] | None = None,
    include: str | Sequence[str] | None = None,
    include_iterate: str | Sequence[str] | None = None,
    revinclude: str | Sequence[str] | None = None,
    revinclude_iterate: str | Sequence[str] | None = None,
    return_bundle: bool = False,
    as_fhir: As | None = None,
    on_error: OnError | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Return the first page of a search, with FHIR's result parameters by name."""
    pairs = with_options(
        query,
        summary=summary,
        elements=elements,
        total=total,
        at=at,
        count=count,
        offset=offset,
        sort=sort,
        include=include,
        include_iterate=include_iterate,
        revinclude=revinclude,
        revinclude_iterate=revinclude_iterate,
    )
    return search_resources(
        session,
        resource_type,
        pairs,
        return_bundle,
        as_fhir,
        on_error=on_error,
        options=options,
    )


def search_one(
    session: Session,
    resource_type: str,
    query: Query | None = None,
    *,
    as_fhir: As | None = None,
    options: CallOptions = NO_OPTIONS,
) -> Flow[Any]:
    """Return the first match, or `None`."""
    check_as_fhir(as_fhir, resource_type)
    pairs = with_options(query, count=1)
    call = search_call(session, resource_type, pairs, options)
    yield from preflight(session, resource_type, pairs, options)
    exact = session.exact_decimals or as_fhir is not None
    matches, _, _ = search_page(searchset((yield from session.call(call)), exact=exact))
    if not matches:
        return None
    is_typed = as_fhir is not None and not is_cut_down(matches[0])
    return read_as(matches[0], as_fhir) if as_fhir and is_typed else matches[0]
