"""The order of values in FHIR's JSON: numbers, quantities of one unit, dates and times."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

Value = Any  # a JSON value

_DATE = 10  # characters of a whole date
_YEAR = 4
_HOUR = 2


def as_decimal(number: Value) -> "Decimal | None":
    """Return a number of JSON as it was written, not as its binary form; None for other values."""
    from decimal import Decimal  # noqa: PLC0415 - few definitions fix or limit a number

    if isinstance(number, float):
        return Decimal(repr(number))
    is_number = isinstance(number, (int, Decimal)) and not isinstance(number, bool)
    return Decimal(number) if is_number else None


def compare(value: Value, bound: Value) -> int | None:
    """Return -1, 0 or 1 as a value is less than, equal to or greater than a definition's bound.

    None where that cannot be told: other units, or a kind of value that has no order. Dates are
    compared as far as both are precise.
    """
    if isinstance(bound, dict):
        return _compare_quantities(value, cast("dict[str, Value]", bound))
    if isinstance(value, str) and isinstance(bound, str):
        return _compare_times(value, bound)
    return _compare_numbers(value, bound)


def _compare_numbers(value: Value, bound: Value) -> int | None:
    left, right = as_decimal(value), as_decimal(bound)
    if left is None or right is None or left.is_nan() or right.is_nan():
        return None
    return (left > right) - (left < right)


def _compare_quantities(value: Value, bound: Mapping[str, Value]) -> int | None:
    if not isinstance(value, dict):
        return None
    quantity = cast("dict[str, Value]", value)
    names = ("system", "code") if "code" in bound else ("unit",)
    if any(quantity.get(name) != bound.get(name) for name in names):
        return None
    return _compare_numbers(quantity.get("value"), bound.get("value"))


def _compare_times(value: str, bound: str) -> int | None:
    left, right = _instant(value), _instant(bound)
    if left is not None and right is not None:
        return (left > right) - (left < right)
    if _is_time(value) and _is_time(bound):
        return (value > bound) - (value < bound)
    length = min(len(value), len(bound), _DATE)
    if not (value[:_YEAR].isdigit() and bound[:_YEAR].isdigit()):
        return None
    return (value[:length] > bound[:length]) - (value[:length] < bound[:length])


def _is_time(text: str) -> bool:
    return text[_HOUR : _HOUR + 1] == ":"


def _instant(text: str) -> "datetime | None":
    if "T" not in text:
        return None
    from datetime import datetime, timezone  # noqa: PLC0415 - few definitions limit a time

    head, dot, rest = text.replace("Z", "+00:00").partition(".")
    digits = rest[: _leading(rest, str.isdigit)]
    zone = rest[len(digits) :]
    fraction = f"{dot}{digits[:6]:0<6}" if dot else ""
    try:
        when = datetime.fromisoformat(f"{head}{fraction}{zone}")
    except ValueError:
        return None
    return None if when.tzinfo is None else when.astimezone(timezone.utc)


def _leading(text: str, test: Callable[[str], bool]) -> int:
    return next((n for n, character in enumerate(text) if not test(character)), len(text))
