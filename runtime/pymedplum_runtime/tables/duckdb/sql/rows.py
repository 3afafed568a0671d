"""The rows of a resource as one SQL expression: a list of structures, in the order of the rows.

What depends on the resource alone is put into columns before, so that it is evaluated once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from pymedplum_runtime.tables.columns import TableColumn, kind_of, table_columns
from pymedplum_runtime.tables.duckdb.sql.cells import cell, nothing
from pymedplum_runtime.tables.duckdb.sql.leaves import several
from pymedplum_runtime.tables.duckdb.sql.spelling import Untranslatable, let
from pymedplum_runtime.tables.duckdb.sql.values import Scope, as_boolean, found_in
from pymedplum_runtime.tables.plan import Cell, Literal, Plan, RowIndex, Rows
from pymedplum_runtime.tables.python.rows import columns_of

Cells = Mapping[int, str]
"""Expressions by the position of their column."""

MOST_ROWS = 1_000_000  # of one resource, so that products have an end; Python says so


@dataclass(frozen=True, slots=True)
class Made:
    """An expression for a list of rows, and which columns they have.

    `only` is the expression for the row where there is always one.
    """

    sql: str
    columns: tuple[int, ...]
    only: str | None = None


class RowsOf:
    """Makes the expressions for the rows of a plan.

    Attributes:
        columns: the columns that the rows have: those of the view.
        hoisted: the expressions that are to be columns before, with their names.
        members: the same for mere members of the resource, of which no copy is made.
    """

    def __init__(self, plan: Plan, top: Scope) -> None:
        columns = [each for each in table_columns(plan.columns) if each.part == "value"]
        self.columns: Sequence[TableColumn] = columns
        self.hoisted: dict[str, str] = {}
        self.members: dict[str, str] = {}
        self._by_name = {column.name: column for column in columns}
        self._names = top.names
        self._top = top
        self._plan = plan

    def condition(self) -> str:
        """Return the expression that tells whether there are rows.

        Raises:
            Untranslatable: a condition has none.
        """
        found = (found_in(path.value, self._top) for path in self._plan.where)
        conditions = [f"coalesce({as_boolean(each, self._names)}, false)" for each in found]
        return " AND ".join(conditions) or "true"

    def rows(self) -> str:
        """Return the expression for all rows.

        Raises:
            Untranslatable: there is none.
        """
        return self._product(self._plan.rows, self._top, {}).sql

    def _select(self, rows: Rows, scope: Scope, carried: Cells) -> Made:
        if rows.repeat:
            raise Untranslatable("'repeat' goes as deep as the data, which SQL has no lists for")
        if rows.each is None:
            return self._product([rows], scope, carried)
        found = found_in(rows.each.value, scope)
        items = self._hoisted(found.items(), scope)
        x, i = self._names.new(), self._names.new()
        index = f"({i} - 1)"
        inside = replace(scope, focus=replace(found, sql=x, is_list=False), index=index)
        made = self._product([replace(rows, each=None)], inside, carried)
        parameters = f"{x}, {i}" if index in made.sql else x
        if made.only:
            sql = f"list_transform({items}, lambda {parameters}: {made.only})"
        else:
            sql = f"flatten(list_transform({items}, lambda {parameters}: {made.sql}))"
        if rows.or_null:
            null_row = _structure({**carried, **self._nothing(rows)})
            sql = f"CASE WHEN len({items}) > 0 THEN {sql} ELSE [{null_row}] END"
        return Made(sql, made.columns)

    def _product(self, parts: Sequence[Rows], scope: Scope, carried: Cells) -> Made:
        """Return every row of a part joined with every row of the parts after it."""
        single, groups = _parts(parts)
        cells = {**carried, **dict(self._cell(each, scope) for each in single)}
        if not groups:
            only = _structure(cells)
            return Made(f"[{only}]", tuple(sorted(cells)), only)
        made = self._union(groups[0], scope, cells)
        for group in groups[1:]:
            made = self._joined(made, self._union(group, scope, {}))
        return made

    def _union(self, branches: Sequence[Rows], scope: Scope, carried: Cells) -> Made:
        made = [self._select(branch, scope, carried) for branch in branches]
        if len(made) == 1:
            return made[0]
        if len({each.columns for each in made}) != 1:
            raise Untranslatable("the branches of a union have different columns")
        return Made(f"list_concat({', '.join(each.sql for each in made)})", made[0].columns)

    def _joined(self, left: Made, right: Made) -> Made:
        x, y = self._names.new(), self._names.new()
        sides = ((x, left.columns), (y, right.columns))
        row = _structure({c: f"struct_extract({side}, 'c{c}')" for side, cs in sides for c in cs})

        def joined(first: str, second: str) -> str:
            count = f"len({first}) * len({second})"
            most = f"CASE WHEN {count} > {MOST_ROWS} THEN {several(count)} ELSE len({first}) END"
            of_each = f"list_transform({second}, lambda {y}: {row})"
            bounded = f"list_slice({first}, 1, {most})"
            return f"flatten(list_transform({bounded}, lambda {x}: {of_each}))"

        names = self._names
        sql = let(names, left.sql, lambda a: let(names, right.sql, lambda b: joined(a, b)))
        return Made(sql, tuple(sorted(left.columns + right.columns)))

    def _cell(self, of: Cell, scope: Scope) -> tuple[int, str]:
        column = self._column(of)
        sql = cell(of, column, scope)
        is_constant = isinstance(of.value, Literal | RowIndex)
        return column.cell, sql if is_constant else self._hoisted(sql, scope)

    def _nothing(self, rows: Rows) -> Cells:
        return {
            self._column(each).cell: nothing(
                each, self._column(each), is_index=isinstance(each.value, RowIndex)
            )
            for each in columns_of([rows])
        }

    def _column(self, of: Cell) -> TableColumn:
        column = self._by_name[of.name]
        if (kind_of(of.type), of.collection) != (column.kind, column.collection):
            raise Untranslatable(f"the branches of a union differ in column '{of.name}'")
        return column

    def _hoisted(self, sql: str, scope: Scope) -> str:
        """Return the name of a column for what is evaluated once for a resource."""
        if scope is not self._top:
            return sql
        if "(" in sql.replace("struct_extract(", ""):
            return self.hoisted.setdefault(sql, f"h{len(self.hoisted)}")
        return self.members.setdefault(sql, f"m{len(self.members)}")


def _parts(parts: Sequence[Rows]) -> tuple[list[Cell], list[Sequence[Rows]]]:
    """Return the cells that every row has, and the groups of alternatives that multiply rows."""
    single: list[Cell] = []
    groups: list[Sequence[Rows]] = []
    for part in parts:
        if part.each is not None or part.repeat:
            groups.append([part])
            continue
        nested, inner = _parts(part.nested)
        single += chain(part.cells, nested)
        groups += inner
        if part.union:
            groups.append(part.union)
    return single, groups


def _structure(cells: Cells) -> str:
    return "{" + ", ".join(f"'c{column}': {cells[column]}" for column in sorted(cells)) + "}"
