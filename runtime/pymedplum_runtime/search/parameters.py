"""One search parameter as the pairs of name and text that a URL has of it."""

import re
from typing import Any, cast

from pymedplum_runtime.search.values import search_value

Pairs = list[tuple[str, str]]

_NAME = re.compile(r"[^\s?&=#/%+]+")


def parameter_pairs(name: str, value: Any) -> Pairs:  # noqa: ANN401 - whatever has a search text
    """Return the pairs of a parameter: none for `None`, one for each entry of a list.

    Raises:
        TypeError: the value has no search text, or the name is no text.
        ValueError: the name cannot be one, or the list is empty.
    """
    check_name(name)
    if value is None:
        return []
    if not isinstance(value, list):
        return [(name, search_value(value, name=name))]
    given = [each for each in cast("list[object]", value) if each is not None]
    if not given:
        raise ValueError(
            f"search parameter {name}: an empty list would match everything; None leaves it out"
        )
    return [(name, search_value(each, name=name)) for each in given]


def check_name(name: object) -> None:
    """Refuse what cannot be a parameter's name; it is not quoted, since it may be a value.

    Raises:
        TypeError: it is no text.
        ValueError: it is empty, or holds a character that separates the parts of a URL.
    """
    if not isinstance(name, str):
        raise TypeError(f"a search parameter's name is a str, not {type(name).__name__}")
    if not _NAME.fullmatch(name):
        raise ValueError(
            "a search parameter's name is neither empty nor holds spaces or any of ? & = # / % +"
        )
