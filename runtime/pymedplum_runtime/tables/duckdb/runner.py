"""A view run as SQL inside DuckDB.

What DuckDB cannot do gives way to Python, which tells what is wrong and where: DuckDB's own
messages quote the data, so nobody gets to see them.
"""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymedplum_runtime.tables.arrow.batches import arrow_schema
from pymedplum_runtime.tables.arrow.parquet import ROW_GROUP
from pymedplum_runtime.tables.duckdb.files import Group, groups_of, lines_of_groups
from pymedplum_runtime.tables.duckdb.functions import add_functions, refuse
from pymedplum_runtime.tables.duckdb.sql.query import Translation, translated
from pymedplum_runtime.tables.duckdb.sql.spelling import Untranslatable, text_literal
from pymedplum_runtime.tables.extra import pyarrow, require
from pymedplum_runtime.tables.options import TableOptions
from pymedplum_runtime.tables.plan import Plan
from pymedplum_runtime.tables.python import batches as python_batches

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    import duckdb
    import pyarrow as pa

    from pymedplum_runtime.errors import MedplumError

_WORDS = 1000  # different values of a column at most; more are quicker and smaller as they are
_BATCH = 2048 * 20  # rows: a multiple of what DuckDB works on at once


def batches(
    plan: Plan, source: object, options: TableOptions, problems: "list[MedplumError]"
) -> "Generator[pa.RecordBatch, None, None] | None":
    """Give the table as record batches, in the order of the source; None where Python is to do it.

    That is for views that SQL cannot say, for sources that are no files, and without DuckDB. Where
    something goes wrong on the way, Python goes on after the rows that were given.

    Raises:
        ImportError: DuckDB is asked for and not installed.
        MedplumError: at once: as `source_of` says; on the way: as the options say.
        OSError: a file cannot be read.
    """
    job = _job(plan, source, options)
    return None if job is None else _given(job, source, problems)


def parquet(
    plan: Plan,
    source: object,
    path: Path,
    options: TableOptions,
    problems: "list[MedplumError]",  # noqa: ARG001 - Python starts anew where there is one
) -> int | None:
    """Write a Parquet file and return its rows; None where Python is to do it, as in `batches`.

    Raises:
        ImportError: DuckDB is asked for and not installed.
        MedplumError: as `source_of` says.
        OSError: a file cannot be read.
    """
    job = _job(plan, source, options)
    if job is None:
        return None
    with closing(job.connection()) as connection:
        try:
            copy = (
                f"COPY ({job.select(connection)}) TO {text_literal(str(path))}"
                f" (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP},"
                f" DICTIONARY_SIZE_LIMIT {_WORDS})"
            )
            written = connection.execute(copy).fetchall()
        except _errors():
            return None
    return int(written[0][0])


class _Job:
    """A view over files, ready to be run."""

    def __init__(
        self, translation: Translation, groups: list[Group], options: TableOptions
    ) -> None:
        self.plan = translation.plan
        self.options = options
        self._translation = translation
        self._groups = groups

    def connection(self) -> "duckdb.DuckDBPyConnection":
        """Return a new connection; it loads nothing, and writes nothing to disk on its own."""
        config: dict[str, Any] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": "",
        }
        chosen = {name: self.options.get(name) for name in ("threads", "memory_limit")}
        config |= {name: value for name, value in chosen.items() if value is not None}
        connection: duckdb.DuckDBPyConnection = _duckdb().connect(":memory:", config=config)
        return connection

    def select(self, connection: "duckdb.DuckDBPyConnection") -> str:
        """Return the SELECT for a connection, which has all that it needs afterwards."""
        zone = self.options.get("default_zone")
        functions = add_functions(connection, self._translation, zone, refuse)
        return self._translation.select(lines_of_groups(self._groups, connection), functions)


def _job(plan: Plan, source: object, options: TableOptions) -> _Job | None:
    if options.get("engine", "auto") == "duckdb":
        _duckdb()
    try:
        _duckdb()
        translation = translated(plan, options.get("decimals", "decimal"))
    except (ImportError, Untranslatable):
        return None
    groups = groups_of(source, plan)
    return None if groups is None else _Job(translation, groups, options)


def _given(
    job: _Job, source: object, problems: "list[MedplumError]"
) -> "Generator[pa.RecordBatch, None, None]":
    rows = 0
    with closing(_batches(job)) as made:
        while True:
            try:
                batch = next(made, None)
            except _errors():
                break
            if batch is None:
                return
            rows += batch.num_rows
            yield batch
    yield from _after(rows, python_batches.batches(job.plan, source, job.options, problems))


def _batches(job: _Job) -> "Generator[pa.RecordBatch, None, None]":
    schema = arrow_schema(job.plan, job.options.get("decimals", "decimal"))
    with closing(job.connection()) as connection:
        relation: Any = connection.sql(job.select(connection))
        # Its name before DuckDB 2.
        read = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
        with closing(read(_BATCH)) as reader:
            for batch in reader:
                yield batch.cast(schema)


def _after(
    rows: int, batches: "Iterator[pa.RecordBatch]"
) -> "Generator[pa.RecordBatch, None, None]":
    """Give what comes after so many rows."""
    left = rows
    for batch in batches:
        if left < batch.num_rows:
            yield batch.slice(left)
        left = max(0, left - batch.num_rows)


def _duckdb() -> Any:  # noqa: ANN401 - as `require`
    return require("duckdb", "the engine 'duckdb'")


def _errors() -> tuple[type[Exception], ...]:
    """Return what DuckDB and its stream of Arrow raise, whatever went wrong."""
    return (_duckdb().Error, pyarrow().ArrowException, OSError)
