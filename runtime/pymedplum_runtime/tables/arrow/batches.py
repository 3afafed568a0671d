"""Rows as Arrow record batches: the schema of a table, and columns of the types that it names.

What a row is made of comes from JSON or FHIRPath and may be of any kind; a value that its column
cannot hold is an error that names the row, never the value.
"""

from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, TypeAlias

from pymedplum_runtime.tables.arrow.cells import NoFitError, list_array, scalar_array, scalar_type
from pymedplum_runtime.tables.arrow.instants import precision_column, utc_column
from pymedplum_runtime.tables.columns import Kind, TableColumn, table_columns
from pymedplum_runtime.tables.extra import ArrowArray, ArrowType, pyarrow
from pymedplum_runtime.tables.options import Decimals
from pymedplum_runtime.tables.plan import Plan

if TYPE_CHECKING:
    import pyarrow as pa

Row: TypeAlias = tuple[object, ...]
"""The values of the view's columns, in their order, as JSON has them: no expanded times."""


class RowError(Exception):
    """A value does not fit its column; `row` is its position among the rows that were given."""

    def __init__(self, row: int, column: str, reason: str) -> None:
        super().__init__(f"column {column}: {reason}")
        self.row = row
        self.column = column


Report: TypeAlias = Callable[[int, RowError], object]
"""Is told which resource, by its position, does not fit into the table; it may raise."""


class ArrowRows:
    """Makes record batches of rows; `schema` is that of every one of them.

    Args:
        plan: what the view is compiled to.
        decimals: `"decimal"` or `"text"`, as in `TableOptions`.
        default_zone: the zone of times that name none, for the UTC columns.

    Raises:
        ImportError: pyarrow is not installed.
    """

    def __init__(
        self, plan: Plan, *, decimals: Decimals = "decimal", default_zone: tzinfo | None = None
    ) -> None:
        self.schema = arrow_schema(plan, decimals)
        self._columns = table_columns(plan.columns)
        self._decimals: Decimals = decimals
        self._zone = default_zone
        self._nothing: list[Row] = [() for _ in plan.columns]

    def batch(self, rows: Sequence[Row]) -> "pa.RecordBatch":
        """Return the rows as one batch.

        Raises:
            RowError: a value does not fit.
        """
        arrow = pyarrow()
        values = list(zip(*rows, strict=True)) if rows else self._nothing
        arrays: list[ArrowArray] = []
        texts: ArrowArray = None
        for column in self._columns:
            if column.part == "value":
                texts = self._array(column, values[column.cell])
                arrays.append(texts)
            elif column.part == "utc":
                arrays.append(utc_column(texts, self._zone))
            else:
                arrays.append(precision_column(texts))
        batch: pa.RecordBatch = arrow.RecordBatch.from_arrays(arrays, schema=self.schema)
        return batch

    def batch_of_resources(
        self, rows: Sequence[Row], ends: Sequence[int], report: Report
    ) -> "pa.RecordBatch":
        """Return the rows of several resources as one batch, without those that do not fit.

        Args:
            rows: the rows of all resources, one after the other.
            ends: for each resource, how many rows there are up to its end.
            report: is called with the position of a resource that does not fit, and why.
        """
        try:
            return self.batch(rows)
        except RowError:
            pass
        starts = [0, *ends]

        def fitting(first: int, last: int) -> list[Row]:
            """Look into halves, so that the error is told of one resource, in their order."""
            some = rows[starts[first] : starts[last]]
            try:
                self.batch(some)
            except RowError as error:
                if last - first == 1:
                    report(first, error)
                    return []
            else:
                return list(some)
            middle = (first + last) // 2
            return fitting(first, middle) + fitting(middle, last)

        return self.batch(fitting(0, len(ends)))

    def _array(self, column: TableColumn, values: Sequence[object]) -> ArrowArray:
        kind = _stored(column.kind, self._decimals)
        problem: RowError
        try:
            return (list_array if column.collection else scalar_array)(values, kind)
        except NoFitError as error:
            problem = RowError(error.position, column.name, str(error))
        raise problem


def arrow_schema(plan: Plan, decimals: Decimals = "decimal") -> "pa.Schema":
    """Return the schema of the table of a view.

    Booleans are `bool`; integers `int32`, `integer64` is `int64`; decimals `decimal128(38, 18)`, or
    `string` with `decimals="text"`; all others `string`, complex values as their JSON. A date,
    dateTime or instant has two columns more: `timestamp[us, UTC]` and its precision.

    Raises:
        ImportError: pyarrow is not installed.
    """
    arrow = pyarrow()
    columns = table_columns(plan.columns)
    schema: pa.Schema = arrow.schema([(each.name, _type_of(each, decimals)) for each in columns])
    return schema


def _type_of(column: TableColumn, decimals: Decimals) -> ArrowType:
    arrow = pyarrow()
    if column.part == "utc":
        return arrow.timestamp("us", "UTC")
    one = scalar_type(_stored(column.kind, decimals))
    return arrow.list_(one) if column.collection else one


def _stored(kind: Kind, decimals: Decimals) -> Kind:
    return "digits" if kind == "decimal" and decimals == "text" else kind
