"""Reading the bundle of a search without building an object per resource."""

from collections.abc import Iterator, Mapping
from typing import Any

from pymedplum_runtime.search.entries import list_of, object_of

MATCH, INCLUDE, OUTCOME = "match", "include", "outcome"
_BESIDE = (INCLUDE, OUTCOME)

_SUBSETTED = ("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "SUBSETTED")


def search_page(
    data: Mapping[str, Any],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str | None]:
    """Return a page's matches, what it includes beside them, and the link to the next page.

    Remarks of the server (OperationOutcomes with `search.mode` outcome) are in neither list.

    Example:
        >>> search_page({"resourceType": "Bundle", "entry": [{"resource": {"id": "p1"}}]})
        ([{'id': 'p1'}], [], None)
    """
    matches: list[dict[str, Any]] = []
    included: list[dict[str, Any]] = []
    for mode, resource, _ in entries_with_resource(data):
        if mode == MATCH:
            matches.append(resource)
        elif mode == INCLUDE:
            included.append(resource)
    return matches, included, next_link(data)


def entries_with_resource(
    data: Mapping[str, Any],
) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    """Give mode, resource and full URL of each entry that has a resource.

    An entry without a mode is a match: history, batches and plain collections have none.
    """
    for entry in list_of(data.get("entry")):
        members: Any = entry  # annotated, not cast: this runs once per resource of every page
        resource: Any = members.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            mode: Any = object_of(members.get("search")).get("mode")
            full_url: Any = members.get("fullUrl")
            yield (
                mode if mode in _BESIDE else MATCH,
                resource,
                full_url if isinstance(full_url, str) else None,
            )


def links(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the bundle's links."""
    return [link for link in map(object_of, list_of(data.get("link"))) if link]


def link_to(data: Mapping[str, Any], relation: str) -> str | None:
    """Return the URL of a relation, such as `next`."""
    urls = (link.get("url") for link in links(data) if link.get("relation") == relation)
    return next((url for url in urls if isinstance(url, str) and url), None)


def next_link(data: Mapping[str, Any]) -> str | None:
    """Return the URL of the next page."""
    return link_to(data, "next")


def is_cut_down(resource: Mapping[str, Any]) -> bool:
    """Say whether the server left elements out, as `_elements` and `_summary` make it do.

    Such a resource must be neither validated nor written back. The mark is a tag:
    https://hl7.org/fhir/R4/valueset-security-labels.html
    """
    tags = object_of(resource.get("meta")).get("tag")
    if not tags:
        return False
    return any(
        (tag.get("system"), tag.get("code")) == _SUBSETTED for tag in map(object_of, list_of(tags))
    )
