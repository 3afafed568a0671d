"""The concepts of a CodeSystem: their hierarchy, and the filters of a value set over them.

Filters: https://hl7.org/fhir/R4/valueset-filter-operator.html. Hierarchy:
https://hl7.org/fhir/R4/codesystem.html#hierarchy.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from pymedplum_runtime.fhirpath.patterns import searcher
from pymedplum_runtime.fhirpath.syntax import Fault

Json = Mapping[str, Any]  # FHIR JSON as parsed
Test = Callable[[Json], bool]

_CODE = ("code", "concept")  # both name the code itself, and with `is-a` the hierarchy
_ABOVE = ("parent", "subsumedBy")
# Values of the property `status`: https://hl7.org/fhir/R4/codesystem-concept-properties.html
_INACTIVE = frozenset({"inactive", "retired"})


class Concepts:
    """The concepts of a code system in their order, each code once."""

    def __init__(self, code_system: Json) -> None:
        self._nested: list[tuple[str, str]] = []
        self.by_code: dict[str, Json] = {}
        todo: list[tuple[str | None, Json]] = [
            (None, c) for c in reversed(code_system.get("concept", ()))
        ]
        while todo:
            above, concept = todo.pop()
            code = text_of(concept["code"])
            self.by_code.setdefault(code, concept)
            if above is not None:
                self._nested.append((above, code))
            todo += [(code, c) for c in reversed(concept.get("concept", ()))]

    @cached_property
    def _below(self) -> dict[str, list[str]]:
        below: dict[str, list[str]] = {}
        for above, code in self._nested:
            below.setdefault(above, []).append(code)
        for code, concept in self.by_code.items():
            for name in _ABOVE:
                for parent in values_of(concept, name, own_only=True):
                    below.setdefault(parent, []).append(code)
            below.setdefault(code, []).extend(values_of(concept, "child", own_only=True))
        return below

    def descendants(self, code: str) -> set[str]:
        """Return every code under one, itself left out."""
        found: set[str] = set()
        todo = [code]
        while todo:
            for below in self._below.get(todo.pop(), ()):
                if below not in found and below != code:
                    found.add(below)
                    todo.append(below)
        return found

    def test(self, filter_: Json) -> Test | None:
        """Turn a filter into a test of a concept; None where it is not known here."""
        name, op, value = (str(filter_.get(key, "")) for key in ("property", "op", "value"))
        if name in _CODE and op in _HIERARCHY:
            below = self.descendants(value)
            return _HIERARCHY[op](below | {value} if "is-" in op else below)
        make = _PROPERTIES.get(op)
        return None if make is None else make(name, value)


_HIERARCHY: dict[str, Callable[[set[str]], Test]] = {
    "is-a": lambda codes: lambda c: c["code"] in codes,
    "descendent-of": lambda codes: lambda c: c["code"] in codes,
    "is-not-a": lambda codes: lambda c: c["code"] not in codes,
}


def _equal(name: str, value: str) -> Test:
    return lambda c: value in values_of(c, name)


def _in(name: str, value: str) -> Test:
    listed = set(value.split(","))
    return lambda c: not listed.isdisjoint(values_of(c, name))


def _not_in(name: str, value: str) -> Test:
    listed = set(value.split(","))
    return lambda c: listed.isdisjoint(values_of(c, name))


def _regex(name: str, value: str) -> Test | None:
    try:
        searcher(value)  # by itself, lest it closes what it is put into
        fits = searcher(f"^(?:{value})$")
    except Fault:
        return None
    return lambda c: any(map(fits, values_of(c, name)))


def _exists(name: str, value: str) -> Test:
    return lambda c: bool(values_of(c, name)) == (value == "true")


_PROPERTIES: dict[str, Callable[[str, str], Test | None]] = {
    "=": _equal,
    "in": _in,
    "not-in": _not_in,
    "regex": _regex,
    "exists": _exists,
}


def values_of(concept: Json, name: str, *, own_only: bool = False) -> list[str]:
    """Return the values of a concept's property as texts; code and display are properties too."""
    if name in _CODE and not own_only:
        return [concept["code"]]
    if name == "display":
        return [concept["display"]] if "display" in concept else []
    return [
        str(value).lower() if isinstance(value, bool) else str(value)
        for entry in concept.get("property", ())
        if entry["code"] == name
        for key, value in entry.items()
        if key.startswith("value")
    ]


def is_inactive(concept: Json) -> bool:
    """Tell whether a concept says that it is no longer in use."""
    return any(
        (entry["code"] == "inactive" and entry.get("valueBoolean") is True)
        or (entry["code"] == "status" and entry.get("valueCode") in _INACTIVE)
        for entry in concept.get("property", ())
    )


def text_of(code: object) -> str:
    """Return a code.

    Raises:
        TypeError: it is no text.
    """
    if not isinstance(code, str):
        raise TypeError("a code is no text")
    return code
