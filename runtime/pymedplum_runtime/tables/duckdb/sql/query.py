"""The whole of a view as one SELECT over lines of JSON.

Every line is read once, into what the view uses. Its rows are made by SQL, unless the line has
something that SQL does not see, or is not what the SQL relies on: then a function makes them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pymedplum_runtime.tables.columns import TableColumn, table_columns
from pymedplum_runtime.tables.duckdb.sql import times
from pymedplum_runtime.tables.duckdb.sql.leaves import LONG_FRACTION
from pymedplum_runtime.tables.duckdb.sql.rows import RowsOf
from pymedplum_runtime.tables.duckdb.sql.shapes import Shape
from pymedplum_runtime.tables.duckdb.sql.spelling import (
    Names,
    Untranslatable,
    identifier,
    text_literal,
    type_of,
)
from pymedplum_runtime.tables.duckdb.sql.values import Found, Scope
from pymedplum_runtime.tables.options import Decimals
from pymedplum_runtime.tables.plan import Plan
from pymedplum_runtime.tables.python.lines import needs_digits

_STAGES = """\
SELECT {columns}
FROM (SELECT *{is_plain}
FROM (SELECT unnest(CASE
    WHEN made IS NOT NULL THEN struct_extract(made, 'rows')
    WHEN NOT is_kept THEN NULL
    WHEN is_kept IS NULL AND NOT named AND {is_other} THEN NULL
    ELSE {fallback} END) AS u
FROM (SELECT *, CASE WHEN is_kept THEN TRY({{'rows': {rows}}}) END AS made
FROM (SELECT json, named, r, struct_extract(h, 'is_kept') AS is_kept{hoisted}{members}
FROM (SELECT *, CASE WHEN {type} = {wanted} AND NOT {special} THEN
    TRY({{'is_kept': {condition}{once}}}) END AS h
FROM (SELECT json, named, json_transform(json, {structure}) AS r
FROM ({lines})))))))"""
_TYPE = "struct_extract(r, 'resourceType')"
_IS_OTHER = "coalesce(starts_with({type}, '\"') AND {type} <> {wanted}, false)"

# Parts of primitives stand beside them; and nulls only there, or where they should not be. CASE,
# because DuckDB evaluates both sides of AND and OR; the first search rules out most lines quickly.
_SPECIAL = (
    "CASE WHEN CASE WHEN contains(json, '_') THEN json LIKE '%\"\\_%' ESCAPE '\\' END THEN true"
    "{digits}{odd}"
    " WHEN contains(json, 'null') THEN regexp_matches(json, '[[,:]\\s*null') ELSE false END"
)
_DIGITS = f" WHEN regexp_matches(json, '{LONG_FRACTION}') THEN true"


@dataclass(frozen=True, slots=True)
class Functions:
    """The names of what makes rows of lines and reads times, in the connection."""

    rows: str
    times: times.TimeFunctions


@dataclass(frozen=True, slots=True)
class Translation:
    """A view as SQL, whatever the lines come from."""

    plan: Plan
    structure: str
    oddities: Sequence[str]
    condition: str
    hoisted: Mapping[str, str]
    members: Mapping[str, str]
    rows: str
    columns: Sequence[TableColumn]

    @property
    def row_type(self) -> str:
        """The type of a row, as the function has to return a list of."""
        members = (f"c{c.cell} {type_of(c)}" for c in self.columns if c.part == "value")
        return f"STRUCT({', '.join(members)})"

    def select(self, lines: str, functions: Functions | None) -> str:
        """Return the SELECT.

        Args:
            lines: a SELECT of the columns `json` and `named`: whether they are said to hold
                resources of the view's type alone.
            functions: what Python does; without them, such a line is an error.
        """
        fallback = "error('this line needs Python: run the view, or register it')"
        if functions is not None:
            fallback = f"{identifier(functions.rows)}(json, named)"
        wanted = text_literal(f'"{self.plan.resource}"')
        special = _SPECIAL.format(
            digits=_DIGITS if needs_digits(self.plan) else "",
            odd="".join(f" WHEN {each} THEN true" for each in self.oddities),
        )
        return _STAGES.format(
            columns=", ".join(self._column(c, functions) for c in self.columns),
            is_plain="".join(
                f", {times.is_plain(_value(c))} AS p{c.cell}"
                for c in self.columns
                if c.part == "utc"
            ),
            fallback=f"CAST({fallback} AS {self.row_type}[])",
            rows=self.rows,
            type=_TYPE,
            wanted=wanted,
            is_other=_IS_OTHER.format(type=_TYPE, wanted=wanted),
            hoisted="".join(f", struct_extract(h, '{n}') AS {n}" for n in self.hoisted.values()),
            members="".join(f", {sql} AS {name}" for sql, name in self.members.items()),
            special=special,
            condition=self.condition,
            once="".join(f", '{name}': {sql}" for sql, name in self.hoisted.items()),
            structure=text_literal(self.structure),
            lines=lines,
        )

    @staticmethod
    def _column(column: TableColumn, functions: Functions | None) -> str:
        made = _value(column)
        read = None if functions is None else functions.times
        if column.part != "value":
            make = times.utc if column.part == "utc" else times.precision
            made = make(made, f"p{column.cell}", read)
        return f"{made} AS {identifier(column.name)}"


def translated(plan: Plan, decimals: Decimals = "decimal") -> Translation:
    """Return a view as SQL.

    Raises:
        Untranslatable: SQL cannot say it.
    """
    columns = table_columns(plan.columns)
    if len({column.name.lower() for column in columns}) != len(columns):
        raise Untranslatable("columns differ by case alone, which SQL takes for the same")
    if decimals == "text" and any(column.kind == "decimal" for column in columns):
        raise Untranslatable("decimals='text' needs the digits as they were written")
    shape = Shape()
    shape.member("resourceType", repeats=False)
    resource = Found("r", plan.resource, shape)
    rows = RowsOf(plan, Scope(resource, "0", resource, Names()))
    made, condition = rows.rows(), rows.condition()
    return Translation(
        plan,
        shape.structure(),
        [*shape.oddities()],
        condition,
        rows.hoisted,
        rows.members,
        made,
        columns,
    )


def _value(column: TableColumn) -> str:
    return f"struct_extract(u, 'c{column.cell}')"
