"""Functions that convert to the types of the language, and that ask whether it can be done.

Source: https://hl7.org/fhirpath/N1/#conversion
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pymedplum_runtime.fhirpath.code import NOTHING, Scope
from pymedplum_runtime.fhirpath.dates import Moment, parse_moment, text_of
from pymedplum_runtime.fhirpath.functions import Function
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.quantities import (
    Quantity,
    in_unit,
    parse_quantity,
    quantity_of,
)
from pymedplum_runtime.fhirpath.syntax import Fault
from pymedplum_runtime.fhirpath.types import kind_of, number_of

_TRUE = frozenset(("true", "t", "yes", "y", "1", "1.0"))
_FALSE = frozenset(("false", "f", "no", "n", "0", "0.0"))
# Longer numbers are not of this world, and take quadratic time to read.
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,400}(?:\.[0-9]{1,400})?")
_MOST_INTEGER = 2**31
_DATE_PARTS = 3

Convert = Callable[[str, Node], Any]


def _boolean(kind: str, node: Node) -> bool | None:
    if kind == "Boolean":
        return bool(node.value)
    if kind == "String":
        word = node.value.lower()
        return True if word in _TRUE else False if word in _FALSE else None
    number = number_of(node) if kind in ("Integer", "Decimal") else None
    return None if number is None or number not in (0, 1) else number == 1


def _integer(kind: str, node: Node) -> int | None:
    if kind == "Boolean":
        return int(node.value)
    if kind == "Integer":
        return int(node.value)
    if kind == "String" and _INTEGER.fullmatch(node.value):
        number = int(node.value)
        return number if -_MOST_INTEGER <= number < _MOST_INTEGER else None
    return None


def _decimal(kind: str, node: Node) -> Decimal | None:
    if kind == "Boolean":
        return Decimal(int(node.value))
    if kind in ("Integer", "Decimal"):
        number = number_of(node)
        return None if number is None else Decimal(number)
    if kind == "String" and _DECIMAL.fullmatch(node.value):
        return Decimal(node.value)
    return None


def _string(kind: str, node: Node) -> str | None:
    value = node.value
    if kind == "Boolean":
        return "true" if value else "false"
    if kind in ("Integer", "Decimal"):
        number = number_of(node)
        return f"{number or abs(number):f}" if isinstance(number, Decimal) else str(number)
    if kind == "Quantity":
        quantity = quantity_of(node)
        return None if quantity is None else str(quantity)
    return value if isinstance(value, str) else None


def _moment(kind: str, node: Node) -> Moment | None:
    return parse_moment(node.value) if kind in ("String", "Date", "DateTime") else None


def _date(kind: str, node: Node) -> str | None:
    moment = _moment(kind, node)
    if moment is None or (kind == "String" and len(moment.parts) > _DATE_PARTS):
        return None
    return text_of(Moment(moment.parts[:_DATE_PARTS]))


def _date_time(kind: str, node: Node) -> str | None:
    moment = _moment(kind, node)
    return None if moment is None else text_of(moment)


def _time(kind: str, node: Node) -> str | None:
    if kind not in ("String", "Time"):
        return None
    text = node.value.removeprefix("T")
    return text if parse_moment(text, is_time=True) else None


def _quantity(kind: str, node: Node) -> Quantity | None:
    if kind == "Boolean":
        return Quantity(Decimal("1.0" if node.value else "0.0"), "1")
    if kind == "String":
        return parse_quantity(node.value)
    return quantity_of(node) if kind in ("Integer", "Decimal", "Quantity") else None


_CONVERSIONS: dict[str, Convert] = {
    "Boolean": _boolean,
    "Integer": _integer,
    "Decimal": _decimal,
    "String": _string,
    "Date": _date,
    "DateTime": _date_time,
    "Time": _time,
    "Quantity": _quantity,
}


def _converted(convert: Convert, items: list[Node], unit: list[Node] | None = None) -> Any:  # noqa: ANN401 - a value of the type
    if len(items) > 1:
        raise Fault("a conversion is asked of several items")
    node = items[0]
    found = None if node.value is None else convert(kind_of(node), node)
    if found is None or unit is None:
        return found
    wanted = unit[0].value if len(unit) == 1 else None
    return in_unit(found, wanted) if isinstance(wanted, str) else None


def _conversion(name: str) -> Function:
    convert, type_name = _CONVERSIONS[name], f"System.{name}"

    def run(items: list[Node], _: Scope, *unit: list[Node]) -> list[Node]:
        found = _converted(convert, items, *unit) if items else None
        return NOTHING if found is None else [Node(found, type_name)]

    return Function("items", run, 0, int(name == "Quantity"))


def _possibility(name: str) -> Function:
    convert = _CONVERSIONS[name]

    def run(items: list[Node], _: Scope, *unit: list[Node]) -> bool | None:
        return _converted(convert, items, *unit) is not None if items else None

    return Function("claim", run, 0, int(name == "Quantity"))


FUNCTIONS = {
    **{f"to{name}": _conversion(name) for name in _CONVERSIONS},
    **{f"convertsTo{name}": _possibility(name) for name in _CONVERSIONS},
}
