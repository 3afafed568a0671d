"""What a resource is made of, looked at before anything walks it.

Models and other containers become what their JSON would be; what JSON cannot hold is refused: an
object inside itself, and members whose names are no texts.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

Value = Any  # a JSON value, or what stands for one
Path = tuple[str | int, ...]
_DEEPEST = 200  # levels; what is nested deeper is looked at in another way, or left as it is
_PLAIN = frozenset({dict, list, str, int, float, bool, type(None)})
_CIRCLE = "contains itself, which JSON cannot"
_DEEP = "is nested too deeply for what is left of the stack"
_NAME = "has a member whose name is no text, which JSON cannot have"


class NotJsonError(ValueError):
    """Dicts and lists of Python that no JSON could give."""

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


def as_json(value: Value) -> Value:
    """Return a value of plain dicts and lists: the value itself, where it is one already.

    Raises:
        NotJsonError: it contains itself, or has names that are no texts.
    """
    kinds, names, is_deep = _kinds(value)
    if any(map(_stands_for_json, kinds - _PLAIN)):
        value = plain(value)
        kinds, names, is_deep = _kinds(value)
    if is_deep or not all(issubclass(name, str) for name in names):
        _refuse(value)
    return value


def _kinds(value: Value) -> tuple[set[type], set[type], bool]:
    """Return the classes of all values and of all names, and whether they go deeper than is seen.

    Level by level, so that a circle only goes deep.
    """
    kinds: set[type] = {value.__class__}
    names: set[type] = set()
    level = [value]
    for _ in range(_DEEPEST):
        below: dict[int, Value] = {}
        for each in level:
            if each.__class__ is dict:
                names.update(map(type, each))
                items: Iterable[Value] = each.values()
            elif each.__class__ is list:
                items = each
            else:
                continue
            for item in items:
                kind = item.__class__
                kinds.add(kind)
                if kind is dict or kind is list:
                    below[id(item)] = item
        if not below:
            return kinds, names, False
        level = list(below.values())
    return kinds, names, True


def _stands_for_json(kind: type) -> bool:
    return hasattr(kind, "model_dump") or issubclass(kind, Mapping | list | tuple)


def plain(value: Value) -> Value:
    """Return a copy with dicts for models and mappings, and lists for other sequences.

    Raises:
        NotJsonError: it contains itself, or is too deep for what is left of the stack.
    """
    try:
        return _copied(value, [])
    except RecursionError:
        raise NotJsonError(_DEEP, ()) from None


def _copied(value: Value, around: list[int]) -> Value:
    kind: type = value.__class__
    if hasattr(kind, "model_dump"):
        return value.model_dump()
    is_mapping = issubclass(kind, Mapping)
    if len(around) > _DEEPEST or not (is_mapping or issubclass(kind, list | tuple)):
        return value
    if id(value) in around:
        raise NotJsonError(_CIRCLE, ())
    around.append(id(value))
    copied: Value
    if is_mapping:
        members = cast("Mapping[str, Value]", value)
        copied = {name: _copied(member, around) for name, member in members.items()}
    else:
        copied = [_copied(item, around) for item in cast("list[Value]", value)]
    around.pop()
    return copied


def _refuse(value: Value) -> None:
    """Raise for the first circle or name that is no text; without recursion."""
    path: list[str | int] = []
    around = [id(value)]
    inside, seen = {id(value)}, {id(value)}
    waiting = [_members(value)]
    while waiting:
        member = next(waiting[-1], None)
        if member is None:
            waiting.pop()
            inside.discard(around.pop())
            del path[-1:]
            continue
        name, item = member
        if name is None:
            raise NotJsonError(_NAME, tuple(path))
        if id(item) in inside:
            raise NotJsonError(_CIRCLE, (*path, name))
        if id(item) not in seen and issubclass(item.__class__, dict | list):
            path.append(name)
            around.append(id(item))
            inside.add(id(item))
            seen.add(id(item))
            waiting.append(_members(item))


def _members(value: Value) -> Iterator[tuple[str | int | None, Value]]:
    """Give the members of an object or the items of a list; None for a name that is no text."""
    if issubclass(value.__class__, list):
        yield from enumerate(cast("list[Value]", value))
        return
    for name, item in cast("dict[object, Value]", value).items():
        yield (name if isinstance(name, str) else None), item
