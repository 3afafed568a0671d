"""When two items are equal or equivalent, and keys by which many items are compared at once.

Source: https://hl7.org/fhirpath/N1/#equality
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

from pymedplum_runtime.fhirpath.keeping import Kept
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.syntax import Fault
from pymedplum_runtime.fhirpath.types import kind_of, number_of

_NUMBERS = frozenset(("Integer", "Decimal"))
_MOMENTS = frozenset(("Date", "DateTime", "Time"))
_MOST_LEVELS = 200
_EXACT = Context(prec=100, traps=[InvalidOperation])
Key = Any  # a text, or a tuple that begins with what it is


def equal_items(left: Sequence[Node], right: Sequence[Node]) -> bool | None:
    """Tell whether two collections hold equal items in the same order; None if that is open."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    outcome: bool | None = True
    for one, other in zip(left, right, strict=True):
        found = equal(one, other)
        if found is False:
            return False
        if found is None:
            outcome = None
    return outcome


def equal(left: Node, right: Node) -> bool | None:
    """Tell whether two items are equal; None where that cannot be known."""
    one, other = left.value, right.value
    if one is None or other is None:
        return None
    kind, its_kind = kind_of(left), kind_of(right)
    if kind in _NUMBERS and its_kind in _NUMBERS:
        one, other = _number(left), _number(right)
    elif kind in _MOMENTS and its_kind in _MOMENTS:
        return _same_moment(left, right)
    elif "Quantity" in (kind, its_kind):
        return _same_quantity(left, right)
    elif kind != its_kind and not isinstance(one, str):
        return False
    # A date and a text are the same when they are written alike.
    return bool(one == other)


def _same_moment(left: Node, right: Node) -> bool | None:
    from pymedplum_runtime.fhirpath.dates import compare, moment_of  # noqa: PLC0415 - seldom needed

    if left.value == right.value and left.type == right.type:
        return True
    one, other = moment_of(left), moment_of(right)
    if one is None or other is None or one.is_time != other.is_time:
        return False
    order = compare(one, other)
    return None if order is None else order == 0


def _same_quantity(left: Node, right: Node) -> bool | None:
    from pymedplum_runtime.fhirpath.quantities import compare, quantity_of  # noqa: PLC0415 - as above

    one, other = quantity_of(left), quantity_of(right)
    if one is None or other is None:
        return False if one is not other else bool(left.value == right.value)
    if one == other:
        return True
    order = compare(one, other)
    return None if order is None else order == 0


def _number(node: Node) -> Any:  # noqa: ANN401 - a number, or what stands for one
    number = number_of(node)
    return node.value if number is None else number


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    return value if not isinstance(value, float) else Decimal(repr(value))


def equivalent_items(left: Sequence[Node], right: Sequence[Node]) -> bool:
    """Tell whether two collections hold equivalent items in any order."""
    if len(left) != len(right):
        return False
    loose = Keys(is_loose=True)
    keys, others = ([_loose(node, loose) for node in nodes] for nodes in (left, right))
    if None not in keys and None not in others:
        return Counter(keys) == Counter(others)
    return _pairs_off(left, list(right))


_MOST_PAIRS = 1000


def _pairs_off(left: Sequence[Node], right: list[Node]) -> bool:
    if len(right) > _MOST_PAIRS:
        raise Fault(f"'~' compares more than {_MOST_PAIRS} items that have no order")
    for node in left:
        found = next((i for i, other in enumerate(right) if equivalent(node, other)), None)
        if found is None:
            return False
        right.pop(found)
    return True


def equivalent(left: Node, right: Node) -> bool:
    """Tell whether two items mean the same, as far as the less precise one says."""
    loose = Keys(is_loose=True)
    one, other = _loose(left, loose), _loose(right, loose)
    if one is not None and other is not None:
        return bool(one == other)
    kind, its_kind = kind_of(left), kind_of(right)
    if kind in _NUMBERS and its_kind in _NUMBERS:
        return rounded_alike(number_of(left), number_of(right))
    if "Quantity" in (kind, its_kind):
        from pymedplum_runtime.fhirpath.quantities import are_alike, quantity_of  # noqa: PLC0415 - rare

        mine, its = quantity_of(left), quantity_of(right)
        return mine is not None and its is not None and are_alike(mine, its)
    if kind in _MOMENTS and its_kind in _MOMENTS:
        return _same_moment(left, right) is True
    # As where they are asked to be equal.
    return isinstance(left.value, str) and bool(left.value == right.value)


