"""The least and the greatest value that an item may stand for, and how precise it is.

Source: https://build.fhir.org/ig/HL7/FHIRPath/#boundary-functions
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, DecimalException

from pymedplum_runtime.fhirpath.arithmetic import EXACT
from pymedplum_runtime.fhirpath.code import NOTHING, Scope
from pymedplum_runtime.fhirpath.dates import Moment, Part, last_day, moment_of, text_of
from pymedplum_runtime.fhirpath.functions import Function
from pymedplum_runtime.fhirpath.functions_existence import one_integer
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.quantities import in_one_unit, quantity_of
from pymedplum_runtime.fhirpath.syntax import Fault
from pymedplum_runtime.fhirpath.types import kind_of, number_of

_MOST_DIGITS = 31
_USUAL_DIGITS = 8
# How many digits a moment has, down to each of its parts.
_DATE_DIGITS = (4, 6, 8, 10, 12, 17)
_TIME_DIGITS = (2, 4, 9)
_MILLISECONDS = 3


def _one(items: list[Node]) -> Node | None:
    if len(items) > 1:
        raise Fault("a boundary is asked of several items")
    return items[0] if items and items[0].value is not None else None


def _boundary(*, is_low: bool) -> Function:
    def give(items: list[Node], _: Scope, digits: list[Node] | None = None) -> list[Node]:
        node = _one(items)
        precision = None if digits is None else one_integer(digits)
        if node is None or (digits is not None and precision is None):
            return NOTHING
        kind = kind_of(node)
        if kind in ("Date", "DateTime", "Time") or (kind == "String" and not node.type):
            return _of_moment(node, precision, is_low=is_low)
        return _of_number(node, precision, is_low=is_low)

    return Function("items", give, 0, 1)


def _of_number(node: Node, precision: int | None, *, is_low: bool) -> list[Node]:
    digits = _USUAL_DIGITS if precision is None else precision
    number = number_of(node)
    quantity = quantity_of(node) if number is None else None
    value = quantity.value if quantity is not None else number
    if value is None or not 0 <= digits <= _MOST_DIGITS:
        return NOTHING
    try:
        bound = _bound(Decimal(value), digits, is_low=is_low)
    except DecimalException:
        return NOTHING
    if quantity is not None:
        return [Node(quantity._replace(value=bound), "System.Quantity")]
    return [Node(bound, "System.Decimal")]


def _bound(value: Decimal, digits: int, *, is_low: bool) -> Decimal:
    exponent = value.as_tuple().exponent
    written = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    half = Decimal(5).scaleb(-written - 1)
    exact = EXACT.subtract(value, half) if is_low else EXACT.add(value, half)
    rounding = ROUND_FLOOR if is_low else ROUND_CEILING
    bound = exact.quantize(Decimal(1).scaleb(-digits), rounding, EXACT)
    return bound or bound.copy_abs()


def _of_moment(node: Node, precision: int | None, *, is_low: bool) -> list[Node]:
    moment = moment_of(node)
    if moment is None:
        return NOTHING
    steps = _TIME_DIGITS if moment.is_time else _DATE_DIGITS
    usual = 8 if kind_of(node) == "Date" else steps[-1]
    digits = usual if precision is None else precision
    if digits not in steps:
        return NOTHING
    count = steps.index(digits) + 1
    filled = _filled(moment, is_low=is_low)[:count]
    zone = moment.zone
    if not moment.is_time and count > _MILLISECONDS and not zone:
        zone = "+14:00" if is_low else "-12:00"
    found = Moment(filled, zone if count > _MILLISECONDS else "", moment.is_time)
    type_name = node.type
    if not moment.is_time:
        type_name = "System.DateTime" if count > _MILLISECONDS else "System.Date"
    return [Node(text_of(found), type_name)]


def _filled(moment: Moment, *, is_low: bool) -> tuple[Part, ...]:
    parts = list(moment.parts)
    if not moment.is_time:
        if len(parts) == 1:
            parts.append(1 if is_low else 12)
        if len(parts) == 2:  # noqa: PLR2004 - year and month
            parts.append(1 if is_low else last_day(int(parts[0]), int(parts[1])))
    start = 0 if moment.is_time else 3
    rest: tuple[Part, ...] = (0, 0, Decimal("0.000"))
    if not is_low:
        rest = (23, 59, Decimal("59.999"))
    parts += rest[len(parts) - start :]
    if isinstance(parts[-1], int):
        parts[-1] = Decimal(parts[-1]) + (Decimal("0.000") if is_low else Decimal("0.999"))
    return tuple(parts)


def _precision(items: list[Node], _: Scope) -> list[Node]:
    node = _one(items)
    if node is None:
        return NOTHING
    digits = _digits(node)
    return NOTHING if digits is None else [Node(digits, "System.Integer")]


def _digits(node: Node) -> int | None:
    number = number_of(node)
    if number is not None:
        exponent = Decimal(number).as_tuple().exponent
        return max(0, -exponent) if isinstance(exponent, int) else None
    moment = moment_of(node)
    if moment is None:
        return None
    steps = _TIME_DIGITS if moment.is_time else _DATE_DIGITS
    last = moment.parts[-1]
    if len(moment.parts) == len(steps) and isinstance(last, int):
        return steps[-1] - _MILLISECONDS
    return steps[len(moment.parts) - 1]


def _comparable(items: list[Node], _: Scope, others: list[Node]) -> bool | None:
    one, other = _one(items), _one(others)
    if one is None or other is None:
        return None
    left, right = quantity_of(one), quantity_of(other)
    return left is not None and right is not None and in_one_unit(left, right) is not None


FUNCTIONS = {
    "lowBoundary": _boundary(is_low=True),
    "highBoundary": _boundary(is_low=False),
    "precision": Function("items", _precision, 0, 0),
    "comparable": Function("claim", _comparable, 1, 1),
}
