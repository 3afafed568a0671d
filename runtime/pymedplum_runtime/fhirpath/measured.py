"""Arithmetic with quantities, and of moments with durations."""

from collections.abc import Callable
from datetime import date
from decimal import ROUND_DOWN, Decimal, DecimalException, localcontext

from pymedplum_runtime.fhirpath.arithmetic import EXACT
from pymedplum_runtime.fhirpath.code import NOTHING
from pymedplum_runtime.fhirpath.dates import Moment, Part, last_day, moment_of, text_of
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.quantities import (
    CALENDAR,
    Quantity,
    in_one_unit,
    multiplied,
    quantity_of,
)
from pymedplum_runtime.fhirpath.syntax import Fault
from pymedplum_runtime.fhirpath.types import SYSTEM, kind_of

_MOMENTS = frozenset(("Date", "DateTime", "Time"))
_SECONDS = {
    "week": Decimal(604800),
    "day": Decimal(86400),
    "hour": Decimal(3600),
    "minute": Decimal(60),
    "second": Decimal(1),
    "millisecond": Decimal("0.001"),
}
_UNITS = {code: unit for unit, code in CALENDAR.items()}
_PRECISIONS = ("year", "month", "day", "hour", "minute", "second")
_DAY = 86400


def calculated(name: str, left: Node, right: Node) -> list[Node]:
    """Calculate where one of the items is a quantity."""
    if kind_of(left) in _MOMENTS and name in ("+", "-"):
        return _moved(left, right, 1 if name == "+" else -1)
    one, other = quantity_of(left), quantity_of(right)
    if one is None or other is None:
        raise Fault(f"'{name}' cannot be used between {kind_of(left)} and {kind_of(right)}")
    try:
        with localcontext(EXACT):
            found = _of_quantities(name, one, other)
    except DecimalException:
        return NOTHING
    return NOTHING if found is None else [Node(found, f"{SYSTEM}Quantity")]


def _of_quantities(name: str, one: Quantity, other: Quantity) -> Quantity | None:
    if name in ("*", "/"):
        return multiplied(one, other, 1 if name == "*" else -1)
    if name not in ("+", "-"):
        raise Fault(f"'{name}' cannot be used between quantities")
    values = in_one_unit(one, other)
    if values is None:
        return None
    # In the unit of the first one.
    scale = values[0] / one.value if one.value and values[0] != one.value else Decimal(1)
    added = values[1] / scale if name == "+" else -values[1] / scale
    return one._replace(value=one.value + added)


def changed(node: Node, change: Callable[[Decimal], Decimal]) -> list[Node]:
    """Return a quantity with another number."""
    quantity = quantity_of(node)
    if quantity is None:
        return NOTHING
    return [Node(quantity._replace(value=change(quantity.value)), f"{SYSTEM}Quantity")]


def _moved(left: Node, right: Node, way: int) -> list[Node]:
    """Add a duration to a moment."""
    moment, duration = moment_of(left), quantity_of(right)
    if duration is None or kind_of(right) != "Quantity":
        raise Fault(f"{kind_of(right)} cannot be added to {kind_of(left)}")
    unit = duration.unit if duration.is_calendar else _UNITS.get(duration.unit, "")
    if not unit or (unit in ("year", "month") and not duration.is_calendar):
        raise Fault(f"a quantity of this unit cannot be added to {kind_of(left)}")
    if moment is None or abs(duration.value) > 10**12:
        return NOTHING
    found = _advanced(moment, unit, duration.value * way)
    return NOTHING if found is None else [Node(text_of(found), left.type)]


def _advanced(moment: Moment, unit: str, amount: Decimal) -> Moment | None:
    if unit not in ("second", "millisecond"):
        amount = amount.to_integral_value(ROUND_DOWN)
    if moment.is_time:
        return None if unit in ("year", "month") else _around_the_clock(moment, unit, amount)
    months = {"year": 12, "month": 1}.get(unit)
    if months is not None and len(moment.parts) > 1:
        return _by_months(moment, int(amount) * months)
    known = len(moment.parts)
    if known == 1:
        return _by_months(moment, 12 * _whole(amount, {"year": 1, "month": 12}, unit, 365))
    if known == 2:  # noqa: PLR2004 - year and month
        return _by_months(moment, _whole(amount, {}, unit, 30))
    return _by_seconds(moment, amount * _SECONDS[unit])


def _whole(amount: Decimal, parts: dict[str, int], unit: str, days: int) -> int:
    """Return how many whole years or months an amount of a smaller unit makes."""
    if unit in parts:
        return int(amount / parts[unit])
    return int(amount * _SECONDS[unit] / (days * _DAY))


def _by_months(moment: Moment, months: int) -> Moment | None:
    parts = list(moment.parts)
    month = int(parts[1]) if len(parts) > 1 else 1
    year, month = divmod(int(parts[0]) * 12 + month - 1 + months, 12)
    if not 1 <= year <= 9999:  # noqa: PLR2004 - the years that FHIR has
        return None
    parts[:2] = [year, month + 1][: len(parts)]
    if len(parts) > 2:  # noqa: PLR2004 - with a day
        parts[2] = min(int(parts[2]), last_day(year, month + 1))
    return moment._replace(parts=tuple(parts))


def _by_seconds(moment: Moment, seconds: Decimal) -> Moment | None:
    """Move by seconds; what is smaller than the smallest known part is cut off."""
    known = len(moment.parts)
    size = _SECONDS[_PRECISIONS[known - 1]]
    if known < len(_PRECISIONS):
        seconds = int(seconds / size) * size
    clock = _clock_seconds(moment.parts[3:]) + seconds
    days, rest = divmod(clock, _DAY)
    if rest < 0:
        days, rest = days - 1, rest + _DAY
    year, month, day = (int(part) for part in moment.parts[:3])
    ordinal = date(year, month, day).toordinal() + int(days)
    if not 1 <= ordinal <= date.max.toordinal():
        return None
    moved = date.fromordinal(ordinal)
    clock_parts = _clock_parts(rest, moment.parts[3:])
    return moment._replace(parts=(moved.year, moved.month, moved.day, *clock_parts))


def _around_the_clock(moment: Moment, unit: str, amount: Decimal) -> Moment:
    """Times of day go round: an hour after 23:30 is 00:30."""
    size = _SECONDS[_PRECISIONS[len(moment.parts) + 2]]
    seconds = amount * _SECONDS[unit]
    if len(moment.parts) < 3:  # noqa: PLR2004 - without seconds
        seconds = int(seconds / size) * size
    rest = (_clock_seconds(moment.parts) + seconds) % _DAY
    return moment._replace(parts=_clock_parts(rest if rest >= 0 else rest + _DAY, moment.parts))


def _clock_seconds(parts: tuple[Part, ...]) -> Decimal:
    sizes = (3600, 60, 1)
    return sum((Decimal(p) * s for p, s in zip(parts, sizes, strict=False)), Decimal(0))


def _clock_parts(seconds: Decimal, like: tuple[Part, ...]) -> tuple[Part, ...]:
    hour, rest = divmod(seconds, 3600)
    minute, second = divmod(rest, 60)
    is_whole = second == int(second) and not (len(like) > 2 and isinstance(like[2], Decimal))  # noqa: PLR2004 - with seconds
    parts: tuple[Part, ...] = (int(hour), int(minute), int(second) if is_whole else second)
    return parts[: len(like)]
