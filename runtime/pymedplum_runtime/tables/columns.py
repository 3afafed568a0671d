"""The columns of a table: those of the view, and for each time an instant and its precision.

Knows no Arrow, so that a view can be checked without it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pymedplum_runtime.tables.plan import Cell

Kind: TypeAlias = Literal["boolean", "integer", "integer64", "decimal", "digits", "time", "text"]
"""What values of a column are; `digits` are decimals as text."""
Part: TypeAlias = Literal["value", "utc", "precision"]

UTC_ENDING = "_utc"
PRECISION_ENDING = "_precision"

_KINDS: dict[str, Kind] = {
    "boolean": "boolean",
    "integer": "integer",
    "positiveInt": "integer",
    "unsignedInt": "integer",
    "integer64": "integer64",
    "decimal": "decimal",
    "date": "time",
    "dateTime": "time",
    "instant": "time",
}


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of the table.

    `cell` is the position of the view's column that fills it. `part` says what of it: its value,
    or of a time's text the instant or the precision.
    """

    name: str
    cell: int
    kind: Kind
    collection: bool
    part: Part = "value"


def kind_of(fhir_type: str) -> Kind:
    """Return how values of a FHIR type stand in a table; what is none of the others is text."""
    return _KINDS.get(fhir_type, "text")


def table_columns(cells: Sequence[Cell]) -> tuple[TableColumn, ...]:
    """Return the columns of the table of a view with these columns, in their order.

    A date, dateTime or instant `x` becomes `x`, `x_utc` and `x_precision`; a collection of them
    stays one column of texts.
    """
    return tuple(column for position, cell in enumerate(cells) for column in _of(cell, position))


def name_clashes(cells: Sequence[Cell]) -> list[tuple[Cell, Cell]]:
    """Return the pairs of a time and another column that has a name which the time's need."""
    by_name = {cell.name: cell for cell in cells}
    return [
        (cells[column.cell], by_name[column.name])
        for column in table_columns(cells)
        if column.part != "value" and column.name in by_name
    ]


def _of(cell: Cell, position: int) -> Iterator[TableColumn]:
    kind = kind_of(cell.type)
    yield TableColumn(cell.name, position, kind, cell.collection)
    if kind == "time" and not cell.collection:
        yield TableColumn(cell.name + UTC_ENDING, position, kind, collection=False, part="utc")
        yield TableColumn(
            cell.name + PRECISION_ENDING, position, kind, collection=False, part="precision"
        )
