"""What a row is evaluated against besides the item it comes from, and what can go wrong there."""

from typing import TYPE_CHECKING, Any, TypeAlias

from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.fhirpath import Environment, Expression, Node
from pymedplum_runtime.profiles.definitions import packaged
from pymedplum_runtime.tables.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable

Row: TypeAlias = tuple[Any, ...]
# An item is a JSON value or, for the FHIRPath engine, the node that holds it.
Step: TypeAlias = "Callable[[Any, Frame], Any]"
Items: TypeAlias = "Callable[[Any, Frame], list[Any]]"

ROW_INDEX = "rowIndex"


class OddShapeError(Exception):
    """The JSON has not the shape that the plan relies on; the FHIRPath engine takes any."""


class CellError(MedplumError):
    """A resource cannot be put into rows; who knows where it comes from adds the place.

    Attributes:
        message: what is wrong; it quotes no value.
        expression: the path, where it is a matter of one.
    """

    def __init__(self, message: str, expression: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.expression = expression


class Variables:
    """The constants of a view, as the FHIRPath engine takes them."""

    def __init__(self, plan: Plan) -> None:
        self.type = plan.resource
        self._constants = {name: Node(value, of) for name, of, value in plan.constants}

    def at(self, index: int) -> dict[str, Any]:
        """Return them with `%rowIndex`."""
        return {**self._constants, ROW_INDEX: index}


class Frame:
    """One resource at work: its JSON, and the position in the nearest iteration, from 0."""

    __slots__ = ("_environment", "_node", "_variables", "index", "resource")

    def __init__(self, resource: dict[str, Any], variables: Variables) -> None:
        self.resource = resource
        self.index = 0
        self._variables = variables
        self._environment: Environment | None = None
        self._node: Node | None = None

    @property
    def node(self) -> Node:
        """The resource, for the engine."""
        if self._node is None:
            self._node = Node(self.resource, self._variables.type)
        return self._node

    def environment(self, *, has_index: bool) -> Environment:
        """Return what expressions see; with `has_index`, the index at this moment too.

        The engine keeps what depends on the resource alone, and takes the index to be of that.
        """
        if has_index:
            return self._made()
        if self._environment is None:
            self._environment = self._made()
        return self._environment

    def _made(self) -> Environment:
        variables = self._variables.at(self.index)
        return Environment(resource=self.node, model=packaged(), variables=variables)


def has_index(expression: Expression) -> bool:
    """Tell whether an expression may look at `%rowIndex`."""
    return ROW_INDEX in expression.text
