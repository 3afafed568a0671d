"""Running views: each way is a module of its own, imported when it is first used."""

from collections.abc import AsyncIterable
from os import PathLike
from typing import TYPE_CHECKING

from typing_extensions import Unpack

from pymedplum_runtime.tables.options import TableOptions
from pymedplum_runtime.tables.plan import Plan

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from pymedplum_runtime.tables.arrow.parquet import ParquetReport
    from pymedplum_runtime.tables.python.table_rows import AsyncTableRows, TableRows


class RunnableView:
    """The ways of running a view.

    All of them take the same sources: the path of an NDJSON file (plain, gzip or zstandard), a glob
    pattern, a folder such as that of a bulk export, or several of these; a Bundle; or any iterable
    of resources as dicts or models, such as a search. Resources of other types are left out.
    `TableOptions` says what the options are.
    """

    plan: Plan
    """What the view is compiled to."""

    def rows(self, source: object, **options: Unpack[TableOptions]) -> "TableRows":
        """Give the rows as dicts with the view's columns, in the order of the source.

        Values are those of FHIR's JSON: texts as they are written, dates among them; `int`, `bool`;
        numbers of decimal columns as `Decimal`; lists for collections. Python makes them, whatever
        `engine` says; `processes` counts.

        Raises:
            TypeError, ValueError: the source is none, or an option is none.
            MedplumError: while iterating: a line is no resource (`NdjsonError`), or a resource
                cannot be put into rows (`ViewError`). With `on_error="collect"` it is in `errors`.
            OSError: a file cannot be read.

        Example:
            >>> with view.rows("export/Patient.000.ndjson") as rows:
            ...     for row in rows:
            ...         print(row["id"])
        """
        from pymedplum_runtime.tables.python.table_rows import rows  # noqa: PLC0415 - each way is late

        return rows(self.plan, source, options)

    def rows_async(
        self, resources: AsyncIterable[object], **options: Unpack[TableOptions]
    ) -> "AsyncTableRows":
        """Give the rows of resources that come one by one, of an async search for instance.

        Raises:
            TypeError, ValueError: it is no async iterable, or an option is none.
            MedplumError: as `rows`, while iterating.

        Example:
            >>> async for row in view.rows_async(client.search_resource_pages("Patient")):
            ...     print(row["id"])
        """
        from pymedplum_runtime.tables.python.table_rows import rows_async  # noqa: PLC0415 - as in rows

        return rows_async(self.plan, resources, options)

    def schema(self, **options: Unpack[TableOptions]) -> "pa.Schema":
        """Return the schema of the table; a time has three columns: its text, `_utc`, `_precision`.

        Raises:
            ImportError: pyarrow is not installed: `pip install 'pymedplum[data]'`.
        """
        from pymedplum_runtime.tables.arrow.batches import arrow_schema  # noqa: PLC0415 - as in rows
        from pymedplum_runtime.tables.options import checked_options  # noqa: PLC0415 - as in rows

        return arrow_schema(self.plan, checked_options(options).get("decimals", "decimal"))

    def record_batches(
        self, source: object, **options: Unpack[TableOptions]
    ) -> "pa.RecordBatchReader":
        """Return the table as a stream of record batches, in bounded memory.

        Raises:
            ImportError: pyarrow is not installed: `pip install 'pymedplum[data]'`.
            TypeError, ValueError: the source is none, or an option is none.
            MedplumError, OSError: as `rows`, while it is read.

        Example:
            >>> for batch in view.record_batches("export"):
            ...     print(batch.num_rows)
        """
        from pymedplum_runtime.tables.arrow import output  # noqa: PLC0415 - as in rows

        return output.record_batches(self.plan, source, options)

    def to_arrow(self, source: object, **options: Unpack[TableOptions]) -> "pa.Table":
        """Return the whole table, in memory.

        Raises:
            ImportError: pyarrow is not installed: `pip install 'pymedplum[data]'`.
            TypeError, ValueError: the source is none, or an option is none.
            MedplumError, OSError: as `rows`.
        """
        from pymedplum_runtime.tables.arrow import output  # noqa: PLC0415 - as in rows

        return output.to_arrow(self.plan, source, options)

    def to_pandas(self, source: object, **options: Unpack[TableOptions]) -> "pd.DataFrame":
        """Return the table as a pandas DataFrame whose columns are Arrow's, so that all is exact.

        Raises:
            ImportError: pandas or pyarrow is not installed.
            TypeError, ValueError: the source is none, or an option is none.
            MedplumError, OSError: as `rows`.

        Example:
            >>> frame = view.to_pandas(client.search_resource_pages("Observation"))
        """
        from pymedplum_runtime.tables.arrow import output  # noqa: PLC0415 - as in rows

        return output.to_pandas(self.plan, source, options)

    def to_polars(self, source: object, **options: Unpack[TableOptions]) -> "pl.DataFrame":
        """Return the table as a polars DataFrame.

        Raises:
            ImportError: polars or pyarrow is not installed.
            TypeError, ValueError: the source is none, or an option is none.
            MedplumError, OSError: as `rows`.
        """
        from pymedplum_runtime.tables.arrow import output  # noqa: PLC0415 - as in rows

        return output.to_polars(self.plan, source, options)

    def to_parquet(
        self, source: object, path: str | PathLike[str], **options: Unpack[TableOptions]
    ) -> "ParquetReport":
        """Write the table to a Parquet file, in bounded memory; it is there once it is complete.

        Raises:
            ImportError: pyarrow is not installed: `pip install 'pymedplum[data]'`.
            TypeError, ValueError: the source is none, or an option is none.
            MedplumError: as `rows`; an older file stays.
            OSError: a file cannot be read or written; an older file stays.

        Example:
            >>> view.to_parquet("export", "observations.parquet").rows
        """
        from pymedplum_runtime.tables.arrow import output  # noqa: PLC0415 - as in rows

        return output.to_parquet(self.plan, source, path, options)

    def register(
        self,
        connection: "duckdb.DuckDBPyConnection",
        source: object,
        name: str | None = None,
        **options: Unpack[TableOptions],
    ) -> None:
        """Make the table known to a DuckDB connection of yours, under a name.

        Without `name` it is the view's, or the type of its resources. Over files, a view that SQL
        can say is SQL there too: files are read whenever it is queried, and what is wrong with them
        shows then. Everything else is read at once, into memory.

        Raises:
            ImportError: DuckDB is not installed: `pip install 'pymedplum[data]'`.
            TypeError, ValueError: the source is none, or an option is none.
            MedplumError, OSError: as `rows`, for what is read at once.

        Example:
            >>> view.register(connection, "export/Observation.*.ndjson", "observation")
            >>> connection.sql("SELECT count(*) FROM observation")
        """
        from pymedplum_runtime.tables.duckdb import tables as duckdb_tables  # noqa: PLC0415 - as in rows

        duckdb_tables.register(self.plan, connection, source, name, options)

    def sql(self, source: object, **options: Unpack[TableOptions]) -> str:
        """Return a SELECT that gives the table over files in any DuckDB, without Python.

        Raises:
            ViewError: the view cannot be said in SQL, or the source is not files; it says why.
            TypeError, ValueError: the source is none, or an option is none.
            MedplumError, OSError: the files cannot be found or read.
        """
        from pymedplum_runtime.tables.duckdb import tables as duckdb_tables  # noqa: PLC0415 - as in rows

        return duckdb_tables.sql(self.plan, source, options)
