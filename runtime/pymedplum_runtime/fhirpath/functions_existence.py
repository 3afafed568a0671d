"""Functions that count, pick and compare items.

Source: https://hl7.org/fhirpath/N1/#existence and the sections after it
"""

from collections.abc import Callable

from pymedplum_runtime.fhirpath.code import MOST_ITEMS, NOTHING, Code, Scope
from pymedplum_runtime.fhirpath.compile import Compiler, focus_code
from pymedplum_runtime.fhirpath.equality import distinct, membership
from pymedplum_runtime.fhirpath.functions import Function
from pymedplum_runtime.fhirpath.navigation import add_children
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.operators import united
from pymedplum_runtime.fhirpath.syntax import Call, Fault


def one_integer(items: list[Node]) -> int | None:
    """Return the whole number that an argument gives, or None for nothing.

    Raises:
        Fault: it gives something else.
    """
    if not items:
        return None
    if len(items) > 1 or type(items[0].value) is not int:
        raise Fault("an argument is not one whole number")
    return items[0].value


def _empty(compiler: Compiler, call: Call) -> Code:
    target = compiler.code(call.target) if call.target else focus_code()
    present = target.present
    return Code(target.needs, truth=lambda scope: not present(scope))


def _not(compiler: Compiler, call: Call) -> Code:
    target = compiler.code(call.target) if call.target else focus_code()
    truth = target.truth

    def negated(scope: Scope) -> bool | None:
        found = truth(scope)
        return None if found is None else not found

    return Code(target.needs, truth=negated)


def _booleans(items: list[Node]) -> list[bool]:
    values = [node.value for node in items]
    if not all(isinstance(value, bool) for value in values):
        raise Fault("an item is not a boolean")
    return values


def _over_booleans(rule: Callable[[list[bool]], bool]) -> Function:
    def claim(items: list[Node], _: Scope) -> bool:
        return rule(_booleans(items))

    return Function("claim", claim, 0, 0)


def _none(values: list[bool]) -> bool:
    return not any(values)


def _not_all(values: list[bool]) -> bool:
    return not all(values)


def _is_subset(items: list[Node], _: Scope, of: list[Node]) -> bool:
    held = membership(of)
    return all(node in held for node in items)


def _is_superset(items: list[Node], scope: Scope, of: list[Node]) -> bool:
    return _is_subset(of, scope, items)


def _count(items: list[Node], _: Scope) -> list[Node]:
    return [Node(len(items), "System.Integer")]


def _distinct(items: list[Node], _: Scope) -> list[Node]:
    return distinct(items)


def _is_distinct(items: list[Node], _: Scope) -> bool:
    return len(distinct(items)) == len(items)


def _part(start: int | None, end: int | None) -> Function:
    part = slice(start, end)

    def give(items: list[Node], _: Scope) -> list[Node]:
        return items[part]

    return Function("items", give, 0, 0)


def _single(items: list[Node], _: Scope) -> list[Node]:
    if len(items) > 1:
        raise Fault("single() is asked of several items")
    return items


def _skip(items: list[Node], _: Scope, count: list[Node]) -> list[Node]:
    number = one_integer(count)
    return NOTHING if number is None else items[max(number, 0) :]


def _take(items: list[Node], _: Scope, count: list[Node]) -> list[Node]:
    number = one_integer(count)
    return NOTHING if number is None else items[: max(number, 0)]


def _intersect(items: list[Node], _: Scope, others: list[Node]) -> list[Node]:
    held = membership(others)
    return distinct(node for node in items if node in held)


def _exclude(items: list[Node], _: Scope, others: list[Node]) -> list[Node]:
    held = membership(others)
    return [node for node in items if node not in held]


def _union(items: list[Node], _: Scope, others: list[Node]) -> list[Node]:
    return united(items, others)


def _combine(
    items: list[Node], _: Scope, others: list[Node], _is_ordered: list[Node] | None = None
) -> list[Node]:
    if len(items) + len(others) > MOST_ITEMS:
        raise Fault(f"a collection has more than {MOST_ITEMS} items")
    return [*items, *others]


def _children(items: list[Node], scope: Scope) -> list[Node]:
    found: list[Node] = []
    for node in items:
        add_children(node, scope.shapes, found)
    return found


def _descendants(items: list[Node], scope: Scope) -> list[Node]:
    found = _children(items, scope)
    shapes = scope.shapes
    for node in found:  # grows while it is walked, level by level
        add_children(node, shapes, found)
    return found


def _has_value(items: list[Node], _: Scope) -> bool:
    return len(items) == 1 and items[0].value is not None and not isinstance(items[0].value, dict)


def _value(items: list[Node], scope: Scope) -> list[Node]:
    if not _has_value(items, scope):
        return NOTHING
    from pymedplum_runtime.fhirpath.types import SYSTEM, kind_of  # noqa: PLC0415 - seldom needed

    return [Node(items[0].value, f"{SYSTEM}{kind_of(items[0])}")]


FUNCTIONS = {
    "empty": Function("special", _empty, 0, 0),
    "not": Function("special", _not, 0, 0),
    "allTrue": _over_booleans(all),
    "anyTrue": _over_booleans(any),
    "allFalse": _over_booleans(_none),
    "anyFalse": _over_booleans(_not_all),
    "subsetOf": Function("claim", _is_subset, 1, 1),
    "supersetOf": Function("claim", _is_superset, 1, 1),
    "count": Function("items", _count, 0, 0),
    "distinct": Function("items", _distinct, 0, 0),
    "isDistinct": Function("claim", _is_distinct, 0, 0),
    "single": Function("items", _single, 0, 0),
    "first": _part(None, 1),
    "last": _part(-1, None),
    "tail": _part(1, None),
    "skip": Function("items", _skip, 1, 1),
    "take": Function("items", _take, 1, 1),
    "intersect": Function("items", _intersect, 1, 1),
    "exclude": Function("items", _exclude, 1, 1),
    "union": Function("items", _union, 1, 1),
    "combine": Function("items", _combine, 1, 2),
    "children": Function("items", _children, 0, 0),
    "descendants": Function("items", _descendants, 0, 0),
    "hasValue": Function("claim", _has_value, 0, 0),
    "getValue": Function("items", _value, 0, 0),
}
