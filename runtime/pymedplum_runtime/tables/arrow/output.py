"""A view's rows as tables: Arrow, pandas, polars and Parquet, from whichever engine makes them."""

import warnings
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from pymedplum_runtime.tables.arrow.batches import arrow_schema
from pymedplum_runtime.tables.arrow.files import replaced
from pymedplum_runtime.tables.arrow.parquet import ParquetReport, write_parquet
from pymedplum_runtime.tables.duckdb import runner as duckdb_runner
from pymedplum_runtime.tables.extra import ArrowArray, ArrowType, pyarrow, require
from pymedplum_runtime.tables.options import TableOptions, checked_options
from pymedplum_runtime.tables.plan import Plan
from pymedplum_runtime.tables.python import batches as python_batches

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from pymedplum_runtime.errors import MedplumError


def record_batches(plan: Plan, source: object, options: TableOptions) -> "pa.RecordBatchReader":
    """Return the table as a stream of record batches; errors come while it is read.

    Raises:
        ImportError: pyarrow is not installed.
    """
    schema = _schema(plan, checked_options(options))
    made = _batches(plan, source, options)
    reader: pa.RecordBatchReader = pyarrow().RecordBatchReader.from_batches(schema, made)
    return reader


def to_arrow(plan: Plan, source: object, options: TableOptions) -> "pa.Table":
    """Return the whole table, in memory.

    Raises:
        ImportError: pyarrow is not installed.
        MedplumError: as the options say.
    """
    schema = _schema(plan, checked_options(options))
    made = _batches(plan, source, options)
    table: pa.Table = pyarrow().Table.from_batches(made, schema)
    return table


def to_pandas(plan: Plan, source: object, options: TableOptions) -> "pd.DataFrame":
    """Return the whole table as a pandas DataFrame whose columns are Arrow's.

    So numbers stay exact, integers stay integers beside nulls, and instants keep their zone.

    Raises:
        ImportError: pandas or pyarrow is not installed.
        MedplumError: as the options say.
    """
    require("pandas", "to_pandas()")
    return pandas_frame(to_arrow(plan, source, options))


def pandas_frame(table: ArrowArray) -> "pd.DataFrame":
    """Return a table as a DataFrame whose columns are Arrow's, but for instants.

    Those are pandas' own, which hold the same: plots and comparisons with text want them.
    """
    pandas = require("pandas", "a DataFrame")
    is_instant = pyarrow().types.is_timestamp
    instant = pandas.DatetimeTZDtype("us", "UTC")

    def dtype(kind: ArrowType) -> object:
        return instant if is_instant(kind) else pandas.ArrowDtype(kind)

    frame: pd.DataFrame = table.to_pandas(types_mapper=dtype)
    return frame


def to_polars(plan: Plan, source: object, options: TableOptions) -> "pl.DataFrame":
    """Return the whole table as a polars DataFrame.

    Raises:
        ImportError: polars or pyarrow is not installed.
        MedplumError: as the options say.
    """
    polars = require("polars", "to_polars()")
    frame: pl.DataFrame = polars.from_arrow(to_arrow(plan, source, options))
    return frame


def to_parquet(
    plan: Plan, source: object, path: str | PathLike[str], options: TableOptions
) -> ParquetReport:
    """Write the table to a Parquet file, in bounded memory; it is there once it is complete.

    Raises:
        ImportError: pyarrow is not installed.
        OSError: the file cannot be written; an older one stays.
        MedplumError: as the options say; an older file stays.
    """
    schema = _schema(plan, checked_options(options))
    problems: list[MedplumError] = []
    with replaced(path) as begun:
        if options.get("engine") != "python":
            count = duckdb_runner.parquet(plan, source, begun, options, problems)
            if count is not None:
                return ParquetReport(Path(path), count, "duckdb", tuple(problems))
        count = write_parquet(
            begun, schema, python_batches.batches(plan, source, options, problems)
        )
    return ParquetReport(Path(path), count, "python", tuple(problems))


def _schema(plan: Plan, options: TableOptions) -> "pa.Schema":
    return arrow_schema(plan, options.get("decimals", "decimal"))


def _batches(
    plan: Plan, source: object, options: TableOptions
) -> "Generator[pa.RecordBatch, None, None]":
    """Give the batches of either engine, and warn at the end of what was left out unseen."""
    problems: list[MedplumError] = []
    made: Iterator[pa.RecordBatch] | None = None
    if options.get("engine") != "python":
        made = duckdb_runner.batches(plan, source, options, problems)
    if made is None:
        made = python_batches.batches(plan, source, options, problems)
    yield from made
    if problems:
        warnings.warn(
            f"{len(problems)} resources or files were left out, the first: {problems[0]}; "
            "pass on_error=errors.append with a list of yours to have them all",
            stacklevel=2,
        )
