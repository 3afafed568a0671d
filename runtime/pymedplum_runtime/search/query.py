"""Queries as callers write them, and the pairs and the text that go into a URL."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeAlias, cast
from urllib.parse import parse_qsl, quote

from pymedplum_runtime.search.builder import Search
from pymedplum_runtime.search.options import (
    SummaryMode,
    TotalMode,
    joined,
    summary_text,
    texts,
    total_text,
    whole_number,
)
from pymedplum_runtime.search.parameters import Pairs, check_name, parameter_pairs
from pymedplum_runtime.search.values import search_value

Query: TypeAlias = str | Mapping[str, Any] | Sequence[tuple[str, Any]] | Search
"""A search: a query string, a mapping, pairs of name and value, or a `Search`."""

# RFC 3986, section 3.4: a query may hold these as they are. A pipe it may not.
_READABLE = "$,:/"
_PAIR = 2


def encode_query(query: Query | None) -> Pairs:
    """Return the names and texts of a query in order, not yet percent-encoded.

    Args:
        query: a query string as it stands in a URL, with or without `?` (so `+` is a space in
            it); a mapping or pairs whose values `search_value` reads, where a tuple is
            alternatives, a list repeats the parameter and `None` leaves it out; a `Search`; or
            `None` for no parameters.

    Raises:
        TypeError: a query or a value of another type; the message names the parameter and the
            type.
        ValueError: a name or a value that cannot be one.

    Example:
        >>> encode_query({"family": ("Smith", "Smyth"), "active": True})
        [('family', 'Smith,Smyth'), ('active', 'true')]
    """
    if query is None:
        return []
    if isinstance(query, Search):
        return list(query.pairs)
    if isinstance(query, str):
        return _parsed(query)
    given = list(query.items()) if isinstance(query, Mapping) else _pairs(query)
    return [pair for name, value in given for pair in parameter_pairs(name, value)]


def with_options(  # noqa: PLR0913 - FHIR's result parameters
    query: Query | None,
    *,
    summary: SummaryMode | None = None,
    elements: str | Sequence[str] | None = None,
    total: TotalMode | None = None,
    at: str | datetime | None = None,
    count: int | None = None,
    offset: int | None = None,
    sort: str | Sequence[str] | None = None,
    include: str | Sequence[str] | None = None,
    include_iterate: str | Sequence[str] | None = None,
    revinclude: str | Sequence[str] | None = None,
    revinclude_iterate: str | Sequence[str] | None = None,
) -> Pairs:
    """Return a query's pairs with FHIR's result parameters after them.

    A keyword replaces the parameter of its name in the query; includes add to the query's.

    Raises:
        TypeError: an argument of another type.
        ValueError: a mode that FHIR does not know, a negative number, an empty text.

    Example:
        >>> with_options({"code": "1234-5"}, sort=["-date", "code"], include="Observation:patient")
        [('code', '1234-5'), ('_sort', '-date,code'), ('_include', 'Observation:patient')]
    """
    single = {
        "_summary": summary_text(summary),
        "_elements": joined("elements", elements),
        "_total": total_text(total),
        "_at": None if at is None else search_value(at, name="_at"),
        "_count": whole_number("count", count),
        "_offset": whole_number("offset", offset),
        "_sort": joined("sort", sort),
    }
    repeated = {
        "_include": texts("include", include),
        "_include:iterate": texts("include_iterate", include_iterate),
        "_revinclude": texts("revinclude", revinclude),
        "_revinclude:iterate": texts("revinclude_iterate", revinclude_iterate),
    }
    replacing = [(name, text) for name, text in single.items() if text is not None]
    replaced = {name for name, _ in replacing}
    kept = [pair for pair in encode_query(query) if pair[0] not in replaced]
    return [*kept, *replacing, *((name, text) for name, many in repeated.items() for text in many)]


def query_string(pairs: Iterable[tuple[str, str]]) -> str:
    """Percent-encode pairs as the query of a URL.

    `$`, `,`, `:` and `/` stay readable, as RFC 3986 allows; a space is `%20`, never `+`.

    Example:
        >>> query_string([("identifier", "http://hospital.example/mrn|12 345")])
        'identifier=http://hospital.example/mrn%7C12%20345'
    """
    try:
        return "&".join(f"{quote(n, _READABLE)}={quote(text, _READABLE)}" for n, text in pairs)
    except UnicodeEncodeError:
        pass  # it quotes the text, as a context too
    raise ValueError("a name or value holds half of a surrogate pair, which no URL can hold")


def _parsed(text: str) -> Pairs:
    pairs = None
    with suppress(UnicodeDecodeError):  # it quotes the text
        pairs = parse_qsl(text.strip().removeprefix("?"), keep_blank_values=True, errors="strict")
    if pairs is None:
        raise ValueError("the query string is not UTF-8")
    for name, _ in pairs:
        check_name(name)
    return pairs


def _pairs(query: object) -> list[tuple[str, Any]]:
    if not isinstance(query, Sequence) or isinstance(query, bytes | bytearray):
        raise TypeError(
            f"a query is a str, a mapping, pairs or a Search, not {type(query).__name__}"
        )
    given = cast("Sequence[object]", query)
    if not all(map(_is_pair, given)):
        raise TypeError("a query's pairs are tuples of a name and a value")
    return [(name, value) for name, value in cast("Sequence[tuple[str, Any]]", given)]


def _is_pair(given: object) -> bool:
    return isinstance(given, tuple | list) and len(cast("list[object]", given)) == _PAIR
