"""The rows of a `select`: iteration, products and unions, whatever evaluates the paths.

Source: https://sql-on-fhir.org/ig/2.0.0/functional-model.html
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, Protocol, TypeAlias

from pymedplum_runtime.tables.plan import Cell, Path, Plan, RowIndex, Rows
from pymedplum_runtime.tables.python.frames import CellError, Frame, Items, Row, Step

RowsOf: TypeAlias = Callable[[Any, Frame], Sequence[Row]]

_MOST_ITEMS = 500_000
_MOST_ROWS = 1_000_000  # of one resource; products grow beyond memory from little
_MOST_DEEP = 100


class Evaluation(Protocol):
    """One of the two ways of evaluating paths: the modules `plain` and `exact`."""

    def condition(self, path: Path, /) -> Step:
        """Return what tells whether a condition is true."""
        ...

    def each(self, path: Path, /) -> Items:
        """Return what gives the items of a path."""
        ...

    def cell(self, of: Cell, /) -> Step:
        """Return what gives the content of a cell."""
        ...


def rows_of(plan: Plan, evaluation: Evaluation) -> RowsOf:
    """Return what gives all rows of a resource, none where a condition does not hold."""
    conditions = [evaluation.condition(path) for path in plan.where]
    rows = _product([_select(select, evaluation) for select in plan.rows])

    def found(item: Any, frame: Frame) -> Sequence[Row]:  # noqa: ANN401 - JSON, or a node
        for condition in conditions:
            if condition(item, frame) is not True:
                return ()
        return rows(item, frame)

    return found


def columns_of(rows: Sequence[Rows]) -> Iterator[Cell]:
    """Give the cells of rows in the order in which they come."""
    for select in rows:
        yield from select.cells
        yield from columns_of(select.nested)
        yield from columns_of(select.union[:1])


def _select(select: Rows, evaluation: Evaluation) -> RowsOf:
    parts = [_select(nested, evaluation) for nested in select.nested]
    if select.cells:
        parts.insert(0, _cells([evaluation.cell(cell) for cell in select.cells]))
    if select.union:
        parts.append(_union([_select(branch, evaluation) for branch in select.union]))
    rows = _product(parts)
    if select.each is None and not select.repeat:
        return rows
    items = _repeated(select, evaluation) if select.each is None else evaluation.each(select.each)
    return _iterated(items, rows, _null_row(select) if select.or_null else None)


def _cells(cells: Sequence[Step]) -> RowsOf:
    if len(cells) == 1:
        only = cells[0]
        return lambda item, frame: ((only(item, frame),),)

    def rows(item: Any, frame: Frame) -> Sequence[Row]:  # noqa: ANN401 - JSON, or a node
        return (tuple([cell(item, frame) for cell in cells]),)

    return rows


def _union(branches: Sequence[RowsOf]) -> RowsOf:
    def rows(item: Any, frame: Frame) -> Sequence[Row]:  # noqa: ANN401 - JSON, or a node
        return [*chain.from_iterable([branch(item, frame) for branch in branches])]

    return rows


def _product(parts: Sequence[RowsOf]) -> RowsOf:
    """Join every row of a part with every row of the parts after it."""
    if not parts:
        return lambda _item, _frame: ((),)
    first, *others = parts
    if not others:
        return first

    def rows(item: Any, frame: Frame) -> Sequence[Row]:  # noqa: ANN401 - JSON, or a node
        found = first(item, frame)
        for other in others:
            if not found:
                return ()
            right = other(item, frame)
            _check_count(len(found) * len(right))
            found = [one + two for one in found for two in right]
        return found

    return rows


def _check_count(count: int) -> None:
    if count > _MOST_ROWS:
        raise CellError(f"one resource gives more than {_MOST_ROWS} rows")


def _iterated(items: Items, rows: RowsOf, null_row: Row | None) -> RowsOf:
    def found(item: Any, frame: Frame) -> Sequence[Row]:  # noqa: ANN401 - JSON, or a node
        outer = frame.index
        found: list[Row] = []
        reached = items(item, frame)
        for index, each in enumerate(reached):
            frame.index = index
            found += rows(each, frame)
            _check_count(len(found))
        frame.index = outer
        return found if reached or null_row is None else (null_row,)

    return found


def _null_row(select: Rows) -> Row:
    """Return the row that stands for no items: null in every column but the index, which is 0."""
    return tuple(
        None if not isinstance(cell.value, RowIndex) else [0] if cell.collection else 0
        for cell in columns_of([select])
    )


def _repeated(select: Rows, evaluation: Evaluation) -> Items:
    """Give what the paths reach from the item, and from there: each before what it leads to."""
    paths = [evaluation.each(path) for path in select.repeat]

    def items(item: Any, frame: Frame) -> list[Any]:  # noqa: ANN401 - JSON, or a node
        def reached(start: Any) -> Iterator[Any]:  # noqa: ANN401 - the same
            return chain.from_iterable(path(start, frame) for path in paths)

        found: list[Any] = []
        pending = [reached(item)]
        while pending:
            each = next(pending[-1], None)
            if each is None:
                pending.pop()
                continue
            found.append(each)
            pending.append(reached(each))
            if len(pending) > _MOST_DEEP or len(found) > _MOST_ITEMS:
                raise CellError(f"{select.repeat[0].place}: it repeats without end")
        return found

    return items
