"""Quantities: a number with a unit of UCUM, or with a unit of the calendar.

Source: https://hl7.org/fhirpath/N1/#quantity and https://hl7.org/fhir/R4/fhirpath.html#quantity
"""

import re
from decimal import Context, Decimal
from typing import Any, NamedTuple

from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.types import number_of
from pymedplum_runtime.fhirpath.units import Unit, unit_of

UCUM = "http://unitsofmeasure.org"
# A calendar's unit as UCUM has it. A year and a month have no length of their own: they are like
# UCUM's, but not equal to them.
CALENDAR = {
    "year": "a",
    "month": "mo",
    "week": "wk",
    "day": "d",
    "hour": "h",
    "minute": "min",
    "second": "s",
    "millisecond": "ms",
}
_UNEQUAL: dict[str, Decimal] = {"year": Decimal(365), "month": Decimal(30)}
_OF_DAYS = frozenset(("wk", "d", "h", "min", "s", "ms"))
_DAY = Decimal(86400)
# Enough digits that numbers of the same quantity in two units are the same.
EXACT = Context(prec=100)
_SHOWN = Context(prec=28)
_MOST_ZEROS = 28
_WRITTEN = re.compile(r"([+-]?[0-9]{1,400}(?:\.[0-9]{1,400})?)\s*(?:'([^']*)'|([a-z]+))?")
_MOST_TEXT = 1000


class Quantity(NamedTuple):
    """A quantity of the language."""

    value: Decimal
    unit: str
    """A unit of UCUM, or the name of the calendar's unit in the singular."""
    is_calendar: bool = False
    system: str = UCUM
    """The system of the unit's code, where it is not UCUM."""

    def __str__(self) -> str:
        value = self.value or self.value.copy_abs()
        if not self.is_calendar:
            return f"{value:f} '{self.unit}'"
        return f"{value:f} {self.unit}{'' if abs(value) == 1 else 's'}"

    @property
    def ucum(self) -> str:
        """The unit as UCUM has it."""
        return CALENDAR[self.unit] if self.is_calendar else self.unit


def written(value: Decimal, unit: str) -> Quantity:
    """Return the quantity of a number and a unit as an expression has them."""
    if unit.startswith("'"):
        code = unit[1:-1]
        return Quantity(value, code) if code.removesuffix("s") not in CALENDAR else _of(value, code)
    return _of(value, unit)


def _of(value: Decimal, word: str) -> Quantity:
    return Quantity(value, word.removesuffix("s"), is_calendar=True)


def parse_quantity(text: str) -> Quantity | None:
    """Return the quantity that a text says: `4 days`, `1.5 'mg'`, `2`; None if it says none."""
    match = _WRITTEN.fullmatch(text) if len(text) <= _MOST_TEXT else None
    if match is None:
        return None
    value, code, word = match.groups()
    if word is not None:
        return _of(Decimal(value), word) if word.removesuffix("s") in CALENDAR else None
    return Quantity(Decimal(value), "1" if code is None else code)


def quantity_of(node: Node) -> Quantity | None:
    """Return the quantity that an item is or converts to, or None."""
    value: Any = node.value
    if isinstance(value, Quantity):
        return value
    if value.__class__ is not dict:
        number = number_of(node)
        return None if number is None else Quantity(Decimal(number), "1")
    number = number_of(Node(value.get("value"), "decimal"))
    if number is None or "comparator" in value:
        return None
    system, code = value.get("system"), value.get("code")
    if system == UCUM and isinstance(code, str):
        return Quantity(number, code)
    unit = code if isinstance(code, str) else value.get("unit")
    if not isinstance(unit, str):
        return Quantity(number, "1") if not system else None
    return Quantity(number, unit, system=system if isinstance(system, str) else "")


def _known(quantity: Quantity) -> Unit | None:
    return unit_of(quantity.ucum) if quantity.system == UCUM else None


def _have_same_unit(left: Quantity, right: Quantity) -> bool:
    return left.ucum == right.ucum and left.system == right.system


def compare(left: Quantity, right: Quantity, *, is_loose: bool = False) -> int | None:
    """Return -1, 0 or 1, or None for quantities that cannot be compared."""
    if left.is_calendar is not right.is_calendar and not is_loose:
        calendar = left if left.is_calendar else right
        if calendar.unit in _UNEQUAL:
            return None
    values = in_one_unit(left, right)
    if values is None:
        return None
    one, other = values
    return (one > other) - (one < other)


