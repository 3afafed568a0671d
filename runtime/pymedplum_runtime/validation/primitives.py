"""The values of primitive types, held against the generated table of their rules.

The models read the same table (`models/primitives.py`), and both refuse the same values.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import Any, cast

from pymedplum_runtime.profiles.tables import PrimitiveTable

# Tells what is wrong with a value, or None.
Problem = Callable[[Any], str | None]

# What Pydantic's regular expressions take for white space; Python's take four more characters.
_WHITE = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# As texts: compiled by `re` for the first value that needs them.
_SURROGATE = "[\ud800-\udfff]"
_BASE64 = "[A-Za-z0-9+/]+={0,2}"
_WHITE_SPACE = f"[{_WHITE}]+"
_KINDS = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "an object",
    list: "an array",
    type(None): "null",
}


def kind_of(value: object) -> str:
    """Return what a JSON value is, in words, without quoting it."""
    if isinstance(value, Decimal):
        return "a number"
    return _KINDS.get(cast("type", type(value)), f"a Python {type(value).__name__}")


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Callable[[str], object]:
    exact = pattern.replace(r"[^\s]", f"[^{_WHITE}]").replace(r"\S", f"[^{_WHITE}]")
    return re.compile(exact.replace(r"\s", f"[{_WHITE}]")).fullmatch


def _matcher(pattern: str) -> Callable[[str], object]:
    """Return a test that compiles the pattern when it is first asked."""
    ready: list[Callable[[str], object]] = []

    def matches(value: str) -> object:
        if not ready:
            ready.append(_compiled(pattern))
        return ready[0](value)

    return matches


def problem_of(name: str, rules: PrimitiveTable) -> Problem:
    """Return the check of a primitive type."""
    python = rules.get("python", "str")
    expectation = f"expected {rules.get('expectation', name)}"
    if python == "bool":
        return _boolean(expectation)
    if python == "int":
        return _integer(expectation, rules.get("minimum"), rules.get("maximum"))
    if python == "Decimal":
        return _decimal(expectation)
    if name == "base64Binary":
        return _text(expectation, _is_base64, None)
    pattern = rules.get("pattern")
    return _text(expectation, _matcher(pattern) if pattern else _any, rules.get("max_length"))


def _any(_text: str) -> bool:
    return True


def _boolean(expectation: str) -> Problem:
    def problem(value: object) -> str | None:
        if value is True or value is False:
            return None
        return f"{expectation}, got {kind_of(value)}"

    return problem


def _integer(expectation: str, lowest: int | None, highest: int | None) -> Problem:
    low = float("-inf") if lowest is None else lowest
    high = float("inf") if highest is None else highest

    def problem(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
        if isinstance(value, int) and not isinstance(value, bool):
            return None if low <= value <= high else f"{expectation} up to {highest}"
        return f"{expectation}, got {kind_of(value)}"

    return problem


def _decimal(expectation: str) -> Problem:
    def problem(value: object) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            return f"{expectation}, got {kind_of(value)}"
        if isinstance(value, int) or _is_finite(value):
            return None
        return "expected a finite number: JSON has no NaN and no infinity"

    return problem


def _is_finite(value: float | Decimal) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else isfinite(value)


def _text(expectation: str, matches: Callable[[str], object], longest: int | None) -> Problem:
    def problem(value: object) -> str | None:
        if not isinstance(value, str):
            return f"{expectation}, got {kind_of(value)}"
        if not matches(value):
            return expectation
        if longest is not None and len(value) > longest:
            return f"expected at most {longest} characters"
        if not value.isascii() and re.search(_SURROGATE, value):
            return "expected Unicode text, got half of a surrogate pair"
        return None

    return problem


def _is_base64(value: str) -> bool:
    """Tell what the table's pattern tells, in less time and memory for long contents."""
    tight = re.sub(_WHITE_SPACE, "", value)
    return len(tight) % 4 == 0 and re.fullmatch(_BASE64, tight) is not None
