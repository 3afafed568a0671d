"""The condition under which a resource is created: the same in every run of a load.

A second try finds by it what the first created, even where the answer to the first was lost.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias
from urllib.parse import quote
from uuid import UUID, uuid5

from pymedplum_runtime.helpers.members import entries, member, objects, text
from pymedplum_runtime.search.syntax import token

TAG_SYSTEM = "urn:pymedplum:load"
_SERVER_OWNED = frozenset(
    {"versionId", "lastUpdated", "author", "project", "compartment", "onBehalfOf"}
)
_SYNTAX = frozenset(r"\,$|")

Match: TypeAlias = Literal["tag", "identifier"] | Callable[[dict[str, Any]], str]
"""By what a resource that is stored already is recognised."""


def tag_of(load_id: str, number: int) -> dict[str, str]:
    """Return the tag that a resource of a load is stored with."""
    return {"system": TAG_SYSTEM, "code": f"{load_id}.{number}"}


def full_url(load_id: str, number: int) -> str:
    """Return the address that a resource has within a bundle."""
    return f"urn:uuid:{uuid5(UUID(load_id), str(number))}"


def is_tagged(resource: object, tag: Mapping[str, str]) -> bool:
    """Say whether a stored resource bears a tag: whether this load created it."""
    return any(
        each.get("system") == tag["system"] and each.get("code") == tag["code"]
        for each in objects(member(member(resource, "meta"), "tag"))
    )


def query_of(resource: Mapping[str, Any], tag: Mapping[str, str], match: Match) -> str:
    """Return the query that finds a resource; by its tag where it has no identifier."""
    identifier = _identifier(resource) if match == "identifier" else None
    return identifier or f"_tag={tag['system']}|{tag['code']}"


def _identifier(resource: Mapping[str, Any]) -> str | None:
    """Return the query of the first identifier that says what it is one of.

    One with a character of the search syntax is left out: not every server understands escapes.
    """
    given: object = resource.get("identifier")
    for each in [*objects(given), *objects([given])]:
        system, value = text(each.get("system")), text(each.get("value"))
        if system and value and not _SYNTAX & {*system, *value}:
            return "identifier=" + quote(token(system, value), safe=":/|")
    return None


def meta_of(meta: Mapping[str, Any], tag: Mapping[str, str] | None) -> dict[str, Any]:
    """Return the metadata that a resource is sent with: what is the server's is left out."""
    kept = {name: each for name, each in meta.items() if name not in _SERVER_OWNED}
    if tag is None:
        return kept
    others = [each for each in entries(meta.get("tag")) if member(each, "system") != TAG_SYSTEM]
    return {**kept, "tag": [*others, dict(tag)]}
