"""The operators; those between conditions know true, false and nothing.

Source: https://hl7.org/fhirpath/N1/#operations
"""

from collections.abc import Callable
from typing import Any

from pymedplum_runtime.fhirpath.code import (
    MOST_ITEMS,
    NOTHING,
    Code,
    Items,
    Scope,
    Truth,
    weigh,
)
from pymedplum_runtime.fhirpath.equality import distinct, equal_items, equivalent_items, membership
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.syntax import Fault, Literal, Operation


def operation(operator: str, needs: int, left: Code, right: Code, part: Operation) -> Code:
    """Return the code of an operator between two operands."""
    if operator in _LOGIC:
        return Code(needs, truth=located(_LOGIC[operator](left.truth, right.truth), part.position))
    if operator in ("=", "!="):
        return _equality(operator, needs, left, right, part)
    if operator in _CLAIMS:
        return Code(needs, truth=_claim(_CLAIMS[operator], left.items, right.items, part.position))
    return Code(needs, _binary(_item_operator(operator), left.items, right.items, part.position))


def sign(operator: str, operand: Code, position: int) -> Code:
    """Return the code of `+` or `-` before an operand."""
    from pymedplum_runtime.fhirpath import arithmetic  # noqa: PLC0415 - seldom needed

    before = operand.items
    change = arithmetic.negative if operator == "-" else arithmetic.positive

    def items(scope: Scope) -> list[Node]:
        try:
            return change(before(scope))
        except Fault as fault:
            raise fault.at(position) from None

    return Code(operand.needs, items)


def _and(left: Truth, right: Truth) -> Truth:
    def truth(scope: Scope) -> bool | None:
        one = left(scope)
        if one is False:
            return False
        other = right(scope)
        if other is False:
            return False
        return True if one and other else None

    return truth


def _or(left: Truth, right: Truth) -> Truth:
    def truth(scope: Scope) -> bool | None:
        one = left(scope)
        if one:
            return True
        other = right(scope)
        if other:
            return True
        return False if one is False and other is False else None

    return truth


def _xor(left: Truth, right: Truth) -> Truth:
    def truth(scope: Scope) -> bool | None:
        one, other = left(scope), right(scope)
        return None if one is None or other is None else one is not other

    return truth


def _implies(left: Truth, right: Truth) -> Truth:
    def truth(scope: Scope) -> bool | None:
        one = left(scope)
        if one is False:
            return True
        other = right(scope)
        if other:
            return True
        return False if one and other is False else None

    return truth


_LOGIC: dict[str, Callable[[Truth, Truth], Truth]] = {
    "and": _and,
    "or": _or,
    "xor": _xor,
    "implies": _implies,
}


def located(truth: Truth, position: int) -> Truth:
    """Return a condition whose faults say where it is."""

    def evaluate(scope: Scope) -> bool | None:
        try:
            return truth(scope)
        except Fault as fault:
            raise fault.at(position) from None

    return evaluate


def _equality(operator: str, needs: int, left: Code, right: Code, part: Operation) -> Code:
    one, other, wanted = left.items, right.items, operator == "="
    if left.is_claim and right.is_claim:
        return Code(needs, truth=_same_claims(left.truth, right.truth, wanted=wanted))
    text = _text(part.right)

    def truth(scope: Scope) -> bool | None:
        found = equal_items(one(scope), other(scope))
        return found if found is None or wanted else not found

    def with_text(scope: Scope) -> bool | None:
        items = one(scope)
        if len(items) == 1 and items[0].value.__class__ is str:
            return (items[0].value == text) is wanted
        found = equal_items(items, other(scope))
        return found if found is None or wanted else not found

    return Code(needs, truth=truth if text is None else with_text)


def _same_claims(left: Truth, right: Truth, *, wanted: bool) -> Truth:
    def truth(scope: Scope) -> bool | None:
        one, other = left(scope), right(scope)
        return None if one is None or other is None else (one is other) is wanted

    return truth


def _text(part: Any) -> str | None:  # noqa: ANN401 - a Syntax
    """Return the text that is written out: anything that is text equals it when written alike."""
    is_text = isinstance(part, Literal) and part.type == "System.String"
    return part.value if is_text else None


def _claim(
    run: Callable[[list[Node], list[Node]], bool | None], left: Items, right: Items, position: int
) -> Truth:
    def truth(scope: Scope) -> bool | None:
        try:
            return run(left(scope), right(scope))
        except Fault as fault:
            raise fault.at(position) from None

    return truth


def _binary(
    run: Callable[[list[Node], list[Node]], list[Node]], left: Items, right: Items, position: int
) -> Items:
    def items(scope: Scope) -> list[Node]:
        try:
            return weigh(scope, run(left(scope), right(scope)))
        except Fault as fault:
            raise fault.at(position) from None

    return items


def is_in(one: list[Node], many: list[Node]) -> bool | None:
    """Tell whether an item is among others."""
    if not one:
        return None
    if len(one) > 1:
        raise Fault("several items are asked for at once")
    return bool(many) and one[0] in membership(many)


def united(left: list[Node], right: list[Node]) -> list[Node]:
    """Return the items of both collections, each once."""
    if len(left) + len(right) > MOST_ITEMS:
        raise Fault(f"a collection has more than {MOST_ITEMS} items")
    return distinct([*left, *right]) if left or right else NOTHING


def _order(allowed: tuple[int, ...]) -> Callable[[list[Node], list[Node]], bool | None]:
    def claim(left: list[Node], right: list[Node]) -> bool | None:
        if not left or not right:
            return None
        from pymedplum_runtime.fhirpath.ordering import order  # noqa: PLC0415 - seldom needed

        found = order(left, right)
        return None if found is None else found in allowed

    return claim


def _item_operator(operator: str) -> Callable[[list[Node], list[Node]], list[Node]]:
    if operator == "|":
        return united
    from pymedplum_runtime.fhirpath import arithmetic  # noqa: PLC0415 - seldom needed

    return arithmetic.OPERATORS[operator]


_CLAIMS: dict[str, Callable[[list[Node], list[Node]], bool | None]] = {
    "~": equivalent_items,
    "!~": lambda left, right: not equivalent_items(left, right),
    "in": is_in,
    "contains": lambda left, right: is_in(right, left),
    "<": _order((-1,)),
    "<=": _order((-1, 0)),
    ">": _order((1,)),
    ">=": _order((0, 1)),
}
