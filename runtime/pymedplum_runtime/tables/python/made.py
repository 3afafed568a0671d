"""A view run in Python over any source: chunk by chunk, in this process or in several."""

from collections.abc import Generator, Mapping
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from pymedplum_runtime.errors import MedplumError, ViewError
from pymedplum_runtime.ndjson.mapping import CHUNK_BYTES, done_in_chunks
from pymedplum_runtime.ndjson.records import NotAResourceError
from pymedplum_runtime.ndjson.work import Failure
from pymedplum_runtime.tables.options import OnTableError, TableOptions
from pymedplum_runtime.tables.plan import Plan
from pymedplum_runtime.tables.python.evaluator import has_beside, located, name_of
from pymedplum_runtime.tables.python.frames import CellError, Row
from pymedplum_runtime.tables.python.lines import LineRows
from pymedplum_runtime.tables.python.sources import Files, Resources, resources_in, source_of
from pymedplum_runtime.tables.python.table_jobs import Chunk, Table, TableJob

if TYPE_CHECKING:
    from pymedplum_runtime.helpers.members import Model


class Errors:
    """Raises errors, keeps them in a list, or tells them, as the options say."""

    def __init__(self, options: TableOptions, found: list[MedplumError]) -> None:
        on_error: OnTableError = options.get("on_error", "raise")
        self.stops = on_error == "raise"
        self._tell = found.append if on_error == "collect" else on_error

    def handle(self, error: MedplumError) -> None:
        """Take an error.

        Raises:
            MedplumError: nobody else wants it.
        """
        if not callable(self._tell):
            raise error
        self._tell(error)


def tables(
    plan: Plan,
    source: object,
    options: TableOptions,
    problems: list[MedplumError],
    table: Table,
) -> Generator[Any]:
    """Give what the table makes of the rows, a chunk at a time, in the order of the source.

    Closing the generator closes the files and ends the processes.

    Raises:
        TypeError: at once: the source is none.
        MedplumError: at once or on the way: as `source_of` says, and what the options do not want
            collected.
    """
    found = source_of(source, plan)
    errors = Errors(options, problems)
    lines = LineRows(plan)
    if isinstance(found, Files):
        return _of_files(found, lines, options, errors, table)
    return _of_resources(found, lines, errors, table)


def _of_files(
    found: Files, lines: LineRows, options: TableOptions, errors: Errors, table: Table
) -> Generator[Any]:
    expected = {each.file.name: each.expected for each in found.files if each.expected}
    job = TableJob(lines, table, expected, errors.stops)
    files = [each.file for each in found.files]
    done = done_in_chunks(job, files, options.get("processes", 1), CHUNK_BYTES)
    with closing(done):  # an exception that is kept keeps this frame, but no processes
        for result in done:
            if not isinstance(result, Failure):
                yield result
            elif result.is_final:
                raise result.error from result.cause
            else:
                errors.handle(result.error)


def _of_resources(
    found: Resources, lines: LineRows, errors: Errors, table: Table
) -> Generator[Any]:
    rows_of = ResourceRows(lines)
    resources = (each for item in found.items for each in resources_in(item, lines.plan))
    while share := list(islice(resources, table.at_once)):
        chunk = Chunk(lines.plan.name, resource_place, stops=errors.stops)
        for resource in share:
            rows_of.add(resource, chunk)
            if chunk.is_over:
                break
        made, failed = chunk.made(table)
        yield made
        for error in failed:
            errors.handle(error)


class ResourceRows:
    """Makes rows of dicts, models and lines, and counts them so that errors can name each."""

    def __init__(self, lines: LineRows) -> None:
        self._lines = lines
        self._count = 0

    def add(self, resource: object, chunk: Chunk) -> None:
        """Add the rows of the next resource to a chunk, or its error.

        Raises:
            TypeError: it is no dict, no model and no line.
        """
        self._count += 1
        try:
            chunk.add(self._count, self._rows(resource))
        except ViewError as error:
            chunk.fail(self._count, error)

    def _rows(self, resource: object) -> list[Row]:
        place = resource_place(self._count)
        problem: CellError
        try:
            if isinstance(resource, bytes):
                return self._lines.rows(resource)
            members = _members(resource, place)
            place = f"{place} ({name_of(members)})"
            return self._lines.evaluator.rows(members, is_plain=not has_beside(members))
        except NotAResourceError as error:
            problem = CellError(str(error))
        except CellError as error:
            problem = error
        raise located(problem, self._lines.plan, place)


def resource_place(number: int) -> str:
    """Return how errors name a resource of an iterable."""
    return f"resource {number}"


def _members(resource: object, place: str) -> dict[str, Any]:
    if resource.__class__ is dict:
        members = cast("dict[str, Any]", resource)
    elif isinstance(resource, Mapping):
        members = dict(cast("Mapping[str, Any]", resource))
    elif hasattr(resource, "model_dump_json") and not isinstance(resource, type):
        from pymedplum_runtime.models import codec  # noqa: PLC0415 - loads msgspec

        members = cast("dict[str, Any]", codec.decode(cast("Model", resource).model_dump_json()))
    else:
        kind = type(resource).__name__
        raise TypeError(f"{place}: expected a dict, a resource model or bytes, got {kind}")
    if not isinstance(members.get("resourceType"), str):
        raise NotAResourceError("expected a resource: resourceType is missing, or no text")
    return members
