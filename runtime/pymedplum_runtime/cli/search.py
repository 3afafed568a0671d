"""Searches: as a table for people, as JSON or NDJSON for programs."""

import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

import typer

from pymedplum_runtime.cli.client import invocation
from pymedplum_runtime.cli.exits import UsageError, tell
from pymedplum_runtime.cli.input import pairs
from pymedplum_runtime.cli.output import write_json_array, write_ndjson
from pymedplum_runtime.cli.screen import is_terminal
from pymedplum_runtime.cli.tables import cell, columns_of, write_table

Format = Literal["table", "json", "ndjson"]
_LIMIT = 100
_LARGEST_PAGE = 1000  # the server gives no more at once


def search(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    resource_type: Annotated[str, typer.Argument(metavar="TYPE", help="Such as Patient.")],
    parameters: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE",
            help="Search parameters, such as family=Smith or name:exact=Ann.",
        ),
    ] = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="All pages, by the time of the last update.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(help=f"At most this many; {_LIMIT} unless --all.", min=1)
    ] = None,
    output: Annotated[
        Format | None,
        typer.Option("--format", help="table in a terminal, ndjson in a pipe, unless given."),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(help="Of the table, such as id,name,meta.lastUpdated.", metavar="PATHS"),
    ] = None,
) -> None:
    """Search resources of a type."""
    if everything and limit is not None:
        raise UsageError("give either --all or --limit")
    most = None if everything else limit or _LIMIT
    query = _query(pairs(parameters or []), most)
    is_table = columns is not None or is_terminal(sys.stdout)
    chosen = output or ("table" if is_table else "ndjson")
    paths = None if columns is None else _paths(columns, chosen)
    with invocation(context).client() as client:
        found = client.search_resource_pages(
            resource_type, query, max_resources=most, included=True
        )
        counted = _Counted(found, resource_type)
        _write(chosen, counted, paths)
    if limit is None and counted.matches == most:
        tell(f"the first {most} are shown, and there may be more; --all or --limit gives them")


class _Counted:
    """Counts the matches, not what a search includes beside them."""

    def __init__(self, resources: Iterable[dict[str, Any]], resource_type: str) -> None:
        self.matches = 0
        self._resources = resources
        self._type = resource_type

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for resource in self._resources:
            self.matches += resource.get("resourceType") == self._type
            yield resource


def _query(given: list[tuple[str, str]], most: int | None) -> list[tuple[str, str]]:
    """Ask for large pages, and where all are wanted, in the order that has no end of offsets."""
    names = {name for name, _ in given}
    count = (
        [] if "_count" in names else [("_count", str(min(most or _LARGEST_PAGE, _LARGEST_PAGE)))]
    )
    sort = [("_sort", "_lastUpdated")] if most is None and "_sort" not in names else []
    return [*given, *count, *sort]


def _write(form: Format, resources: Iterable[dict[str, Any]], paths: list[str] | None) -> None:
    if form == "ndjson":
        write_ndjson(resources)
    elif form == "json":
        write_json_array(resources)
    else:
        found = list(resources)
        columns = paths or columns_of(found)
        write_table(columns, ([cell(each, path) for path in columns] for each in found))


def _paths(columns: str, form: Format) -> list[str]:
    paths = [path.strip() for path in columns.split(",")]
    if not all(paths):
        raise UsageError("--columns takes paths between commas, such as id,name,meta.lastUpdated")
    if form != "table":
        raise UsageError(f"--columns is for tables, not for --format {form}")
    return paths
