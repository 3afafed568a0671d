"""The rows of a view as dicts, one by one."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterator
from typing import Any, cast

from typing_extensions import Self

from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.tables.options import TableOptions, checked_options
from pymedplum_runtime.tables.plan import Plan
from pymedplum_runtime.tables.python.frames import Row
from pymedplum_runtime.tables.python.lines import LineRows
from pymedplum_runtime.tables.python.made import (
    Errors,
    ResourceRows,
    resource_place,
    tables,
)
from pymedplum_runtime.tables.python.sources import resources_in
from pymedplum_runtime.tables.python.table_jobs import Chunk, PlainRows


class TableRows(Iterator[dict[str, Any]]):
    """An iterator over rows; closes its files at the end, or with `close()`.

    Attributes:
        errors: with `on_error="collect"`, the errors so far, in the order of the source.
    """

    def __init__(self, rows: Iterator[dict[str, Any]], errors: list[MedplumError]) -> None:
        self.errors = errors
        self._rows = rows

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> dict[str, Any]:
        return next(self._rows)

    def close(self) -> None:
        """End the reading and close the files."""
        cast("Any", self._rows).close()  # a generator

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class AsyncTableRows(AsyncIterator[dict[str, Any]]):
    """The same for `async for`.

    Attributes:
        errors: with `on_error="collect"`, the errors so far, in the order of the source.
    """

    def __init__(self, rows: AsyncIterator[dict[str, Any]], errors: list[MedplumError]) -> None:
        self.errors = errors
        self._rows = rows

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> dict[str, Any]:
        return await anext(self._rows)

    async def aclose(self) -> None:
        """End the reading."""
        await cast("Any", self._rows).aclose()  # a generator

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()


def rows(plan: Plan, source: object, options: TableOptions) -> TableRows:
    """Give the rows of a view as dicts with its columns, in the order of the source.

    Values are those of FHIR's JSON: texts as they are written, dates among them; `int`, `bool`;
    numbers of decimal columns as `Decimal`; lists for collections. What has elements of its own is
    its JSON as a text.

    Raises:
        TypeError, ValueError: the source is none, or an option is none.
        MedplumError: at once or while iterating: as `source_of` says; a line is no resource; or a
            resource cannot be put into rows.

    Example:
        >>> with rows(view.plan, "export/Patient.000.ndjson", {}) as found:
        ...     for row in found:
        ...         print(row["id"])
    """
    problems: list[MedplumError] = []
    made = tables(plan, source, checked_options(options), problems, PlainRows())
    return TableRows(_dicts(plan, made), problems)


def rows_async(
    plan: Plan, resources: AsyncIterable[object], options: TableOptions
) -> AsyncTableRows:
    """Give the rows of resources that come one by one, of an async search for instance.

    Raises:
        TypeError, ValueError: it is no async iterable, or an option is none.
        MedplumError: as `rows`, while iterating.
    """
    if not isinstance(resources, AsyncIterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        kind = type(resources).__name__
        raise TypeError(f"expected resources for 'async for', got {kind}; rows() takes others")
    problems: list[MedplumError] = []
    errors = Errors(checked_options(options), problems)
    return AsyncTableRows(_async_dicts(plan, resources, errors), problems)


def _dicts(plan: Plan, made: Generator[list[Row]]) -> Generator[dict[str, Any]]:
    names = [cell.name for cell in plan.columns]
    try:
        for share in made:
            for row in share:
                yield dict(zip(names, row, strict=True))
    finally:
        made.close()


async def _async_dicts(
    plan: Plan, resources: AsyncIterable[object], errors: Errors
) -> AsyncGenerator[dict[str, Any], None]:
    names = [cell.name for cell in plan.columns]
    rows_of = ResourceRows(LineRows(plan))
    async for item in resources:
        for resource in resources_in(item, plan):
            chunk = Chunk(plan.name, resource_place, stops=errors.stops)
            rows_of.add(resource, chunk)
            found, failed = chunk.made(PlainRows())
            for row in found:
                yield dict(zip(names, row, strict=True))
            for error in failed:
                errors.handle(error)
