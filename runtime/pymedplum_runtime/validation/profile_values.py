"""Comparing values of a resource with values of a definition: fixed, pattern, smallest, greatest.

Recursion goes as deep as the definition's value, never as deep as the resource.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

Value = Any  # a JSON value

_DATE = 10  # characters of a whole date
_YEAR = 4
_HOUR = 2


def equals(value: Value, fixed: Value) -> bool:
    """Tell whether a value is the fixed one: the same members, the same order, the same digits.

    Decimals are the same if their values and their numbers of digits are, as far as the JSON
    reader has kept these: a `float` has only its value.

    Source: https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.fixed_x_
    """
    if isinstance(fixed, dict):
        return _same_members(value, cast("dict[str, Value]", fixed))
    if isinstance(fixed, list):
        rows = cast("Sequence[Value]", fixed)
        return (
            isinstance(value, list)
            and len(cast("Sequence[Value]", value)) == len(rows)
            and all(map(equals, cast("Sequence[Value]", value), rows))
        )
    return _same_primitive(value, fixed)


def matches(value: Value, pattern: Value) -> bool:
    """Tell whether a value has at least what the pattern has.

    Each member of a pattern's object must be there and match, each item of its lists must match
    some item, primitives must be the same.

    Source: https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_
    """
    if isinstance(pattern, dict):
        if not isinstance(value, dict):
            return False
        members = cast("dict[str, Value]", pattern)
        there = cast("dict[str, Value]", value)
        return all(name in there and matches(there[name], m) for name, m in members.items())
    if isinstance(pattern, list):
        if not isinstance(value, list):
            return False
        items = cast("Sequence[Value]", value)
        rows = cast("Sequence[Value]", pattern)
        return all(any(matches(item, row) for item in items) for row in rows)
    return _same_primitive(value, pattern)


def _same_members(value: Value, fixed: Mapping[str, Value]) -> bool:
    if not isinstance(value, dict):
        return False
    there = cast("dict[str, Value]", value)
    return len(there) == len(fixed) and all(
        name in there and equals(there[name], member) for name, member in fixed.items()
    )


def _same_primitive(value: Value, fixed: Value) -> bool:
    if isinstance(value, bool) or isinstance(fixed, bool):
        return value is fixed
    if isinstance(value, str) or isinstance(fixed, str):
        return bool(value == fixed)
    left, right = _as_decimal(value), _as_decimal(fixed)
    if left is None or right is None:
        return value is fixed
    if isinstance(value, float) or isinstance(fixed, float):
        return left == right
    return left.as_tuple() == right.as_tuple()


def _as_decimal(number: Value) -> "Decimal | None":
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
    left, right = _as_decimal(value), _as_decimal(bound)
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
