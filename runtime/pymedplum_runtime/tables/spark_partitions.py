"""What a Python process of Spark's does with its share of the lines; goes there pickled.

Knows Arrow, but not Spark.
"""

import pickle
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pymedplum_runtime.errors import MedplumError, NdjsonError, ViewError
from pymedplum_runtime.ndjson.records import NotAResourceError, resource_in
from pymedplum_runtime.tables.arrow.batches import ArrowRows, Row, RowError
from pymedplum_runtime.tables.extra import pyarrow
from pymedplum_runtime.tables.options import Decimals
from pymedplum_runtime.tables.python.evaluator import located, name_of
from pymedplum_runtime.tables.python.frames import CellError
from pymedplum_runtime.tables.python.lines import LineRows

if TYPE_CHECKING:
    import pyarrow as pa

ERROR_COLUMN = "_error"  # no column of a view begins with an underscore
_AT_A_TIME = 1000  # lines; so that rows, which may be many more, do not pile up
_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class PartitionRows:
    """Makes record batches of rows out of batches of JSON texts.

    `view` is pickled once more, on its own: equal texts are one view, compiled once in a process.
    """

    view: bytes = field(repr=False)
    decimals: Decimals
    default_zone: tzinfo | None
    collects: bool

    def __call__(self, batches: "Iterable[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """Give the rows of a partition.

        A batch has the texts as bytes and, where they come from files, a column that names these.

        Raises:
            NdjsonError: a text is no resource, and errors are not collected.
            ViewError: a resource cannot be put into rows, and errors are not collected.
        """
        rows = rows_of(self.view)
        arrow = ArrowRows(rows.plan, decimals=self.decimals, default_zone=self.default_zone)
        for batch in batches:
            for start in range(0, batch.num_rows, _AT_A_TIME):
                lines = batch.slice(start, _AT_A_TIME)
                share = _Share(rows, arrow, lines, collects=self.collects)
                yield from share.batches()


@lru_cache(maxsize=16)
def rows_of(view: bytes) -> LineRows:
    """Return what makes the rows of a view: the same at each call in a process."""
    return LineRows(pickle.loads(view).plan)  # noqa: S301 - the driver's own


class _Share:
    """Some lines at work, and the errors that were found in them."""

    def __init__(
        self, rows: LineRows, arrow: ArrowRows, lines: "pa.RecordBatch", *, collects: bool
    ) -> None:
        self._line_rows = rows
        self._arrow = arrow
        self._texts: list[bytes | None] = lines.column(0).to_pylist()
        self._files: Any = lines.column(1) if lines.num_columns > 1 else None
        self._collects = collects
        self._errors: list[str] = []

    def batches(self) -> "Iterator[pa.RecordBatch]":
        rows: list[Row] = []
        ends: list[int] = []
        for number, text in enumerate(self._texts):
            rows += self._rows(number, text)
            ends.append(len(rows))
        batch = self._arrow.batch_of_resources(rows, ends, self._misfit)
        if not self._collects:
            yield batch
            return
        yield _with_errors(batch, [None] * batch.num_rows)
        if self._errors:
            yield _with_errors(_nulls(batch, len(self._errors)), self._errors)

    def _rows(self, number: int, text: bytes | None) -> Sequence[Row]:
        line = _line(text)
        if not line:
            return ()
        problem: NotAResourceError | CellError
        try:
            return self._line_rows.rows(line)
        except (NotAResourceError, CellError) as error:
            problem = error
        if isinstance(problem, CellError):
            self._handle(located(problem, self._line_rows.plan, self._place(number)))
        else:
            self._handle(NdjsonError(str(problem), self._file(number) or "a JSON text"))
        return ()

    def _misfit(self, number: int, error: RowError) -> None:
        """Is told of a resource whose rows do not fit the table."""
        place = self._place(number)
        self._handle(ViewError(str(error), self._line_rows.plan.name, place))

    def _place(self, number: int) -> str:
        file = self._file(number)
        name = name_of(resource_in(_line(self._texts[number]), exact=True))
        return f"{file}, {name}" if file else name

    def _file(self, number: int) -> str:
        return "" if self._files is None else str(self._files[number])

    def _handle(self, error: MedplumError) -> None:
        if not self._collects:
            raise error
        self._errors.append(str(error))


def _line(text: bytes | None) -> bytes:
    return (text or b"").strip(_BLANK).removeprefix(_BOM)


def _with_errors(batch: "pa.RecordBatch", errors: Sequence[str | None]) -> "pa.RecordBatch":
    arrow = pyarrow()
    found: pa.RecordBatch = batch.append_column(ERROR_COLUMN, arrow.array(errors, arrow.string()))
    return found


def _nulls(like: "pa.RecordBatch", count: int) -> "pa.RecordBatch":
    arrow = pyarrow()
    schema: Any = like.schema  # of Arrow types, which its stubs leave open
    columns = [arrow.nulls(count, field.type) for field in schema]
    batch: pa.RecordBatch = arrow.RecordBatch.from_arrays(columns, schema=schema)
    return batch
