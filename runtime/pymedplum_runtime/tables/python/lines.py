"""Lines of NDJSON as rows: decoded as exactly as the columns need, located where they fail."""

from collections.abc import Iterator
from typing import Any

from pymedplum_runtime.errors import NdjsonError, ViewError
from pymedplum_runtime.ndjson.records import NotAResourceError, resource_in
from pymedplum_runtime.tables import plan as tree
from pymedplum_runtime.tables.columns import kind_of
from pymedplum_runtime.tables.plan import Cell, Path, Plan, Rows, Value
from pymedplum_runtime.tables.python.evaluator import Evaluator, located, may_have_beside
from pymedplum_runtime.tables.python.frames import CellError, Row
from pymedplum_runtime.tables.python.values import TEXTS

_WHOLE = frozenset(("integer", "integer64", "positiveInt", "unsignedInt"))


def line_place(source: str, number: int) -> str:
    """Return how errors name a line."""
    return f"{source}, line {number}"


class LineRows:
    """Makes rows of lines; can be pickled, as `Evaluator` can."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.evaluator = Evaluator(plan)
        self._is_exact = needs_digits(plan)

    def __reduce__(self) -> tuple[type["LineRows"], tuple[Plan]]:
        return type(self), (self.plan,)

    def rows(self, line: bytes, expected: str = "") -> list[Row]:
        """Return the rows of a line, none of one with a resource of another type.

        Args:
            line: the JSON of a resource.
            expected: the type that all resources of the file are said to have, if it is known.

        Raises:
            NotAResourceError: the line is no resource, or not of that type.
            CellError: it cannot be put into rows.
        """
        resource = self._resource(line)
        if expected and resource["resourceType"] != expected:
            raise NotAResourceError(f"expected {expected}, as the export says, got another type")
        return self.evaluator.rows(resource, is_plain=not may_have_beside(line))

    def located(
        self, error: NotAResourceError | CellError, source: str, number: int
    ) -> NdjsonError | ViewError:
        """Return an error that names the file and the line."""
        if isinstance(error, CellError):
            return located(error, self.plan, line_place(source, number))
        return NdjsonError(str(error), source, number)

    def _resource(self, line: bytes) -> dict[str, Any]:
        if not self._is_exact:
            try:
                return resource_in(line, exact=False)
            except NotAResourceError:
                pass  # it may be a number that is too large for a float
        return resource_in(line, exact=True)


def needs_digits(plan: Plan) -> bool:
    """Tell whether a row can depend on how a number with a fraction was written.

    Where it cannot, lines are decoded in half the time.
    """
    return any(
        any(map(_has_digits, _parts(path.value))) for path in _paths(plan.rows, plan.where)
    ) or any(
        _is_number_or_tree(cell) or any(map(_has_digits, _parts(cell.value)))
        for cell in _cells(plan.rows)
    )


def _is_number_or_tree(cell: Cell) -> bool:
    """Tell whether a cell holds decimals, or the JSON of something."""
    kind = kind_of(cell.type)
    return kind == "decimal" or (kind in ("text", "time") and cell.value.type not in TEXTS)


def _has_digits(value: Value) -> bool:
    if isinstance(value, tree.Compare):
        return value.kind == "number" and not {value.left.type, value.right.type} <= _WHOLE
    return isinstance(value, tree.Opaque)


def _cells(rows: tuple[Rows, ...]) -> Iterator[Cell]:
    for select in rows:
        yield from select.cells
        yield from _cells(select.nested + select.union)


def _paths(rows: tuple[Rows, ...], where: tuple[Path, ...]) -> Iterator[Path]:
    yield from where
    for select in rows:
        yield from select.repeat
        if select.each is not None:
            yield select.each
        yield from _paths(select.nested + select.union, ())


def _parts(value: Value) -> Iterator[Value]:
    """Give a value and all that it is made of."""
    yield value
    for name in ("base", "condition", "operand", "left", "right"):
        part: Value | None = getattr(value, name, None)
        if part is not None:
            yield from _parts(part)
