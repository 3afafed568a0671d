"""Searches held to what a server lists: a parameter that it surely does not know is refused.

Looks at names, and at values that are names (`_sort`, `_include`); says no value in any message.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pymedplum_runtime.capabilities.server import Capabilities
from pymedplum_runtime.errors import UnknownSearchParameterError
from pymedplum_runtime.lazy import did_you_mean

# https://hl7.org/fhir/R4/search.html#all and #return, https://hl7.org/fhir/R5/search.html: servers
# list few of them. The last names are Medplum's; `*` includes every reference.
_NAMES = """
    _at _content _contained _containedType _count _elements _filter _format _graph _has _id _in
    _include _language _lastUpdated _list _maxresults _pretty _profile _query _revinclude _score
    _security _since _sort _source _summary _tag _text _total _type
    _ _compartment _cursor _fields _offset _project
    *
"""
_UNLISTED = frozenset(_NAMES.split())
_NAME = re.compile(r"[A-Za-z_][\w:.-]{0,99}")
_HAS_PARTS = 4
_INCLUDE_PARTS = 2


def check_search(
    capabilities: Capabilities, resource_type: str, pairs: Iterable[tuple[str, str]]
) -> None:
    """Refuse a search with a parameter that the server does not know.

    Modifiers are left to the server. A type that lists no parameters is not checked, nor is one
    that is not listed. In a chain without a type (`patient.name`) the further name must be one of
    any type, since the statement does not say what a reference leads to.

    Args:
        capabilities: of the server.
        resource_type: the type that is searched.
        pairs: the names and texts of the query, decoded.

    Raises:
        UnknownSearchParameterError: the first parameter that is unknown.
    """
    for number, (name, text) in enumerate(pairs, 1):
        shown = _shown(name, text, number)
        for wanted in _of_name(name, resource_type):
            _check(capabilities, wanted, shown)
        for wanted in _of_text(name, text, resource_type):
            _check(capabilities, wanted, f"what {shown} names")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A name that must be known: on a type, or on any where the type is `None`."""

    name: str
    resource_type: str | None


def _of_text(name: str, text: str, resource_type: str) -> Iterable[_Wanted]:
    control = name.partition(":")[0]
    if control == "_sort":
        for part in text.split(","):
            first = re.split(r"[:.]", part.strip().lstrip("+-"), maxsplit=1)[0]
            yield _Wanted(first, resource_type)
    elif control in {"_include", "_revinclude"}:
        source, *rest = text.strip().split(":")
        if len(rest) in range(1, _INCLUDE_PARTS + 1):
            yield _Wanted(rest[0], source)


def _of_name(name: str, resource_type: str | None) -> Iterable[_Wanted]:
    if name.startswith("_has:"):
        parts = name.split(":", _HAS_PARTS - 1)
        if len(parts) == _HAS_PARTS:
            yield _Wanted(parts[2], parts[1])
            yield from _of_name(parts[3], parts[1])
        return
    link, dot, rest = name.partition(".")
    base, _, modifier = link.partition(":")
    yield _Wanted(base, resource_type)
    if dot:
        yield from _of_name(rest, modifier or None)


def _check(capabilities: Capabilities, wanted: _Wanted, shown: str) -> None:
    if wanted.name in _UNLISTED or not _NAME.fullmatch(wanted.name):
        return
    known = _known(capabilities, wanted.resource_type)
    if not known or wanted.name in known:
        return
    where = wanted.resource_type or "any resource type"
    hint = did_you_mean(wanted.name, known | _UNLISTED)
    raise UnknownSearchParameterError(
        f"nothing was sent: {shown} is not known to the server for {where}{hint}"
    )


def _known(capabilities: Capabilities, resource_type: str | None) -> set[str]:
    """Return the names of a type, or of all; none where the server does not say."""
    if resource_type is not None:
        listed = capabilities.resources.get(resource_type)
        names = set(listed.search_params if listed else ())
    else:
        names = {name for each in capabilities.resources.values() for name in each.search_params}
    return names | set(capabilities.common_search_params) if names else names


def _shown(name: str, text: str, number: int) -> str:
    """Name a parameter. One without a value may be the rest of a value with `&`: it is counted."""
    if text.strip() and _NAME.fullmatch(name):
        return f"search parameter '{name}'"
    return f"search parameter {number} of the query"
