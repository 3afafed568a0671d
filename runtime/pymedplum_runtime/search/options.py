"""The parameters of FHIR that shape a result rather than select it: `_sort`, `_count`, ...

https://hl7.org/fhir/R4/search.html#return
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

SummaryMode: TypeAlias = Literal["true", "text", "data", "count", "false"]
"""How much of each resource a search returns."""

TotalMode: TypeAlias = Literal["none", "estimate", "accurate"]
"""How a search counts what matches."""


def summary_text(mode: str | None) -> str | None:
    """Return a mode that `_summary` knows."""
    return _one_of("summary", mode, get_args(SummaryMode))


def total_text(mode: str | None) -> str | None:
    """Return a mode that `_total` knows."""
    return _one_of("total", mode, get_args(TotalMode))


def whole_number(name: str, number: object) -> str | None:
    """Return the text of a number of resources.

    Raises:
        TypeError: it is no `int`.
        ValueError: it is negative.
    """
    if number is None:
        return None
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError(f"{name} must be an int, not {type(number).__name__}")
    if number < 0:
        raise ValueError(f"{name} must not be negative")
    return str(int(number))


def texts(name: str, given: str | Sequence[str] | None) -> list[str]:
    """Return one or several texts as a list.

    Raises:
        TypeError: they are no texts.
        ValueError: one of them is empty.
    """
    if given is None:
        return []
    several = [given] if isinstance(given, str) else list(given)
    for each in several:
        if not isinstance(each, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers err
            raise TypeError(f"{name} must be str, not {type(each).__name__}")
        if not each.strip():
            raise ValueError(f"{name} must not be empty")
    return several


def joined(name: str, given: str | Sequence[str] | None) -> str | None:
    """Return one or several texts as one, joined by commas; `None` for none."""
    return ",".join(texts(name, given)) or None


def _one_of(name: str, mode: str | None, modes: tuple[str, ...]) -> str | None:
    if mode is None or mode in modes:
        return mode
    raise ValueError(f"{name} must be one of {', '.join(modes)}")
