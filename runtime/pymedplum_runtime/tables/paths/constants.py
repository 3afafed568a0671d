"""The constants of a view, as they stand in its paths."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timezone
from decimal import Decimal
from typing import Any, TypeAlias, cast

from pymedplum_runtime.fhirpath import syntax as tree
from pymedplum_runtime.fhirpath.syntax import Fault, Syntax
from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.tables.paths.type_families import (
    MOMENTS,
    NUMBERS,
    SIMPLE_BY_NAME,
    TEXT,
    WHOLE,
)
from pymedplum_runtime.times import to_utc

ConstantValue: TypeAlias = str | bool | int | Decimal
Typed: TypeAlias = tuple[str, ConstantValue]
"""The type of a constant, and its value."""

RESERVED = frozenset(("resource", "rootResource", "context", "rowIndex", "ucum"))
_GIVEN = frozenset(("resource", "rootResource", "context", "rowIndex", "ucum", "sct", "loinc"))
_SYSTEM: Mapping[str, str] = {
    "boolean": "System.Boolean",
    "decimal": "System.Decimal",
    "date": "System.Date",
    "dateTime": "System.DateTime",
    "instant": "System.DateTime",
    "time": "System.Time",
    **dict.fromkeys(TEXT, "System.String"),
    **dict.fromkeys(WHOLE, "System.Integer"),
}


def value_of(type_name: str, value: object) -> ConstantValue | None:
    """Return a constant's value as its type has it, or None where it is none of that type."""
    if type_name == "boolean":
        return value if isinstance(value, bool) else None
    if type_name not in NUMBERS:
        return value if isinstance(value, str) and _is_text_of(type_name, value) else None
    if isinstance(value, bool):
        return None
    if type_name == "decimal":
        number = Decimal(repr(value)) if isinstance(value, float) else value
        number = Decimal(number) if isinstance(number, int) else number
        return number if isinstance(number, Decimal) and number.is_finite() else None
    if type_name == "integer64" and isinstance(value, str):
        value = int(value) if _WHOLE_TEXT.fullmatch(value) else None
    least, most = _BOUNDS[type_name]
    return value if isinstance(value, int) and least <= value <= most else None


_WHOLE_TEXT = re.compile(r"-?\d{1,19}", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3])(:[0-5]\d(:([0-5]\d|60)(\.\d+)?)?)?", re.ASCII)
_DATE_LENGTH = 10
_MOST = 2**31 - 1
_BOUNDS: Mapping[str, tuple[int, int]] = {
    "integer": (-_MOST - 1, _MOST),
    "positiveInt": (1, _MOST),
    "unsignedInt": (0, _MOST),
    "integer64": (-(2**63), 2**63 - 1),
}


def _is_text_of(type_name: str, text: str) -> bool:
    if type_name == "time":
        return _TIME.fullmatch(text) is not None
    if type_name not in MOMENTS:
        return bool(text)
    if (type_name, len(text) > _DATE_LENGTH) in (("date", True), ("instant", False)):
        return False
    try:
        to_utc(text, default_zone=timezone.utc)
    except ValueError:
        return False
    return True


def with_constants(syntax: Syntax, constants: Mapping[str, Typed]) -> Syntax:
    """Put the values of constants into an expression, and types under the names that FHIR has.

    Older views write `ofType(Time)` for `ofType(time)`.

    Raises:
        Fault: there is no such constant.
    """
    defined = set(defined_variables(syntax))

    def rewrite(part: Syntax) -> Syntax:
        part = rewritten(part, rewrite)
        if isinstance(part, tree.Variable):
            return part if part.name in defined else _value_of(part, constants)
        if isinstance(part, tree.TypeOperation):
            return part._replace(type=_type_name(part.type))
        if isinstance(part, tree.Call) and part.name in ("ofType", "as", "is"):
            return part._replace(arguments=tuple(map(_type_argument, part.arguments)))
        return part

    return rewrite(syntax)


def with_empty_joins(syntax: Syntax) -> Syntax:
    """Let `join()` of nothing give the empty text, which is what views want of it."""

    def rewrite(part: Syntax) -> Syntax:
        part = rewritten(part, rewrite)
        if not isinstance(part, tree.Call) or part.name != "join":
            return part
        nothing = tree.Literal("", "System.String", part.position)
        return tree.Call(None, "coalesce", (part, nothing), part.position)

    return rewrite(syntax)


def rewritten(part: Syntax, rewrite: Callable[[Syntax], Syntax]) -> Syntax:
    """Return a part of an expression with its own parts rewritten."""
    if isinstance(part, tree.Literal | tree.Variable):
        return part
    changed: list[Any] = []
    for member in cast("tuple[Any, ...]", part):  # a loop, for each frame counts in deep trees
        if member.__class__ is tuple:
            changed.append(tuple(map(rewrite, member)))
        elif isinstance(member, tuple):  # a named one
            changed.append(rewrite(cast("Syntax", member)))
        else:
            changed.append(member)
    return type(part)(*changed)


def _value_of(part: tree.Variable, constants: Mapping[str, Typed]) -> Syntax:
    name = part.name.removeprefix("%")
    if name == part.name:
        return part
    if name in constants:
        type_name, value = constants[name]
        return tree.Literal(value, _SYSTEM[type_name], part.position)
    if name not in _GIVEN and not name.startswith(("vs-", "ext-")):
        hint = did_you_mean(name, {*constants, *_GIVEN})
        raise Fault(f"there is no constant '{name}'{hint}", part.position)
    return part


def defined_variables(part: Any) -> Iterator[str]:  # noqa: ANN401 - a Syntax, or a part of one
    """Give the names of the variables that an expression itself defines."""
    if not isinstance(part, tuple):
        return
    if isinstance(part, tree.Call) and part.name == "defineVariable" and part.arguments:
        name = part.arguments[0]
        yield f"%{name.value}" if isinstance(name, tree.Literal) else ""
    for each in cast("tuple[Any, ...]", part):
        yield from defined_variables(each)


def _type_argument(syntax: Syntax) -> Syntax:
    if isinstance(syntax, tree.Name) and syntax.target is None:
        return syntax._replace(name=_type_name(syntax.name))
    return syntax


def _type_name(name: str) -> str:
    return SIMPLE_BY_NAME.get(name.lower(), name)
