"""References between the resources of one source: finding them, and pointing them elsewhere.

Only members called `reference` are looked at: other texts may look like references and be none.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

_URN = "urn:uuid:"
_REFERENCE = re.compile(
    r"(?P<type>[A-Z][A-Za-z0-9]{0,63})/(?P<id>[^\s/?#|]+)(?:/_history/[^\s/?#|]+)?"
)


class Target(NamedTuple):
    """What a reference names."""

    resource_type: str | None
    """`None` where a `urn:uuid:` leaves it open."""
    resource_id: str


def bare_id(text: str) -> str:
    """Return the id of a resource without `urn:uuid:`, which some sources put before it."""
    return text.removeprefix(_URN)


def target_of(reference: str) -> Target | None:
    """Return what a relative reference or a `urn:uuid:` names; `None` for any other.

    A version is left out: the one of the source will not be on the server.
    """
    if reference.startswith(_URN):
        return Target(None, bare_id(reference))
    found = _REFERENCE.fullmatch(reference)
    return Target(found["type"], found["id"]) if found else None


def targets_in(resource: object) -> set[Target]:
    """Return what a decoded resource refers to, as far as it may be in the source too."""
    found = (target_of(holder["reference"]) for holder in _holders(resource))
    return {target for target in found if target}


def redirect(resource: object, references: Mapping[Target, str]) -> None:
    """Put new references in the place of those that name the targets, in the resource itself."""
    for holder in _holders(resource):
        target = target_of(holder["reference"])
        if target and target in references:
            holder["reference"] = references[target]


def redirected(resource: object, references: Mapping[Target, str]) -> dict[str, str]:
    """Return the new references by JSON Pointer (RFC 6901) of what holds them."""
    found = {pointer: target_of(text) for pointer, text in references_at(resource).items()}
    return {
        pointer: references[target]
        for pointer, target in found.items()
        if target and target in references
    }


def references_at(resource: object) -> dict[str, str]:
    """Return all references by JSON Pointer of what holds them."""
    return {pointer: holder["reference"] for pointer, holder in _located(resource)}


def correct(resource: object, wanted: Mapping[str, str]) -> bool:
    """Put the wanted references where others are; say whether there was any."""
    wrong = [
        (holder, wanted[pointer])
        for pointer, holder in _located(resource)
        if wanted.get(pointer, holder["reference"]) != holder["reference"]
    ]
    for holder, text in wrong:
        holder["reference"] = text
    return bool(wrong)


def _holders(resource: object) -> Iterator[dict[str, Any]]:
    """Give the objects with a `reference`; without recursion, which deep nesting would end."""
    waiting = [resource]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            members = cast("dict[str, Any]", value)
            if isinstance(members.get("reference"), str):
                yield members
            waiting += [each for each in members.values() if isinstance(each, dict | list)]
        elif isinstance(value, list):
            listed = cast("list[object]", value)
            waiting += [each for each in listed if isinstance(each, dict | list)]


def _located(resource: object) -> Iterator[tuple[str, dict[str, Any]]]:
    waiting: list[tuple[str, object]] = [("", resource)]
    while waiting:
        pointer, value = waiting.pop()
        if isinstance(value, dict):
            members = cast("dict[str, Any]", value)
            if isinstance(members.get("reference"), str):
                yield pointer, members
            waiting += [(f"{pointer}/{_escaped(name)}", each) for name, each in members.items()]
        elif isinstance(value, list):
            listed = cast("list[object]", value)
            waiting += [(f"{pointer}/{place}", each) for place, each in enumerate(listed)]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
