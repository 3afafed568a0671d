"""The ways of running a view that the cases are put to; one more is one more line of RUNNERS."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import duckdb
import pyarrow as pa
from pyarrow import parquet

from pymedplum_runtime.errors import ViewError
from pymedplum_runtime.tables.views.view import View
from tests.spark import environment
from tests.sql_on_fhir.cases import Case
from tests.sql_on_fhir.ndjson_files import names, ndjson_file, own_columns
from tests.sql_on_fhir.verdicts import Table, Verdict, judge

Runner: TypeAlias = Callable[[Sequence[Case], Path], list[Verdict]]


def _each(run: Callable[[Case], Table]) -> Runner:
    def runner(cases: Sequence[Case], folder: Path) -> list[Verdict]:
        del folder
        return [judge(case, run) for case in cases]

    return runner


def _python(case: Case) -> Table:
    view = View.from_definition(case.view)
    return Table(names(view), list(view.rows(case.resources, engine="python")))


def _python_files(case: Case) -> Table:
    view = View.from_definition(case.view)
    with ndjson_file(case) as path, view.rows(path, engine="python", processes=2) as rows:
        return Table(names(view), list(rows))


def _arrow(case: Case) -> Table:
    view = View.from_definition(case.view)
    with ndjson_file(case) as path:
        table = view.to_arrow(path, engine="python")
    return Table(names(view), own_columns(view, table.to_pylist()))


def _parquet(case: Case) -> Table:
    view = View.from_definition(case.view)
    with ndjson_file(case) as path:
        table = parquet.read_table(view.to_parquet(path, path.with_suffix(".parquet")).path)
    return Table(names(view), own_columns(view, table.to_pylist()))


def _duckdb(case: Case) -> Table:
    view = View.from_definition(case.view)
    with ndjson_file(case) as path:
        table = view.to_arrow(path, engine="duckdb")
        note = _is_sql(view, path)
    return Table(names(view), own_columns(view, table.to_pylist()), note)


def _duckdb_view(case: Case) -> Table:
    view = View.from_definition(case.view)
    with ndjson_file(case) as path, duckdb.connect() as connection:
        view.register(connection, path, "made")
        table = _query(connection, "FROM made")
    return Table(names(view), own_columns(view, table.to_pylist()))


def _query(connection: duckdb.DuckDBPyConnection, text: str) -> pa.Table:
    try:
        return connection.sql(text).to_arrow_table()
    except duckdb.Error as error:
        if "ViewError: " in str(error):  # from a function of ours, which DuckDB called
            raise ViewError("a query refused it", "made") from None
        raise


def _is_sql(view: View, path: Path) -> str:
    try:
        view.sql(path)
    except ValueError:
        return "in Python"
    return "as SQL"


def _spark(cases: Sequence[Case], folder: Path) -> list[Verdict]:
    del cases
    done = environment.run(["-m", "tests.sql_on_fhir.spark_runner", str(folder)])
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return [Verdict(**verdict) for verdict in json.loads(done.stdout.splitlines()[-1])]


RUNNERS: dict[str, Runner] = {
    "python": _each(_python),
    "python-files": _each(_python_files),
    "arrow": _each(_arrow),
    "duckdb": _each(_duckdb),
    "duckdb-view": _each(_duckdb_view),
    "parquet": _each(_parquet),
    "spark": _spark,
}
