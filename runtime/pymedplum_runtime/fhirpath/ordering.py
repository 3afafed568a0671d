"""Which of two items is smaller, and sorting by it.

Source: https://hl7.org/fhirpath/N1/#comparison
"""

from collections.abc import Sequence
from functools import cmp_to_key

from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.syntax import Fault
from pymedplum_runtime.fhirpath.types import kind_of, number_of

_NUMBERS = frozenset(("Integer", "Decimal"))
_MOMENTS = frozenset(("Date", "DateTime", "Time"))


def order(left: list[Node], right: list[Node]) -> int | None:
    """Return -1, 0 or 1 for two single items, or None where that is not known.

    Raises:
        Fault: there are several items, or they are of types that have no order together.
    """
    if len(left) > 1 or len(right) > 1:
        raise Fault("several items are compared")
    return _order(left[0], right[0])


def _order(left: Node, right: Node) -> int | None:
    if left.value is None or right.value is None:
        return None
    kind, its_kind = kind_of(left), kind_of(right)
    if kind == its_kind == "String":
        return int(left.value > right.value) - int(left.value < right.value)
    if kind in _NUMBERS and its_kind in _NUMBERS:
        one, other = number_of(left), number_of(right)
        return None if one is None or other is None else int(one > other) - int(one < other)
    if kind in _MOMENTS or its_kind in _MOMENTS:
        return _order_of_moments(left, right)
    if kind == "Quantity" or its_kind == "Quantity":
        return _order_of_quantities(left, right)
    raise _incomparable(left, right)


def _incomparable(left: Node, right: Node) -> Fault:
    names = [kind_of(node) or "an item with elements" for node in (left, right)]
    return Fault(f"{names[0]} and {names[1]} cannot be compared")


def _order_of_moments(left: Node, right: Node) -> int | None:
    from pymedplum_runtime.fhirpath.dates import compare, moment_of, order_of_texts  # noqa: PLC0415 - seldom needed

    kinds = kind_of(left), kind_of(right)
    if "Time" in kinds and kinds != ("Time", "Time") and "String" not in kinds:
        raise _incomparable(left, right)
    for node, kind in zip((left, right), kinds, strict=True):
        # A text may be a date whose type is not known.
        if kind not in _MOMENTS and (kind != "String" or node.type):
            raise _incomparable(left, right)
    if "Time" in kinds:
        left, right = (Node(node.value, "time") for node in (left, right))
    else:
        found = order_of_texts(left.value, right.value)
        if found is not None:
            return found
    one, other = moment_of(left), moment_of(right)
    return None if one is None or other is None else compare(one, other)


def _order_of_quantities(left: Node, right: Node) -> int | None:
    from pymedplum_runtime.fhirpath.quantities import compare, quantity_of  # noqa: PLC0415 - as above

    if not {kind_of(left), kind_of(right)} <= {"Quantity", *_NUMBERS}:
        raise _incomparable(left, right)
    one, other = quantity_of(left), quantity_of(right)
    return None if one is None or other is None else compare(one, other)


Row = tuple[Node, list[list[Node]]]


def sorted_by(rows: Sequence[Row], ways: Sequence[str]) -> list[Node]:
    """Return the items by their keys: for each key `asc`, `desc`, or a sign before it.

    An item without a key is the lowest; a minus does not change that, since there is nothing
    that it could change.

    Raises:
        Fault: keys have no order together.
    """

    def compared(one: Row, other: Row) -> int:
        for mine, its, way in zip(one[1], other[1], ways, strict=True):
            found = _order_of_keys(mine, its)
            if found:
                is_down = way == "desc" or (way == "-" and bool(mine) and bool(its))
                return -found if is_down else found
        return 0

    return [node for node, _ in sorted(rows, key=cmp_to_key(compared))]


def _order_of_keys(mine: list[Node], its: list[Node]) -> int:
    if not mine or not its:
        return bool(mine) - bool(its)
    return order(mine, its) or 0
