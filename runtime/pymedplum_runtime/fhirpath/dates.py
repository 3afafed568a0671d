"""Dates, times and moments as FHIR writes them, to the precision that they are written with.

Source: https://hl7.org/fhirpath/N1/#datetime-equality and the sections on comparison
"""

import re
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from pymedplum_runtime.fhirpath.nodes import Node

_MOMENT = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?"
    r"(?:T(?:([0-9]{2})(?::([0-9]{2})(?::([0-9]{2}(?:\.[0-9]+)?))?)?)?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_TIME = re.compile(r"([0-9]{2})(?::([0-9]{2})(?::([0-9]{2}(?:\.[0-9]+)?))?)?")
_MOST = (9999, 12, 31, 23, 59, Decimal("60.999999999"))
_LEAST = (1, 1, 1, 0, 0, 0)
_MOST_TEXT = 64
_DAY_MINUTES = 24 * 60
# Time zones go from 12 hours behind UTC to 14 hours ahead of it.
_BEHIND, _AHEAD = 12 * 60, 14 * 60
_TO_MINUTE = 5

Part = int | Decimal


class Moment(NamedTuple):
    """A date, a time or both; years, months and so on down to what is known."""

    parts: tuple[Part, ...]
    zone: str = ""
    is_time: bool = False
    """Whether the parts begin with the hour."""

    @property
    def offset(self) -> int | None:
        """The minutes that its time zone is ahead of UTC."""
        if not self.zone:
            return None
        if self.zone == "Z":
            return 0
        minutes = int(self.zone[1:3]) * 60 + int(self.zone[4:6])
        return -minutes if self.zone[0] == "-" else minutes


def parse_moment(text: str, *, is_time: bool = False) -> Moment | None:
    """Return what a text says, or None if it is no date, time or moment."""
    if len(text) > _MOST_TEXT:
        return None
    match = (_TIME if is_time else _MOMENT).fullmatch(text)
    if match is None:
        return None
    groups = match.groups()
    written, zone = (groups, "") if is_time else (groups[:-1], groups[-1] or "")
    parts: tuple[Part, ...] = tuple(
        int(part) if len(part) < 3 or "." not in part else Decimal(part)  # noqa: PLR2004 - `59`, `2024`
        for part in written
        if part is not None
    )
    moment = Moment(parts, zone, is_time)
    return moment if _is_real(moment) else None


def _is_real(moment: Moment) -> bool:
    start = 3 if moment.is_time else 0
    bounds = zip(moment.parts, _LEAST[start:], _MOST[start:], strict=False)
    if not all(least <= part <= most for part, least, most in bounds) or not _is_zone(moment.zone):
        return False
    if moment.is_time or len(moment.parts) < 3:  # noqa: PLR2004 - year, month, day
        return True
    year, month, day = (int(part) for part in moment.parts[:3])
    return day <= last_day(year, month)


def _is_zone(zone: str) -> bool:
    if zone in ("", "Z"):
        return True
    return zone[4:] < "60" and zone[1:] <= "14:00"


def last_day(year: int, month: int) -> int:
    """Return the number of days of a month."""
    if month == 2:  # noqa: PLR2004 - February
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def moment_of(node: Node) -> Moment | None:
    """Return the moment that an item is, or None if its text is none."""
    if not isinstance(node.value, str):
        return None
    return parse_moment(node.value, is_time=node.type in ("time", "System.Time"))


def compare(left: Moment, right: Moment) -> int | None:
    """Return -1, 0 or 1, or None where what is known of them does not tell."""
    one, other = left.offset, right.offset
    shared = min(len(left.parts), len(right.parts))
    if not left.is_time and shared >= _TO_MINUTE and one != other:
        if one is not None and other is not None:
            return _by_parts(_in_utc(left, one), _in_utc(right, other))
        return _with_one_zone(left, right)
    return _by_parts(left.parts, right.parts)


def order_of_texts(left: str, right: str) -> int | None:
    """Return the order of two moments as their letters tell it, or None where it takes more."""
    if len(left) != len(right):
        return None
    one, other = _MOMENT.fullmatch(left), _MOMENT.fullmatch(right)
    if one is None or other is None or one[7] != other[7]:
        return None
    return int(left > right) - int(left < right)


def _by_parts(left: tuple[Part, ...], right: tuple[Part, ...]) -> int | None:
    for one, other in zip(left, right, strict=False):
        if one != other:
            return -1 if one < other else 1
    return 0 if len(left) == len(right) else None


def _in_utc(moment: Moment, offset: int) -> tuple[Part, ...]:
    return (minutes_of(moment) - offset, *moment.parts[_TO_MINUTE:])


def minutes_of(moment: Moment) -> int:
    """Return the minutes since the year 1 where the moment is."""
    year, month, day, hour, minute = (int(part) for part in moment.parts[:_TO_MINUTE])
    return date(year, month, day).toordinal() * _DAY_MINUTES + hour * 60 + minute


def _with_one_zone(left: Moment, right: Moment) -> int | None:
    """Compare where one is without a time zone: it may be in any."""
    if left.offset is None:
        order = _with_one_zone(right, left)
        return None if order is None else -order
    fixed, loose = minutes_of(left) - left.offset, minutes_of(right)
    if fixed < loose - _AHEAD:
        return -1
    return 1 if fixed > loose + _BEHIND else None


def key_of(node: Node) -> object:
    """Return a key that is the same for moments that are equal."""
    moment = moment_of(node)
    if moment is None or len(moment.parts) < _TO_MINUTE or moment.is_time:
        parts = moment.parts if moment else ()
        return node.value if not any(isinstance(p, Decimal) for p in parts) else ("time", parts)
    offset = moment.offset
    return ("moment", moment.parts) if offset is None else ("utc", _in_utc(moment, offset))


def text_of(moment: Moment) -> str:
    """Write a moment as FHIR does, to the precision that it has."""
    if moment.is_time:
        return ":".join(_two_digits(part) for part in moment.parts)
    days = "-".join([f"{moment.parts[0]:04}", *(f"{p:02}" for p in moment.parts[1:3])])
    hours = ":".join(_two_digits(part) for part in moment.parts[3:])
    return f"{days}T{hours}{moment.zone}" if hours else days


def _two_digits(part: Part) -> str:
    if isinstance(part, int):
        return f"{part:02}"
    whole, _, fraction = f"{part:f}".partition(".")
    return f"{whole:0>2}.{fraction}" if fraction else f"{whole:0>2}"
