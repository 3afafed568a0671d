"""Models and other containers inside dicts, turned into what JSON text would give."""

from collections.abc import Mapping
from typing import Any, cast

_DEEPEST = 200  # levels of what is turned; beyond them the walk refuses it as it is


class NotPlainError(Exception):
    """A dict holds something that has to become plain JSON first."""


def refuse_unless_plain(value: object) -> None:
    """Raise for a value that is no JSON but stands for some: a model, a mapping, a tuple.

    Raises:
        NotPlainError: `plain` makes JSON of it.
    """
    if hasattr(value, "model_dump") or isinstance(value, tuple):
        raise NotPlainError
    if isinstance(value, Mapping | list) and type(value) not in (dict, list):  # pyright: ignore[reportUnknownArgumentType] - of any kind
        raise NotPlainError


def plain(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON value
    """Return a copy with dicts for models and mappings, and lists for other sequences."""
    if depth > _DEEPEST:
        return value
    if hasattr(value, "model_dump"):
        return value.model_dump()
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        return {name: plain(member, depth + 1) for name, member in members.items()}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in cast("list[Any]", value)]
    return value
