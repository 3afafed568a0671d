"""Validation errors that say what, where and what to do, and never quote a value."""

from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

Location = tuple[int | str, ...]


def refuse(title: str, kind: str, message: str, location: Location = ()) -> ValidationError:
    """Make a validation error of one line."""
    return from_lines(title, [line(kind, message, location)])


def line(
    kind: str, message: str, location: Location = (), value: object = None
) -> InitErrorDetails:
    """Make one line of a validation error."""
    words: tuple[Any, Any] = kind, message  # declared as literal strings there
    error = PydanticCustomError(*words)
    return InitErrorDetails(type=error, loc=location, input=value)


def from_lines(title: str, lines: list[InitErrorDetails]) -> ValidationError:
    """Make a validation error that hides its input."""
    return ValidationError.from_exception_data(title, lines, hide_input=True)


def is_object_without(data: object, name: str) -> bool:
    """Tell whether the data is a JSON object that lacks a member."""
    return isinstance(data, dict) and name not in cast("dict[str, object]", data)
