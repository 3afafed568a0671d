"""The members of a JSON object that a server sent: read as what they should be, or refused.

An absent member is nothing; one of another shape raises, and the message names its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from pymedplum_runtime.errors import MedplumError

_KINDS: dict[type, str] = {dict: "an object", list: "an array", str: "text", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class Element:
    """A JSON object, and where it stands."""

    members: Mapping[str, Any]
    place: str

    def text(self, name: str) -> str | None:
        """Return a text; `None` where there is none."""
        return cast("str | None", self._read(name, str))

    def flag(self, name: str) -> bool | None:
        """Return true or false; `None` where neither is said."""
        return cast("bool | None", self._read(name, bool))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return an array of texts."""
        entries = cast("list[object]", self._read(name, list) or [])
        for number, each in enumerate(entries):
            _check(each, str, f"{self.place}.{name}[{number}]")
        return tuple(cast("list[str]", entries))

    def element(self, name: str) -> "Element":
        """Return an object; one without members where there is none."""
        found = cast("dict[str, Any]", self._read(name, dict) or {})
        return Element(found, f"{self.place}.{name}")

    def elements(self, name: str) -> "list[Element]":
        """Return an array of objects."""
        found: list[Element] = []
        for number, each in enumerate(cast("list[object]", self._read(name, list) or [])):
            place = f"{self.place}.{name}[{number}]"
            _check(each, dict, place)
            found.append(Element(cast("dict[str, Any]", each), place))
        return found

    def _read(self, name: str, kind: type) -> object:
        value = self.members.get(name)
        if value is not None:
            _check(value, kind, f"{self.place}.{name}")
        return value


def _check(value: object, kind: type, place: str) -> None:
    if isinstance(value, kind):
        return
    found = _KINDS.get(type(value), "null" if value is None else "a number")
    raise MedplumError(f"{place} must be {_KINDS[kind]}, not {found}")
