"""Functions of numbers; what cannot be calculated gives nothing.

Source: https://hl7.org/fhirpath/N1/#math
"""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, DecimalException
from typing import Any

from pymedplum_runtime.fhirpath.arithmetic import DIVIDED, EXACT, number_node
from pymedplum_runtime.fhirpath.code import NOTHING, Scope
from pymedplum_runtime.fhirpath.functions import Function
from pymedplum_runtime.fhirpath.functions_existence import one_integer
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.syntax import Fault
from pymedplum_runtime.fhirpath.types import kind_of, number_of

_MOST_DIGITS = 50
_MOST_EXPONENT = 4096


def _number(items: list[Node]) -> Any:  # noqa: ANN401 - int | Decimal | None
    if not items:
        return None
    if len(items) > 1:
        raise Fault("a number is needed, and there are several items")
    if items[0].value is None:
        return None
    number = number_of(items[0])
    if number is None:
        raise Fault("a number is needed, and the item is none")
    return number


def _of_number(run: Callable[..., Any], arguments: int = 0) -> Function:
    def give(items: list[Node], _: Scope, *given: list[Node]) -> list[Node]:
        numbers = [_number(items), *(_number(each) for each in given)]
        if None in numbers:
            return NOTHING
        try:
            return number_node(run(*numbers))
        except (DecimalException, ValueError, OverflowError):
            return NOTHING

    return Function("items", give, arguments, arguments)


def _abs(items: list[Node], _: Scope) -> list[Node]:
    if len(items) == 1 and kind_of(items[0]) == "Quantity":
        from pymedplum_runtime.fhirpath.measured import changed  # noqa: PLC0415 - seldom needed

        return changed(items[0], Decimal.copy_abs)
    number = _number(items)
    if number is None:
        return NOTHING
    return number_node(abs(number) if isinstance(number, int) else number.copy_abs())


def _whole(rounding: str) -> Callable[[Any], int]:
    def run(number: Any) -> int:  # noqa: ANN401 - int | Decimal
        if isinstance(number, int):
            return number
        if number.adjusted() > _MOST_DIGITS:
            raise OverflowError
        return int(number.to_integral_value(rounding, EXACT))

    return run


def _round(items: list[Node], _: Scope, digits: list[Node] | None = None) -> list[Node]:
    number = _number(items)
    places = 0 if digits is None else one_integer(digits)
    if number is None or places is None:
        return NOTHING
    if not 0 <= places <= _MOST_DIGITS:
        raise Fault(f"round() takes 0 to {_MOST_DIGITS} digits")
    value = Decimal(number)
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= places:
        return number_node(value)
    try:
        rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, EXACT)
    except DecimalException:
        return NOTHING
    return number_node(rounded)


def _log(number: Any, base: Any) -> Decimal:  # noqa: ANN401 - int | Decimal
    found = EXACT.divide(EXACT.ln(Decimal(number)), EXACT.ln(Decimal(base)))
    # Of exact powers it is a whole number; what the last digits say is the way it was calculated.
    return DIVIDED.plus(found).normalize(DIVIDED)


def _power(base: Any, exponent: Any) -> Any:  # noqa: ANN401 - int | Decimal
    if abs(exponent) > _MOST_EXPONENT:
        raise OverflowError
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        if base.bit_length() * exponent > _MOST_EXPONENT:
            raise OverflowError
        return base**exponent
    context = EXACT if isinstance(exponent, int) and exponent >= 0 else DIVIDED
    return context.power(Decimal(base), Decimal(exponent))


def _decimal(run: Callable[[Decimal], Decimal]) -> Callable[[Any], Decimal]:
    return lambda number: run(Decimal(number))


FUNCTIONS = {
    "abs": Function("items", _abs, 0, 0),
    "ceiling": _of_number(_whole("ROUND_CEILING")),
    "floor": _of_number(_whole("ROUND_FLOOR")),
    "truncate": _of_number(_whole("ROUND_DOWN")),
    "exp": _of_number(_decimal(DIVIDED.exp)),
    "ln": _of_number(_decimal(DIVIDED.ln)),
    "log": _of_number(_log, 1),
    "power": _of_number(_power, 1),
    "round": Function("items", _round, 0, 1),
    "sqrt": _of_number(_decimal(DIVIDED.sqrt)),
}