def _loose(node: Node, keys: "Keys") -> Key:
    """Return a key that is the same for equivalent items, or None where it takes a pair to tell."""
    kind = kind_of(node)
    if kind == "String":
        return " ".join(node.value.lower().split())
    if kind == "Boolean":
        return (kind, node.value)
    return None if kind else keys.of_json(node.value)


def rounded_alike(one: Any, other: Any) -> bool:  # noqa: ANN401 - numbers
    """Tell whether two numbers are the same to the precision of the less precise one."""
    if one is None or other is None:
        return False
    left, right = Decimal(one), Decimal(other)
    step = Decimal(1).scaleb(-min(_digits(left), _digits(right)))
    try:
        rounded = (n.quantize(step, ROUND_HALF_UP, _EXACT) for n in (left, right))
        return next(rounded) == next(rounded)
    except InvalidOperation:  # more digits than are calculated with
        return left == right


def _digits(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


class Keys:
    """Gives items keys that are the same for equal items, in one pass over what they hold.

    Loose keys of JSON are the same for equivalent values.
    """

    def __init__(self, *, is_loose: bool = False) -> None:
        self._is_loose = is_loose
        self._numbers: dict[Key, int] = {}
        self._known: dict[int, tuple[Any, int]] = {}

    def of(self, node: Node) -> Key:
        """Return the key of an item."""
        value = node.value
        kind = kind_of(node)
        if kind == "String":
            return value
        if kind in _NUMBERS:
            return ("number", _number(node))
        if kind in _MOMENTS:
            from pymedplum_runtime.fhirpath.dates import key_of  # noqa: PLC0415 - seldom needed

            return key_of(node)
        if kind == "Quantity":
            from pymedplum_runtime.fhirpath.quantities import key_of as key  # noqa: PLC0415 - as above

            found = key(node)
            return found if found is not None else self.of_json(value)
        return (kind, value) if kind else self.of_json(value)

    def of_json(self, value: Any, level: int = 0) -> Key:  # noqa: ANN401 - JSON
        """Return the key of a JSON value: a small number for an object or a list."""
        if value.__class__ is dict:
            known = self._known.get(id(value))
            if known is not None and known[0] is value:
                return ("", known[1])
        elif value.__class__ is not list:
            return _json_key(value, is_loose=self._is_loose)
        if level > _MOST_LEVELS:
            raise Fault(f"an item has more than {_MOST_LEVELS} levels")
        if value.__class__ is dict:
            pairs = ((k, self.of_json(v, level + 1)) for k, v in value.items())
            parts: Key = frozenset(pairs)
        else:
            parts = tuple(self.of_json(each, level + 1) for each in value)
            parts = tuple(sorted(parts, key=repr)) if self._is_loose else parts
        number = self._numbers.setdefault(parts, len(self._numbers))
        if value.__class__ is dict:
            self._known[id(value)] = (value, number)
        return ("", number)


def _json_key(value: Any, *, is_loose: bool) -> Key:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return ("text", " ".join(value.lower().split()) if is_loose else value)
    return (type(value) is bool, _plain(value))


def distinct(items: Iterable[Node]) -> list[Node]:
    """Return the items without those that are equal to an earlier one."""
    key = Keys().of
    found: dict[Key, Node] = {}
    for node in items:
        found.setdefault(key(node), node)
    return list(found.values())


class Membership:
    """A collection, to be asked whether items are in it."""

    def __init__(self, items: Iterable[Node]) -> None:
        self._keys = Keys()
        self._held = {self._keys.of(node) for node in items}

    def __contains__(self, node: Node) -> bool:
        return self._keys.of(node) in self._held


def membership(items: list[Node]) -> Membership:
    """Return what tells whether items are in a collection; that of a kept one is kept with it."""
    if not isinstance(items, Kept):
        return Membership(items)
    if items.index is None:
        items.index = Membership(items)
    found: Membership = items.index
    return found
