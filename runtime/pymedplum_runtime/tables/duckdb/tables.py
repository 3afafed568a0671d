"""Views in a DuckDB connection of the user's, and the SQL that they are."""

from typing import TYPE_CHECKING

from pymedplum_runtime.errors import MedplumError, ViewError
from pymedplum_runtime.tables.arrow import output
from pymedplum_runtime.tables.duckdb.files import groups_of, lasting_lines
from pymedplum_runtime.tables.duckdb.functions import add_functions, refuse
from pymedplum_runtime.tables.duckdb.sql.query import translated
from pymedplum_runtime.tables.duckdb.sql.spelling import Untranslatable, identifier
from pymedplum_runtime.tables.extra import require
from pymedplum_runtime.tables.options import TableOptions, checked_options
from pymedplum_runtime.tables.plan import Plan

if TYPE_CHECKING:
    import duckdb


def register(
    plan: Plan,
    connection: "duckdb.DuckDBPyConnection",
    source: object,
    name: str | None,
    options: TableOptions,
) -> None:
    """Make the table of a view known to a connection, under a name that replaces another view's.

    Over files, a view that SQL can say is a temporary view: files are read whenever it is queried,
    and what is wrong with them shows then. Everything else is read at once, into memory. Lines that
    SQL cannot do are put into rows by Python, so the view ends with this process's connection.

    Raises:
        ImportError: DuckDB or pyarrow is not installed.
        TypeError, ValueError: the source is none, or an option is none.
        MedplumError, OSError: what is read at once cannot be.
    """
    require("duckdb", "register()")
    if not isinstance(name, str | None):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"a name is a str, got {type(name).__name__}")
    name = name or plan.name
    select = None
    if checked_options(options).get("engine") != "python":
        select = _lasting(plan, connection, source, options)
    if select is None:
        made = output.to_arrow(plan, source, options)
        connection.execute(f"DROP VIEW IF EXISTS temp.{identifier(name)}")
        connection.register(name, made)
    else:
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {identifier(name)} AS {select}")


def sql(plan: Plan, source: object, options: TableOptions) -> str:
    """Return a SELECT that gives the table of a view over files, in any DuckDB.

    It needs nothing from Python; so a line that only Python can put into rows is an error there.

    Raises:
        ViewError: the view cannot be said in SQL, or the source is not files; it says why.
        TypeError, ValueError: the source is none, or an option is none.
        MedplumError, OSError: the files cannot be found or read.
    """
    if checked_options(options).get("default_zone") is not None:
        raise ViewError("default_zone needs functions, which register() adds", plan.name)
    reason = ""
    try:
        translation = translated(plan, options.get("decimals", "decimal"))
    except Untranslatable as error:
        translation, reason = None, str(error)
    if translation is None:
        raise ViewError(f"SQL cannot say it: {reason}; other ways of running it work", plan.name)
    lines = _lasting_lines(plan, source)
    if lines is None:
        reason = "SQL alone reads NDJSON files, plain or gzip; for other sources, use register()"
        raise ViewError(reason, plan.name)
    return translation.select(lines, None)


def _lasting(
    plan: Plan, connection: "duckdb.DuckDBPyConnection", source: object, options: TableOptions
) -> str | None:
    """Return the SELECT of a view that stays in a connection; None where there is none."""
    try:
        translation = translated(plan, options.get("decimals", "decimal"))
    except Untranslatable:
        return None
    lines = _lasting_lines(plan, source)
    if lines is None:
        return None
    on_error = options.get("on_error", "raise")
    handle = refuse if on_error == "raise" else _leave_out if on_error == "collect" else on_error
    functions = add_functions(connection, translation, options.get("default_zone"), handle)
    return translation.select(lines, functions)


def _lasting_lines(plan: Plan, source: object) -> str | None:
    groups = groups_of(source, plan)
    return None if groups is None else lasting_lines(groups)


def _leave_out(_: MedplumError) -> None:
    """Take an error of a line that nobody is told of."""
