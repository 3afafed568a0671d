"""All pages of a search, one at a time."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

from pydantic import ValidationError

from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.results import check_as_fhir, read_as
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import OnError, Query
from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.flows.capabilities import preflight
from pymedplum_runtime.flows.searchsets import cuts_down, search_call, searchset
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.models.package import package_of
from pymedplum_runtime.search.pages import is_cut_down, search_page
from pymedplum_runtime.search.query import encode_query
from pymedplum_runtime.search.reading import read_model

As = type[FHIRModel]
MOST_EMPTY_PAGES = 100  # in a row; a server may filter a page down to nothing


def search_resource_pages(
    session: Session,
    resource_type: str,
    query: Query | None = None,
    as_fhir: As | None = None,
    *,
    max_resources: int | None = None,
    page_size: int | None = None,
    included: bool = False,
    on_error: OnError | None = None,
    options: CallOptions = NO_OPTIONS,
) -> "SearchPages":
    """Prepare the reading of all pages; nothing is sent before the first item is asked for."""
    check_as_fhir(as_fhir, resource_type)
    pairs = encode_query(query)
    if page_size is not None:
        _check_positive(page_size, "page_size")
        pairs = [*(pair for pair in pairs if pair[0] != "_count"), ("_count", str(page_size))]
    if max_resources is not None:
        _check_positive(max_resources, "max_resources")
    acting = session.acting.resolve(options.on_behalf_of) or ""
    return SearchPages(
        session,
        search_call(session, resource_type, pairs, replace(options, on_behalf_of=acting)),
        Reader(None if cuts_down(pairs) else as_fhir, included=included, on_error=on_error),
        max_resources,
        preflight(session, resource_type, pairs, options),
    )


def _check_positive(number: int, name: str) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"{name} must be a whole number, 1 or more")


class Reader:
    """Turns the resources of a page into what the caller iterates over."""

    def __init__(self, as_fhir: As | None, *, included: bool, on_error: OnError | None) -> None:
        self.as_fhir = as_fhir
        self._wants_included = included
        self._on_error = on_error

    def read(self, matches: list[dict[str, Any]], included: list[dict[str, Any]]) -> Iterator[Any]:
        """Give the matches, then what they include where that is wanted."""
        cls = self.as_fhir
        wanted = [*matches, *included] if self._wants_included else matches
        if cls is None:
            yield from wanted
            return
        for resource in wanted:
            try:
                yield self._typed(resource, cls)
            except ValidationError as error:
                if self._on_error is None:
                    raise
                self._on_error(error, resource)

    def _typed(self, resource: dict[str, Any], cls: As) -> Any:  # noqa: ANN401 - of any type
        if is_cut_down(resource):
            return resource
        if resource.get("resourceType") == cls.__resource_type__:
            return read_model(cls, resource)
        if self._wants_included:
            return package_of(cls).parse_resource(resource, extra="allow")
        return read_as(resource, cls)


class SearchPages:
    """The pages of one search: follows `next` links of the same server, none of them twice."""

    def __init__(
        self,
        session: Session,
        first: Call,
        reader: Reader,
        max_resources: int | None,
        check: Flow[None],
    ) -> None:
        self._session = session
        self._check = check
        self._call: Call | None = first
        self._link: str | None = None
        self._reader = reader
        self._left = max_resources
        self._seen: set[int] = set()
        self._empty_pages = 0

    @property
    def has_next(self) -> bool:
        """Whether there may be another page."""
        return self._call is not None

    def next_page(self) -> Flow[Iterator[Any]]:
        """Fetch the next page; its items become models one by one, so that few are held."""
        yield from self._check  # before the first page; it is over then
        call, self._call = self._located(), None
        if hash(call.url) in self._seen:
            raise MedplumError(
                "the server's next link leads back to a page that was read; the results so far "
                "are not complete"
            )
        self._seen.add(hash(call.url))
        exact = self._session.exact_decimals or self._reader.as_fhir is not None
        page = searchset((yield from self._session.call(call)), exact=exact)
        matches, included, link = search_page(page)
        items = self._reader.read(matches[: self._left], included)
        self._go_on(call, link, len(matches))
        return items

    def _located(self) -> Call:
        """Return the next call; a link is looked at once its page is asked for."""
        call = cast("Call", self._call)
        if self._link is None:
            return call
        url = self._session.server.locate(self._link, call.url)
        return replace(call, method="GET", url=url, body=None)

    def _go_on(self, call: Call, link: str | None, found: int) -> None:
        self._empty_pages = 0 if found else self._empty_pages + 1
        if self._left is not None:
            self._left -= min(found, self._left)
        if link is None or self._left == 0:
            return
        if self._empty_pages > MOST_EMPTY_PAGES:
            raise MedplumError(
                f"the server gave {self._empty_pages} pages without a match in a row"
            )
        self._call, self._link = call, link
