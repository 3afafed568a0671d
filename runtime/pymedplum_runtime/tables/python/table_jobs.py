"""Chunks of lines as rows or as record batches, in whichever process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

from pymedplum_runtime.errors import MedplumError, ViewError
from pymedplum_runtime.ndjson.lines import Block
from pymedplum_runtime.ndjson.records import NotAResourceError
from pymedplum_runtime.ndjson.work import failure_of
from pymedplum_runtime.tables.options import Decimals
from pymedplum_runtime.tables.plan import Plan
from pymedplum_runtime.tables.python.frames import CellError, Row
from pymedplum_runtime.tables.python.lines import LineRows, line_place

if TYPE_CHECKING:
    from pymedplum_runtime.tables.arrow.batches import ArrowRows, RowError

_BLANK = b" \t\r"
Misfit = Callable[[int, "RowError"], None]


class Table(Protocol):
    """What rows become; goes to other processes pickled."""

    @property
    def at_once(self) -> int:
        """How many resources of an iterable are waited for, to be made into one table."""
        ...

    def made(self, rows: list[Row], ends: list[int], misfit: Misfit) -> Any:  # noqa: ANN401 - what is made
        """Make something of the rows of several resources.

        Args:
            rows: the rows, one resource after the other.
            ends: for each resource, how many rows there are up to its end.
            misfit: is told of a resource by its position whose rows do not fit, and left out.
        """
        ...


class PlainRows:
    """Rows as they are."""

    at_once = 1

    def made(self, rows: list[Row], ends: list[int], misfit: Misfit) -> list[Row]:  # noqa: ARG002 - all fit
        """Return the rows."""
        return rows


@dataclass
class ArrowTable:
    """Rows as record batches."""

    plan: Plan
    decimals: Decimals
    default_zone: tzinfo | None
    at_once: int = field(default=1000, init=False)
    _arrow: "ArrowRows | None" = field(default=None, init=False)

    def __reduce__(self) -> tuple[type["ArrowTable"], tuple[Plan, Decimals, tzinfo | None]]:
        return type(self), (self.plan, self.decimals, self.default_zone)

    def made(self, rows: list[Row], ends: list[int], misfit: Misfit) -> Any:  # noqa: ANN401 - a RecordBatch
        """Return a batch of the rows that fit."""
        from pymedplum_runtime.tables.arrow.batches import ArrowRows  # noqa: PLC0415 - rows need no Arrow

        if self._arrow is None:
            self._arrow = ArrowRows(
                self.plan, decimals=self.decimals, default_zone=self.default_zone
            )
        return self._arrow.batch_of_resources(rows, ends, misfit)


class Chunk:
    """The rows of several resources, what is to become of them, and what is wrong with some.

    Args:
        view: its name, for errors.
        place: names the place of a resource by its number.
        stops: nothing is wanted after the first error.
    """

    def __init__(self, view: str, place: Callable[[int], str], *, stops: bool) -> None:
        self._view = view
        self._place = place
        self._stops = stops
        self._rows: list[Row] = []
        self._ends: list[int] = []
        self._numbers: list[int] = []
        self._errors: list[tuple[int, MedplumError]] = []

    @property
    def is_over(self) -> bool:
        """Whether nothing more is wanted."""
        return self._stops and bool(self._errors)

    def add(self, number: int, rows: list[Row]) -> None:
        """Take the rows of a resource."""
        self._rows += rows
        self._ends.append(len(self._rows))
        self._numbers.append(number)

    def fail(self, number: int, error: MedplumError) -> None:
        """Take the error of a resource without rows."""
        self._errors.append((number, error))

    def made(self, table: Table) -> tuple[Any, list[MedplumError]]:
        """Return what a table makes of the rows, and the errors in the order of the resources."""
        try:
            made = table.made(self._rows, self._ends, self._misfit)
        except _EarlierError as error:
            ends = self._ends[: error.position]
            made = table.made(self._rows[: ends[-1] if ends else 0], ends, self._misfit)
        return made, [error for _, error in sorted(self._errors, key=itemgetter(0))]

    def _misfit(self, position: int, error: "RowError") -> None:
        number = self._numbers[position]
        self.fail(number, ViewError(str(error), self._view, self._place(number)))
        if self._stops:
            raise _EarlierError(position)


class _EarlierError(Exception):
    """A resource does not fit, and what is after it is not wanted."""

    def __init__(self, position: int) -> None:
        super().__init__()
        self.position = position


@dataclass(frozen=True, slots=True)
class TableJob:
    """Makes rows of chunks of lines, and a table of these.

    `expected` names the type of the resources of files, where it is known. With `stops`, nothing
    comes after the first error of a chunk.
    """

    lines: LineRows
    table: Table
    expected: Mapping[str, str]
    stops: bool

    def done(self, block: Block, is_over: Callable[[], bool]) -> list[Any]:
        """Return what the table makes of the lines, and after it the errors."""
        source, expected = block.source, self.expected.get(block.source, "")
        name = self.lines.plan.name
        chunk = Chunk(name, lambda number: line_place(source, number), stops=self.stops)
        for number, text in enumerate(block.content.split(b"\n"), block.first):
            line = text.strip(_BLANK)
            if not line:
                continue
            if chunk.is_over or is_over():
                break
            try:
                chunk.add(number, self.lines.rows(line, expected))
            except (NotAResourceError, CellError) as error:
                chunk.fail(number, self.lines.located(error, source, number))
        made, errors = chunk.made(self.table)
        return [made, *map(failure_of, errors)]
