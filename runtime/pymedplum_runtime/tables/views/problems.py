"""What is wrong with a view, gathered until all of it is known."""

from collections.abc import Mapping
from typing import Any, cast

from pymedplum_runtime.errors import ViewError

_MOST_TOLD = 10


class Problems:
    """Gathers problems and raises them as one error."""

    def __init__(self, view: str) -> None:
        self._view = view
        self.found: list[tuple[str, str, str | None]] = []

    def add(self, place: str, message: str, expression: str | None = None) -> None:
        """Take a problem: where it is in the view, what is wrong, and the path that it is in."""
        self.found.append((place, message, expression))

    def refuse(self) -> None:
        """Raise what was gathered, if anything was.

        Raises:
            ViewError: there are problems; it says the first one and lists the others.
        """
        if not self.found:
            return
        errors = [
            ViewError(message, self._view, place, text) for place, message, text in self.found
        ]
        place, message, text = self.found[0]
        others = [
            f"{place}: {message}" if place else message
            for place, message, _ in self.found[1:_MOST_TOLD]
        ]
        if len(self.found) > _MOST_TOLD:
            others.append(f"and {len(self.found) - _MOST_TOLD} more")
        error = ViewError("\n  ".join([message, *others]), self._view, place, text)
        error.problems = errors
        raise error


def entries(holder: Mapping[str, Any], name: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the objects of a list with their positions; what else is there is not looked at."""
    found = holder.get(name)
    if not isinstance(found, list):
        return []
    pairs = enumerate(cast("list[object]", found))
    return [(i, cast("dict[str, Any]", each)) for i, each in pairs if isinstance(each, dict)]


def text_of(holder: Mapping[str, Any], name: str) -> str:
    """Return a text; empty where there is none."""
    found = holder.get(name)
    return found if isinstance(found, str) else ""
