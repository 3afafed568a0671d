"""Paths of a plan as SQL expressions.

An expression gives one value, null for nothing, or a list. Values out of the JSON stay JSON until
it is known what they are taken for.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pymedplum_runtime.tables import plan as tree
from pymedplum_runtime.tables.duckdb.sql import leaves
from pymedplum_runtime.tables.duckdb.sql.references import reference_key
from pymedplum_runtime.tables.duckdb.sql.shapes import Shape, member
from pymedplum_runtime.tables.duckdb.sql.spelling import (
    Names,
    Untranslatable,
    let,
    literal,
    text_literal,
)
from pymedplum_runtime.tables.plan import Value
from pymedplum_runtime.tables.python.values import TEXTS

_LOGIC = {
    "and": "{0} AND {1}",
    "or": "{0} OR {1}",
    "xor": "{0} <> {1}",
    "implies": "NOT {0} OR {1}",
}


@dataclass(frozen=True, slots=True)
class Found:
    """An expression, and of what FHIR type its items are; without a shape, they are no JSON."""

    sql: str
    type: str
    shape: Shape | None = None
    is_list: bool = False

    def items(self) -> str:
        """Return a list, empty or null for nothing."""
        return self.sql if self.is_list else f"list_filter([{self.sql}], lambda x: x IS NOT NULL)"

    def count(self) -> str:
        """Return how many items there are."""
        if self.is_list:
            return f"coalesce(len({self.sql}), 0)"
        return f"CASE WHEN {self.sql} IS NULL THEN 0 ELSE 1 END"


@dataclass(frozen=True, slots=True)
class Scope:
    """What paths are evaluated against: the item in focus and its index, and the resource."""

    focus: Found
    index: str
    resource: Found
    names: Names


def found_in(value: Value, scope: Scope) -> Found:
    """Return the expression for a path.

    Raises:
        Untranslatable: there is none.
    """
    return _BY_TYPE[type(value)](value, scope)


def one(found: Found, names: Names) -> Found:
    """Return the only item; several fail."""
    if not found.is_list:
        return found

    def extracted(x: str) -> str:
        count = f"len({x})"
        position = f"CASE WHEN {count} > 1 THEN {leaves.several(count)} ELSE 1 END"
        return f"list_extract({x}, {position})"

    return replace(found, sql=let(names, found.sql, extracted), is_list=False)


def as_boolean(found: Found, names: Names) -> str:
    """Return an expression for a boolean.

    Raises:
        Untranslatable: it is something else.
    """
    if found.type != "boolean":
        raise Untranslatable(f"a condition is of type {found.type or 'unknown'}")
    only = one(found, names).sql
    return f"({only})" if found.shape is None else f"({leaves.boolean(names, only)})"


def as_text(found: Found, names: Names) -> str:
    """Return an expression for a single text."""
    return found.sql if found.shape is None else leaves.text(names, found.sql)


def as_number(found: Found, names: Names) -> str:
    """Return an expression for a single number."""
    if found.shape is None:
        return found.sql
    if found.type == "decimal":
        return leaves.decimal(names, found.sql)
    return leaves.integer(names, found.sql, "BIGINT")


def _opaque(value: tree.Opaque, _: Scope) -> Found:
    raise Untranslatable(f"'{value.expression.text}' is left to the FHIRPath engine")


def _literal(value: tree.Literal, _: Scope) -> Found:
    return Found(literal(value.value), value.type)


def _member(value: tree.Member, scope: Scope) -> Found:
    base = found_in(value.base, scope)
    if base.shape is None:
        raise Untranslatable(f"'{value.name}' is asked of a value that is made on the way")
    is_text = value.type in TEXTS
    shape = base.shape.member(value.name, repeats=value.repeats, is_text=is_text)
    if not base.is_list:
        return Found(member(base.sql, value.name), value.type, shape, value.repeats)
    x, y = scope.names.new(), scope.names.new()
    of_each = f"list_transform({base.sql}, lambda {x}: {member(x, value.name)})"
    if value.repeats:
        return Found(f"flatten({of_each})", value.type, shape, is_list=True)
    there = f"list_filter({of_each}, lambda {y}: {y} IS NOT NULL)"
    return Found(there, value.type, shape, is_list=True)


def _filter(value: tree.Filter, scope: Scope) -> Found:
    base = found_in(value.base, scope)
    if base.is_list:
        x = scope.names.new()
        condition = _condition(value, replace(base, sql=x, is_list=False), scope)
        return replace(base, sql=f"list_filter({base.sql}, lambda {x}: {condition})")
    condition = _condition(value, base, scope)
    return replace(base, sql=f"CASE WHEN {condition} THEN {base.sql} END")


def _condition(value: tree.Filter, item: Found, scope: Scope) -> str:
    inside = replace(scope, focus=replace(item, type=value.type))
    return as_boolean(found_in(value.condition, inside), scope.names)


def _item(value: tree.Item, scope: Scope) -> Found:
    base = found_in(value.base, scope)
    if base.is_list:
        position = value.position + 1 if value.position >= 0 else value.position
        return replace(base, sql=f"list_extract({base.sql}, {position})", is_list=False)
    if value.position in (0, -1):
        return base
    return replace(base, sql=f"CASE WHEN false THEN {base.sql} END")


def _exists(value: tree.Exists, scope: Scope) -> Found:
    base = found_in(value.base, scope)
    if base.is_list:
        sql = f"{base.count()} {'=' if value.negated else '>'} 0"
    else:
        sql = f"({base.sql}) IS {'' if value.negated else 'NOT '}NULL"
    return Found(sql, value.type)


def _count(value: tree.Count, scope: Scope) -> Found:
    return Found(f"CAST({found_in(value.base, scope).count()} AS BIGINT)", value.type)


def _not(value: tree.Not, scope: Scope) -> Found:
    return Found(f"NOT {as_boolean(found_in(value.operand, scope), scope.names)}", value.type)


def _logic(value: tree.Logic, scope: Scope) -> Found:
    sides = (as_boolean(found_in(v, scope), scope.names) for v in (value.left, value.right))
    return Found(_LOGIC[value.operator].format(*sides), value.type)


def _compare(value: tree.Compare, scope: Scope) -> Found:
    names = scope.names
    left = found_in(value.left, scope)
    right = one(found_in(value.right, scope), names)
    if not left.is_list:
        return Found(_compared(value, left, right, names), value.type)
    if value.operator not in ("=", "!="):
        return Found(_compared(value, one(left, names), right, names), value.type)
    several = "true" if value.operator == "!=" else "false"

    def compared(x: str) -> str:
        only = replace(left, sql=f"list_extract({x}, 1)", is_list=False)
        return (
            f"CASE WHEN len({x}) > 1 THEN CASE WHEN ({right.sql}) IS NOT NULL THEN {several} END"
            f" ELSE {_compared(value, only, right, names)} END"
        )

    return Found(let(names, left.sql, compared), value.type)


def _compared(value: tree.Compare, left: Found, right: Found, names: Names) -> str:
    written = value.right.value if isinstance(value.right, tree.Literal) else None
    if value.kind == "text":
        if isinstance(written, str) and not leaves.looks_odd(written):
            return f"({left.sql}) {value.operator} {text_literal(written)}"
        sides = (as_text(left, names), as_text(right, names))
    elif value.kind == "number":
        sides = (as_number(left, names), as_number(right, names))
    else:
        sides = (as_boolean(left, names), as_boolean(right, names))
    return f"({sides[0]}) {value.operator} ({sides[1]})"


def _join(value: tree.Join, scope: Scope) -> Found:
    base = found_in(value.base, scope)
    x = scope.names.new()
    item = replace(base, sql=x, is_list=False)
    texts = f"list_transform({base.items()}, lambda {x}: {as_text(item, scope.names)})"
    joined = f"array_to_string({texts}, {text_literal(value.separator)})"
    return Found(f"coalesce({joined}, '')", value.type)


def _resource_key(value: tree.ResourceKey, scope: Scope) -> Found:
    shape = scope.resource.shape
    if shape is None:
        raise Untranslatable("the resource has no shape")
    id_ = Found(member(scope.resource.sql, "id"), "id", shape.member("id", is_text=True))
    return Found(as_text(id_, scope.names), value.type)


def _reference_key(value: tree.ReferenceKey, scope: Scope) -> Found:
    base = found_in(value.base, scope)
    if base.shape is None or base.type != "Reference":
        raise Untranslatable("getReferenceKey() is asked of what is no Reference")
    base.shape.member("reference", is_text=True)
    if not base.is_list:
        return Found(
            reference_key(member(base.sql, "reference"), value.target, scope.names), value.type
        )
    x, y = scope.names.new(), scope.names.new()
    key = reference_key(member(x, "reference"), value.target, scope.names)
    keys = f"list_transform({base.sql}, lambda {x}: {key})"
    there = f"list_filter({keys}, lambda {y}: {y} IS NOT NULL)"
    return Found(there, value.type, None, is_list=True)


_BY_TYPE: dict[type[Any], Callable[[Any, Scope], Found]] = {
    tree.Focus: lambda _, scope: scope.focus,
    tree.Resource: lambda _, scope: scope.resource,
    tree.RowIndex: lambda value, scope: Found(scope.index, value.type),
    tree.Literal: _literal,
    tree.Member: _member,
    tree.Filter: _filter,
    tree.Item: _item,
    tree.Exists: _exists,
    tree.Count: _count,
    tree.Not: _not,
    tree.Logic: _logic,
    tree.Compare: _compare,
    tree.Join: _join,
    tree.ResourceKey: _resource_key,
    tree.ReferenceKey: _reference_key,
    tree.Opaque: _opaque,
}
