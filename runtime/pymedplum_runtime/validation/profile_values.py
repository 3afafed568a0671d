"""Comparing values of a resource with values of a definition: fixed and pattern.

Recursion goes as deep as the definition's value, never as deep as the resource.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pymedplum_runtime.profiles.ordering import as_decimal

Value = Any  # a JSON value


def equals(value: Value, fixed: Value) -> bool:
    """Tell whether a value is the fixed one: the same members, the same order, the same digits.

    Decimals are the same if their values and their numbers of digits are, as far as the JSON
    reader has kept these: a `float` has only its value.

    Source: https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.fixed_x_
    """
    if isinstance(fixed, dict):
        return _same_members(value, cast("dict[str, Value]", fixed))
    if isinstance(fixed, list):
        rows = cast("Sequence[Value]", fixed)
        return (
            isinstance(value, list)
            and len(cast("Sequence[Value]", value)) == len(rows)
            and all(map(equals, cast("Sequence[Value]", value), rows))
        )
    return _same_primitive(value, fixed)


def matches(value: Value, pattern: Value) -> bool:
    """Tell whether a value has at least what the pattern has.

    Each member of a pattern's object must be there and match, each item of its lists must match
    some item, primitives must be the same.

    Source: https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_
    """
    if isinstance(pattern, dict):
        if not isinstance(value, dict):
            return False
        members = cast("dict[str, Value]", pattern)
        there = cast("dict[str, Value]", value)
        return all(name in there and matches(there[name], m) for name, m in members.items())
    if isinstance(pattern, list):
        if not isinstance(value, list):
            return False
        items = cast("Sequence[Value]", value)
        rows = cast("Sequence[Value]", pattern)
        return all(any(matches(item, row) for item in items) for row in rows)
    return _same_primitive(value, pattern)


def _same_members(value: Value, fixed: Mapping[str, Value]) -> bool:
    if not isinstance(value, dict):
        return False
    there = cast("dict[str, Value]", value)
    return len(there) == len(fixed) and all(
        name in there and equals(there[name], member) for name, member in fixed.items()
    )


def _same_primitive(value: Value, fixed: Value) -> bool:
    if isinstance(value, bool) or isinstance(fixed, bool):
        return value is fixed
    if isinstance(value, str) or isinstance(fixed, str):
        return bool(value == fixed)
    left, right = as_decimal(value), as_decimal(fixed)
    if left is None or right is None:
        return value is fixed
    if isinstance(value, float) or isinstance(fixed, float):
        return left == right
    return left.as_tuple() == right.as_tuple()
