"""Record batches as a Parquet file, in row groups of one size whatever the batches are."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.tables.extra import pyarrow, require

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

ROW_GROUP = 122_880  # rows, as DuckDB has them: enough to compress well, little to hold
_COMPRESSION = "zstd"


@dataclass(frozen=True, slots=True)
class ParquetReport:
    """What was written."""

    path: Path
    """The file."""

    rows: int
    """How many rows it holds."""

    engine: Literal["duckdb", "python"]
    """What made them."""

    errors: tuple[MedplumError, ...] = ()
    """What was left out and why, with `on_error="collect"`."""


def write_parquet(path: Path, schema: "pa.Schema", batches: "Iterable[pa.RecordBatch]") -> int:
    """Write a Parquet file and return how many rows it holds.

    Raises:
        OSError: it cannot be written.
        ImportError: pyarrow is not installed.
    """
    parquet = require("pyarrow.parquet", "to_parquet()")
    count = 0
    with parquet.ParquetWriter(path, schema, compression=_COMPRESSION) as writer:
        for group in _groups(schema, batches):
            writer.write_table(group, row_group_size=ROW_GROUP)
            count += group.num_rows
    return count


def _groups(schema: "pa.Schema", batches: "Iterable[pa.RecordBatch]") -> "Iterator[pa.Table]":
    """Give tables of `ROW_GROUP` rows, and the rest."""
    arrow = pyarrow()
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        while rows >= ROW_GROUP:
            table = arrow.Table.from_batches(held, schema)
            yield table.slice(0, ROW_GROUP)
            held = table.slice(ROW_GROUP).to_batches()
            rows -= ROW_GROUP
    if rows:
        yield arrow.Table.from_batches(held, schema)