def in_one_unit(left: Quantity, right: Quantity) -> tuple[Decimal, Decimal] | None:
    """Return both numbers in the same unit, or None where that cannot be."""
    if _have_same_unit(left, right):
        return left.value, right.value
    if left.is_calendar and right.is_calendar and {left.unit, right.unit} <= _UNEQUAL.keys():
        return _months(left), _months(right)
    one, other = _known(left), _known(right)
    if one is None or other is None or one.powers != other.powers:
        return None
    return EXACT.multiply(left.value, one.factor), EXACT.multiply(right.value, other.factor)


def _months(quantity: Quantity) -> Decimal:
    return quantity.value * (12 if quantity.unit == "year" else 1)


def are_alike(left: Quantity, right: Quantity) -> bool:
    """Tell whether they are the same to the precision of the less precise one."""
    if _have_same_unit(left, right):
        return _rounded_alike(left.value, right.value)
    factors = _factors(left, right)
    if factors is None:
        return False
    one, other = factors
    if any(q.is_calendar and q.unit in _UNEQUAL for q in (left, right)):
        return left.value * one == right.value * other
    # Each in the unit of the other: 4 g is as vague as 4000 mg would be.
    return _rounded_alike(left.value, EXACT.divide(right.value * other, one)) or _rounded_alike(
        EXACT.divide(left.value * one, other), right.value
    )


def in_unit(quantity: Quantity, unit: str) -> Quantity | None:
    """Return a quantity in another unit, of UCUM or of the calendar; None where that cannot be.

    Source: https://hl7.org/fhirpath/N1/#toquantityunit-string-quantity
    """
    wanted = written(quantity.value, unit if unit.removesuffix("s") in CALENDAR else f"'{unit}'")
    if unit == quantity.unit or wanted[1:] == quantity[1:]:
        return quantity
    if _have_same_unit(quantity, wanted):
        return wanted
    factors = _factors(quantity, wanted)
    if factors is None:
        return None
    value = _SHOWN.divide(EXACT.multiply(quantity.value, factors[0]), factors[1])
    return wanted._replace(value=value.quantize(Decimal(1)) if _is_whole(value) else value)


def _is_whole(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and 0 < exponent < _MOST_ZEROS


def _factors(left: Quantity, right: Quantity) -> tuple[Decimal, Decimal] | None:
    """Return what one of each unit is in a third one, or None where they have none together.

    A year and a month of the calendar have 365 and 30 days here: N1, toQuantity().
    """
    years = [_UNEQUAL.get(q.unit) if q.is_calendar else None for q in (left, right)]
    if None not in years:
        return _months(left._replace(value=Decimal(1))), _months(right._replace(value=Decimal(1)))
    one, other = _known(left), _known(right)
    if one is None or other is None or one.powers != other.powers:
        return None
    of_days = (left if years[1] else right).ucum in _OF_DAYS
    first, second = (
        days * _DAY if days and of_days else unit.factor
        for days, unit in zip(years, (one, other), strict=True)
    )
    return first, second


def _rounded_alike(one: Decimal, other: Decimal) -> bool:
    from pymedplum_runtime.fhirpath.equality import rounded_alike  # noqa: PLC0415 - it imports this

    return rounded_alike(one, other)


def key_of(node: Node) -> object | None:
    """Return a key that is the same for quantities that are equal, or None if it is none."""
    quantity = quantity_of(node)
    if quantity is None:
        return None
    if quantity.is_calendar and quantity.unit in _UNEQUAL:
        return ("calendar", _months(quantity))
    unit = _known(quantity)
    if unit is None:
        return ("quantity", quantity.value, quantity.unit, quantity.system)
    return ("quantity", EXACT.multiply(quantity.value, unit.factor), unit.powers)


def multiplied(left: Quantity, right: Quantity, power: int) -> Quantity | None:
    """Return the product, or with the power -1 the quotient; None for units that are not known."""
    if right.value == 0 and power < 0:
        return None
    value = left.value * right.value if power > 0 else left.value / right.value
    if right.ucum == "1":
        return Quantity(value, left.ucum)
    if left.ucum == "1" and power > 0:
        return Quantity(value, right.ucum)
    mark = "." if power > 0 else "/"
    joined = f"{left.ucum}{mark}({right.ucum})"
    unit = unit_of(joined)
    if unit is None:
        return None
    if not unit.powers:
        return Quantity(value * unit.factor, "1")
    base = ".".join(name if p == 1 else f"{name}{p}" for name, p in unit.powers)
    return Quantity(value * unit.factor, base)
