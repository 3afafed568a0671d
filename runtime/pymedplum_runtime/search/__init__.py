"""Searches and what they answer: values, queries and bundles, without any client.

Importing this package imports neither Pydantic nor httpx.
"""

from pymedplum_runtime.search.builder import Search
from pymedplum_runtime.search.bundle import FHIRBundle
from pymedplum_runtime.search.entries import BatchCreateResult, BundleEntryResult
from pymedplum_runtime.search.options import SummaryMode, TotalMode
from pymedplum_runtime.search.pages import search_page
from pymedplum_runtime.search.prefixes import ap, eb, eq, ge, gt, le, lt, ne, sa
from pymedplum_runtime.search.query import Query, encode_query, query_string, with_options
from pymedplum_runtime.search.syntax import literal, quantity, token
from pymedplum_runtime.search.values import search_value

__all__ = [
    "BatchCreateResult",
    "BundleEntryResult",
    "FHIRBundle",
    "Query",
    "Search",
    "SummaryMode",
    "TotalMode",
    "ap",
    "eb",
    "encode_query",
    "eq",
    "ge",
    "gt",
    "le",
    "literal",
    "lt",
    "ne",
    "quantity",
    "query_string",
    "sa",
    "search_page",
    "search_value",
    "token",
    "with_options",
]
