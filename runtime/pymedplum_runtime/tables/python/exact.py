"""A plan as expressions of the FHIRPath engine: for resources of any shape, and for the errors."""

from typing import Any

from pymedplum_runtime.errors import FHIRPathError
from pymedplum_runtime.fhirpath import Expression, Node
from pymedplum_runtime.tables import plan as tree
from pymedplum_runtime.tables.python.frames import CellError, Frame, Items, Step, has_index
from pymedplum_runtime.tables.python.values import converter


def condition(path: tree.Path) -> Step:
    """Return what tells whether a condition is true."""
    looks_at_index = has_index(path.exact)

    def step(node: Node, frame: Frame) -> bool | None:
        try:
            return path.exact.holds(node, frame.environment(has_index=looks_at_index))
        except FHIRPathError as error:
            problem = f"{path.place}: {error}"
        raise CellError(problem, path.text)

    return step


def each(path: tree.Path) -> Items:
    """Return what gives the items of a path."""
    return _nodes(path.exact, path.place, path.text)


def cell(of: tree.Cell) -> Step:
    """Return what gives the content of a cell.

    An item without value, which a primitive with nothing but extensions is, has no place in it.
    """
    if isinstance(of.value, tree.RowIndex):
        return lambda _, frame: [frame.index] if of.collection else frame.index
    nodes = _nodes(of.exact, f"column '{of.name}'", of.text)
    convert = converter(of)

    def all_values(node: Node, frame: Frame) -> list[Any]:
        return [convert(n.value) for n in nodes(node, frame) if n.value is not None]

    def only_value(node: Node, frame: Frame) -> Any:  # noqa: ANN401 - what a cell holds
        found = all_values(node, frame)
        if len(found) > 1:
            problem = (
                f"column '{of.name}' has {len(found)} values; make it a collection, or choose "
                "one with first()"
            )
            raise CellError(problem, of.text)
        return found[0] if found else None

    return all_values if of.collection else only_value


def _nodes(expression: Expression, place: str, text: str) -> Items:
    looks_at_index = has_index(expression)

    def items(node: Node, frame: Frame) -> list[Any]:
        try:
            return expression.evaluate(node, frame.environment(has_index=looks_at_index))
        except FHIRPathError as error:
            problem = f"{place}: {error}"
        raise CellError(problem, text)

    return items
