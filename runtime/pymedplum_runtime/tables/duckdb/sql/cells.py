"""What paths give as cells: of the type of their column, or failing where they are not."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pymedplum_runtime.tables.columns import TableColumn
from pymedplum_runtime.tables.duckdb.sql import leaves
from pymedplum_runtime.tables.duckdb.sql.spelling import Names, Untranslatable, type_of
from pymedplum_runtime.tables.duckdb.sql.values import Found, Scope, found_in, one
from pymedplum_runtime.tables.paths.fields import AnyField, Field, fields_of, is_primitive
from pymedplum_runtime.tables.paths.type_families import NUMBERS, WHOLE
from pymedplum_runtime.tables.plan import Cell
from pymedplum_runtime.tables.python.values import TEXTS

_FITTING = {
    "boolean": frozenset(("boolean",)),
    "integer": WHOLE,
    "integer64": WHOLE,
    "decimal": NUMBERS,
    "time": TEXTS,
    "text": TEXTS,
}


def cell(of: Cell, column: TableColumn, scope: Scope) -> str:
    """Return the expression for a cell.

    Raises:
        Untranslatable: there is none.
    """
    found = found_in(of.value, scope)
    is_tree = found.type not in TEXTS and column.kind == "text" and _has_same_text(found.type)
    if is_tree and found.shape is not None:
        found.shape.take_whole()
    elif found.type not in _FITTING[column.kind]:
        raise Untranslatable(
            f"column '{of.name}' makes {column.kind} of values of type {found.type or 'unknown'}"
        )
    names = scope.names
    if not column.collection:
        return _one(one(found, names), column, names)
    x = names.new()
    item = replace(found, sql=x, is_list=False)
    made = f"list_transform({found.items()}, lambda {x}: {_one(item, column, names)})"
    return f"coalesce({made}, CAST([] AS {type_of(column)}))"


def nothing(of: Cell, column: TableColumn, *, is_index: bool) -> str:
    """Return the cell of a row that stands for no items: null, or 0 for the index of the item."""
    value = "0" if is_index else "NULL"
    if is_index and of.collection:
        value = "[0]"
    return f"CAST({value} AS {type_of(column)})"


def _one(found: Found, column: TableColumn, names: Names) -> str:
    sql_type = type_of(replace(column, collection=False))
    if found.shape is None:
        return f"CAST({found.sql} AS {sql_type})"
    if column.kind == "boolean":
        return leaves.boolean(names, found.sql)
    if column.kind in {"text", "time"}:
        return (leaves.text if found.type in TEXTS else leaves.json_text)(names, found.sql)
    if column.kind == "decimal":
        return leaves.decimal(names, found.sql)
    return leaves.integer(names, found.sql, sql_type)


def _has_same_text(type_name: str, seen: frozenset[str] = frozenset()) -> bool:
    """Tell whether values of a type have elements, and no decimals but in extensions.

    DuckDB does not keep how a decimal was written.
    """
    fields: Mapping[str, AnyField] = fields_of(type_name) if type_name else {}
    if not fields or is_primitive(type_name):
        return False
    options = [each for field in fields.values() for each in _options(field)]
    types = {each.type for each in options} - {"Extension", type_name, *seen}
    inside = seen | {type_name}
    return all(
        each and each != "decimal" and (is_primitive(each) or _has_same_text(each, inside))
        for each in types
    )


def _options(field: AnyField) -> Sequence[Field]:
    return (field,) if isinstance(field, Field) else field.options
