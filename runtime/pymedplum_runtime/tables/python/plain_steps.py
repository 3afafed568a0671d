"""The closures that plans become: each takes an item and the frame, and gives a value or None.

Lists that steps give may be those of the resource, so nothing changes them.
"""

from collections.abc import Sequence
from typing import Any

from pymedplum_runtime.tables.python.frames import Frame, Items, OddShapeError, Step

NOTHING: list[Any] = []


def focus(item: Any, _: Frame) -> Any:  # noqa: ANN401 - any JSON value
    """Give the item itself."""
    return item


def resource(_: Any, frame: Frame) -> Any:  # noqa: ANN401 - the same
    """Give the resource that the item is of."""
    return frame.resource


def row_index(_: Any, frame: Frame) -> int:  # noqa: ANN401 - the same
    """Give the position of the item in the nearest iteration."""
    return frame.index


def resource_key(_: Any, frame: Frame) -> str | None:  # noqa: ANN401 - the same
    """Give the id of the resource."""
    found = frame.resource.get("id")
    return found if isinstance(found, str) else None


def constant(value: object) -> Step:
    """Give always the same."""
    return lambda _item, _frame: value


def path(names: Sequence[str]) -> Step:
    """Follow members of objects from the item on, none of which is an array."""
    if len(names) == 1:
        return _one_member(names[0])
    first, second, *others = names

    def step(item: Any, _: Frame) -> Any:  # noqa: ANN401 - any JSON value
        found = item.get(first)
        if found is None:
            return None
        found = found.get(second)
        for name in others:
            if found is None:
                return None
            found = found.get(name)
        return found

    return step


def _one_member(name: str) -> Step:
    return lambda item, _frame: item.get(name)


def member(base: Step, name: str) -> Step:
    """Follow a member of an object."""

    def step(item: Any, frame: Frame) -> Any:  # noqa: ANN401 - any JSON value
        found = base(item, frame)
        return None if found is None else found.get(name)

    return step


def one_of(items: Items) -> Step:
    """Give the only item."""

    def step(item: Any, frame: Frame) -> Any:  # noqa: ANN401 - any JSON value
        found = items(item, frame)
        if len(found) > 1:
            raise OddShapeError
        return found[0] if found else None

    return step


def list_of(base: Step) -> Items:
    """Give what is there, in a list."""

    def items(item: Any, frame: Frame) -> list[Any]:  # noqa: ANN401 - any JSON value
        found = base(item, frame)
        if found is None:
            return NOTHING
        if found.__class__ is list:
            raise OddShapeError
        return [found]

    return items


def member_items(base: Step, name: str) -> Items:
    """Give the items of a member that is an array."""

    def items(item: Any, frame: Frame) -> list[Any]:  # noqa: ANN401 - any JSON value
        found = base(item, frame)
        return NOTHING if found is None else _array(found.get(name))

    return items


def members_of_each(base: Items, name: str) -> Items:
    """Give a member of each item."""

    def items(item: Any, frame: Frame) -> list[Any]:  # noqa: ANN401 - any JSON value
        found = [each.get(name) for each in base(item, frame)]
        if None in found:
            found = [each for each in found if each is not None]
        for each in found:
            if each.__class__ is list:
                raise OddShapeError
        return found

    return items


def arrays_of_each(base: Items, name: str) -> Items:
    """Give the items of a member that is an array, of each item."""

    def items(item: Any, frame: Frame) -> list[Any]:  # noqa: ANN401 - any JSON value
        return [each for one in base(item, frame) for each in _array(one.get(name))]

    return items


def _array(found: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
    if found is None:
        return NOTHING
    if found.__class__ is not list:
        raise OddShapeError
    return [each for each in found if each is not None] if None in found else found


def filtered(base: Items, condition: Step) -> Items:
    """Give the items for which a condition is true."""

    def items(item: Any, frame: Frame) -> list[Any]:  # noqa: ANN401 - any JSON value
        return [each for each in base(item, frame) if condition(each, frame)]

    return items


def item_at(base: Items, position: int) -> Step:
    """Give the item at a position; -1 is the last."""

    def step(item: Any, frame: Frame) -> Any:  # noqa: ANN401 - any JSON value
        found = base(item, frame)
        return found[position] if -len(found) <= position < len(found) else None

    return step


def exists(base: Items, *, negated: bool) -> Step:
    """Tell whether there are items."""
    if negated:
        return lambda item, frame: not base(item, frame)
    return lambda item, frame: bool(base(item, frame))


def count(base: Items) -> Step:
    """Count the items."""
    return lambda item, frame: len(base(item, frame))


def join(base: Items, separator: str) -> Step:
    """Give texts as one."""
    return lambda item, frame: separator.join(base(item, frame))
