"""The functions that Python adds to a connection: for the lines and times that SQL cannot do."""

import atexit
import json
import secrets
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, cast

from pymedplum_runtime.errors import MedplumError, ViewError
from pymedplum_runtime.ndjson.records import NotAResourceError
from pymedplum_runtime.tables.arrow.cells import NoFitError, list_array, scalar_array
from pymedplum_runtime.tables.arrow.instants import precision_column, utc_column
from pymedplum_runtime.tables.duckdb.sql.query import Functions, Translation
from pymedplum_runtime.tables.duckdb.sql.times import TimeFunctions
from pymedplum_runtime.tables.extra import ArrowArray, pyarrow, require
from pymedplum_runtime.tables.python.evaluator import name_of
from pymedplum_runtime.tables.python.frames import CellError, Row
from pymedplum_runtime.tables.python.lines import LineRows

if TYPE_CHECKING:
    import duckdb

Handle = Callable[[MedplumError], object]

_ADDED: "weakref.WeakKeyDictionary[Any, list[str]]" = weakref.WeakKeyDictionary()


def add_functions(
    connection: "duckdb.DuckDBPyConnection",
    translation: Translation,
    zone: tzinfo | None,
    handle: Handle,
) -> Functions:
    """Add what a translation needs to a connection, and return the names.

    Args:
        connection: where; the functions are there until it is closed.
        translation: the view.
        zone: the zone of times that name none.
        handle: is told of a line that cannot be put into rows; it raises, or the line is left out.
    """
    token = secrets.token_hex(4)
    names = Functions(
        f"pymedplum_rows_{token}",
        TimeFunctions(f"pymedplum_utc_{token}", f"pymedplum_precision_{token}"),
    )
    lines = LineFunction(translation, handle)
    _add(connection, names.rows, lines, ["VARCHAR", "BOOLEAN"], f"{translation.row_type}[]")

    def utc(texts: ArrowArray) -> ArrowArray:
        return utc_column(texts.combine_chunks(), zone)

    def precision(texts: ArrowArray) -> ArrowArray:
        return precision_column(texts.combine_chunks())

    _add(connection, names.times.utc, utc, ["VARCHAR"], "TIMESTAMPTZ")
    _add(connection, names.times.precision, precision, ["VARCHAR"], "VARCHAR")
    added = (names.rows, names.times.utc, names.times.precision)
    _ADDED.setdefault(connection, []).extend(added)
    return names


def refuse(error: MedplumError) -> None:
    """Raise an error."""
    raise error


class LineFunction:
    """Makes the rows of lines as the columns of SQL."""

    def __init__(self, translation: Translation, handle: Handle) -> None:
        self._lines = LineRows(translation.plan)
        self._columns = [each for each in translation.columns if each.part == "value"]
        self._plan = translation.plan
        self._handle = handle

    def __call__(self, lines: ArrowArray, named: ArrowArray) -> ArrowArray:
        """Return a list of rows for every line.

        Raises:
            MedplumError: as `handle` wants it.
        """
        found = [
            self._rows(line, is_named=is_named)
            for line, is_named in zip(lines.to_pylist(), named.to_pylist(), strict=True)
        ]
        try:
            return self._array(found)
        except NoFitError:
            pass  # of one line; those before it are fine
        return self._array([self._fitting(r, line) for r, line in zip(found, lines, strict=True)])

    def _rows(self, line: str, *, is_named: bool) -> Sequence[Row]:
        expected = self._plan.resource if is_named else ""
        try:
            return self._lines.rows(line.encode(), expected)
        except (NotAResourceError, CellError) as error:
            problem = error
        self._handle(self._located(problem, line))
        return ()

    def _fitting(self, rows: Sequence[Row], line: Any) -> Sequence[Row]:  # noqa: ANN401 - Arrow's
        try:
            self._array([rows])
        except NoFitError as error:
            problem = CellError(str(error))
        else:
            return rows
        self._handle(self._located(problem, line.as_py()))
        return ()

    def _located(self, error: NotAResourceError | CellError, line: str) -> MedplumError:
        """Return the error with the type and id; no number of the line reaches a function."""
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        is_object = isinstance(found, dict)
        place = name_of(cast("dict[str, Any]", found)) if is_object else "a line"
        expression = error.expression if isinstance(error, CellError) else None
        message = error.message if isinstance(error, CellError) else str(error)
        return ViewError(message, self._plan.name, place, expression)

    def _array(self, found: Sequence[Sequence[Row]]) -> ArrowArray:
        arrow = pyarrow()
        rows = [row for share in found for row in share]
        values: Sequence[Sequence[Any]] = list(zip(*rows, strict=True))
        columns = [
            (list_array if column.collection else scalar_array)(
                values[column.cell] if rows else (), column.kind
            )
            for column in self._columns
        ]
        offsets = [0]
        for share in found:
            offsets.append(offsets[-1] + len(share))
        names = [f"c{column.cell}" for column in self._columns]
        structures = arrow.StructArray.from_arrays(columns, names=names)
        return arrow.ListArray.from_arrays(arrow.array(offsets, arrow.int32()), structures)


def _add(
    connection: "duckdb.DuckDBPyConnection",
    name: str,
    function: Callable[..., ArrowArray],
    parameters: list[str],
    result: str,
) -> None:
    added: Any = connection  # its stubs want classes that older versions do not have
    added.create_function(name, function, parameters, result, type="arrow", null_handling="special")


def _remove_all() -> None:
    """Remove the functions of connections that nobody closed; DuckDB complains of them at exit."""
    for connection, names in list(_ADDED.items()):
        for name in names:
            with suppress(require("duckdb", "a view").Error):
                connection.remove_function(name)


atexit.register(_remove_all)
