"""JSON values by their shape, for what reads members of a resource that may be broken."""

from typing import Any, cast

Object = dict[str, Any]

_NOTHING: Object = {}


def as_object(value: Any) -> Object:  # noqa: ANN401 - any JSON value
    """Return an object, and an empty one for any other value. Not to be changed."""
    return cast("Object", value) if isinstance(value, dict) else _NOTHING


def as_list(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
    """Return a list, and an empty one for any other value."""
    return cast("list[object]", value) if isinstance(value, list) else []


def as_text(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return a text, and None for any other value."""
    return value if isinstance(value, str) else None
