"""The closures of conditions: booleans that may be nothing, comparisons, and values of one kind.

As those of `plain_steps`, each takes an item and the frame.
"""

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pymedplum_runtime.tables.python.frames import Frame, Items, OddShapeError, Step
from pymedplum_runtime.tables.python.plain_steps import focus


def boolean(base: Step) -> Step:
    """Give a boolean, and nothing else."""

    def step(item: Any, frame: Frame) -> bool | None:  # noqa: ANN401 - any JSON value
        found = base(item, frame)
        if found is True or found is False or found is None:
            return found
        raise OddShapeError

    return step


def text(base: Step) -> Step:
    """Give a text, and nothing else."""

    def step(item: Any, frame: Frame) -> str | None:  # noqa: ANN401 - any JSON value
        found = base(item, frame)
        if found is None or found.__class__ is str:
            return found
        raise OddShapeError

    return step


def number(base: Step) -> Step:
    """Give a number, exactly, and nothing else."""

    def step(item: Any, frame: Frame) -> int | Decimal | None:  # noqa: ANN401 - any JSON value
        found = base(item, frame)
        if found is None or found.__class__ is int or isinstance(found, Decimal):
            return found
        if found.__class__ is float:
            return Decimal(repr(found))
        raise OddShapeError

    return step


def negation(base: Step) -> Step:
    """Give the contrary."""

    def step(item: Any, frame: Frame) -> bool | None:  # noqa: ANN401 - any JSON value
        found = base(item, frame)
        return None if found is None else not found

    return step


def logic(name: str, left: Step, right: Step) -> Step:
    """Give what two booleans mean together, where each may be nothing.

    Source: https://hl7.org/fhirpath/N1/#boolean-logic
    """
    if name == "implies":
        return logic("or", negation(left), right)
    if name == "xor":
        return _xor(left, right)
    decisive = name == "or"

    def step(item: Any, frame: Frame) -> bool | None:  # noqa: ANN401 - any JSON value
        first: bool | None = left(item, frame)
        second: bool | None = None if first is decisive else right(item, frame)
        if first is decisive or second is decisive:
            return decisive
        return None if first is None or second is None else not decisive

    return step


def _xor(left: Step, right: Step) -> Step:
    def step(item: Any, frame: Frame) -> bool | None:  # noqa: ANN401 - any JSON value
        first, second = left(item, frame), right(item, frame)
        return None if first is None or second is None else first is not second

    return step


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def comparison(name: str, left: Step, right: Step) -> Step:
    """Compare two values of one kind."""
    compare = _COMPARISONS[name]

    def step(item: Any, frame: Frame) -> bool | None:  # noqa: ANN401 - any JSON value
        first = left(item, frame)
        if first is None:
            return None
        second = right(item, frame)
        return None if second is None else compare(first, second)

    return step


def equality_of_several(name: str, left: Items, right: Step, kind: Callable[[Step], Step]) -> Step:
    """Compare items with one value: several never equal it."""
    only = comparison(name, kind(focus), right)

    def step(item: Any, frame: Frame) -> bool | None:  # noqa: ANN401 - any JSON value
        found = left(item, frame)
        if len(found) == 1:
            return only(found[0], frame)  # type: ignore[no-any-return]  # of a comparison
        if not found or right(item, frame) is None:
            return None
        return name == "!="

    return step
