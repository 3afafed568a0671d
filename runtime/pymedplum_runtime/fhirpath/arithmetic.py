"""Arithmetic between single items; what overflows or divides by zero gives nothing.

Source: https://hl7.org/fhirpath/N1/#math
"""

from collections.abc import Callable
from decimal import Context, Decimal, DecimalException, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from pymedplum_runtime.fhirpath.code import NOTHING
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.syntax import Fault
from pymedplum_runtime.fhirpath.types import MOST_MAGNITUDE, kind_of, number_of

# Far more digits than FHIR's 18, so that sums and products of its decimals are exact.
EXACT = Context(prec=100, Emax=9999, Emin=-9999, traps=[DivisionByZero, InvalidOperation, Overflow])
# A quotient may have no end.
DIVIDED = Context(
    prec=28, Emax=9999, Emin=-9999, traps=[DivisionByZero, InvalidOperation, Overflow]
)
_MOST_INTEGER = 2**63 - 1
MOST_CHARACTERS = 2_000_000


def number_node(value: Any) -> list[Node]:  # noqa: ANN401 - int | Decimal
    """Return a number as an item; nothing if it is too large for the language."""
    if isinstance(value, int):
        within = -_MOST_INTEGER - 1 <= value <= _MOST_INTEGER
        return [Node(value, "System.Integer")] if within else NOTHING
    if not value:
        value = value.copy_abs()  # the language has one zero
    is_small = value.is_finite() and abs(value.adjusted()) < MOST_MAGNITUDE
    return [Node(value, "System.Decimal")] if is_small else NOTHING


def text_node(value: str) -> list[Node]:
    """Return a text as an item.

    Raises:
        Fault: it is so long that it was made to fill the memory.
    """
    if len(value) > MOST_CHARACTERS:
        raise Fault(f"a text has more than {MOST_CHARACTERS} characters")
    return [Node(value, "System.String")]


def one(items: list[Node]) -> Node:
    """Return the single item.

    Raises:
        Fault: there are several.
    """
    if len(items) > 1:
        raise Fault("an operand gives several items")
    return items[0]


Numbers = Callable[[Any, Any], Any]


def _arithmetic(name: str, run: Numbers) -> Callable[[list[Node], list[Node]], list[Node]]:
    def operator(left: list[Node], right: list[Node]) -> list[Node]:
        if not left or not right:
            return NOTHING
        first, second = one(left), one(right)
        numbers = number_of(first), number_of(second)
        if None in numbers:
            return _other(name, first, second)
        try:
            return number_node(run(*numbers))
        except (DecimalException, ZeroDivisionError):
            return NOTHING

    return operator


def _other(name: str, left: Node, right: Node) -> list[Node]:
    """Calculate with what are not two numbers."""
    if left.value is None or right.value is None:
        return NOTHING
    kind, its_kind = kind_of(left), kind_of(right)
    if name == "+" and kind == its_kind == "String":
        return text_node(left.value + right.value)
    if "Quantity" in (kind, its_kind):
        from pymedplum_runtime.fhirpath import measured  # noqa: PLC0415 - seldom needed

        return measured.calculated(name, left, right)
    raise Fault(f"'{name}' cannot be used between {_named(kind)} and {_named(its_kind)}")


def _named(kind: str) -> str:
    return kind or "an item with elements"


def _exactly(run: Callable[[Context, Decimal, Decimal], Decimal]) -> Numbers:
    return lambda left, right: run(EXACT, Decimal(left), Decimal(right))


def _sum(left: Any, right: Any) -> Any:  # noqa: ANN401 - int | Decimal
    return left + right if type(left) is type(right) is int else _exactly(Context.add)(left, right)


def _difference(left: Any, right: Any) -> Any:  # noqa: ANN401 - int | Decimal
    if type(left) is type(right) is int:
        return left - right
    return _exactly(Context.subtract)(left, right)


def _product(left: Any, right: Any) -> Any:  # noqa: ANN401 - int | Decimal
    if type(left) is type(right) is int:
        return left * right
    return _exactly(Context.multiply)(left, right)


def _quotient(left: Any, right: Any) -> Decimal:  # noqa: ANN401 - int | Decimal
    return DIVIDED.divide(Decimal(left), Decimal(right))


def _whole_quotient(left: Any, right: Any) -> int:  # noqa: ANN401 - int | Decimal
    return int(EXACT.divide_int(Decimal(left), Decimal(right)))


def _remainder(left: Any, right: Any) -> Any:  # noqa: ANN401 - int | Decimal
    rest = EXACT.remainder(Decimal(left), Decimal(right))
    return int(rest) if type(left) is type(right) is int else rest


def _joined(left: list[Node], right: list[Node]) -> list[Node]:
    """`&` takes nothing for an empty text."""
    return text_node("".join(_text(items) for items in (left, right)))


def _text(items: list[Node]) -> str:
    if not items:
        return ""
    node = one(items)
    if node.value is None:
        return ""
    if not isinstance(node.value, str):
        raise Fault(f"'&' cannot be used with {_named(kind_of(node))}")
    return node.value


def negative(items: list[Node]) -> list[Node]:
    """Return a number or a quantity with the other sign."""
    if not items:
        return NOTHING
    node = one(items)
    number = number_of(node)
    if number is not None:
        # Not by `-`, which rounds to the precision of the context.
        return number_node(-number if isinstance(number, int) else number.copy_negate())
    if kind_of(node) != "Quantity":
        raise Fault(f"'-' cannot be used with {_named(kind_of(node))}")
    from pymedplum_runtime.fhirpath import measured  # noqa: PLC0415 - seldom needed

    return measured.changed(node, Decimal.copy_negate)


def positive(items: list[Node]) -> list[Node]:
    """Return a number or a quantity as it is."""
    if items and number_of(one(items)) is None and kind_of(items[0]) != "Quantity":
        raise Fault(f"'+' cannot be used with {_named(kind_of(items[0]))}")
    return items


OPERATORS: dict[str, Callable[[list[Node], list[Node]], list[Node]]] = {
    "+": _arithmetic("+", _sum),
    "-": _arithmetic("-", _difference),
    "*": _arithmetic("*", _product),
    "/": _arithmetic("/", _quotient),
    "div": _arithmetic("div", _whole_quotient),
    "mod": _arithmetic("mod", _remainder),
    "&": _joined,
}
