"""A view in Python: what makes the rows of one resource."""

import re
from collections.abc import Callable, Sequence
from typing import Any, cast

from pymedplum_runtime.errors import FHIRPathError, ViewError
from pymedplum_runtime.tables.plan import Plan
from pymedplum_runtime.tables.python import exact, plain
from pymedplum_runtime.tables.python.frames import CellError, Frame, OddShapeError, Row, Variables
from pymedplum_runtime.tables.python.rows import RowsOf, columns_of, rows_of

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_NO_PRIMITIVE = b'"_'


class Evaluator:
    """Makes rows of resources, one resource at a time; threads may share it.

    It can be pickled, and is compiled again where it arrives.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._variables = Variables(plan)
        self._plain = rows_of(plan, plain)
        self._exact: RowsOf | None = None  # seldom needed
        self._order = _order(plan)

    def __reduce__(self) -> tuple[type["Evaluator"], tuple[Plan]]:
        return type(self), (self.plan,)

    def __call__(self, resource: dict[str, Any]) -> list[Row]:
        """Return the rows of a resource, in the order of the plan's columns.

        None for a resource of another type. The resource is neither changed nor copied.

        Raises:
            ViewError: it cannot be put into rows; the place is its type and id.
        """
        try:
            return self.rows(resource, is_plain=not has_beside(resource))
        except CellError as error:
            problem = error
        raise located(problem, self.plan, name_of(resource))

    def rows(self, resource: dict[str, Any], *, is_plain: bool) -> list[Row]:
        """Do the same for a resource that is known to have nothing beside its primitives, or not.

        Raises:
            CellError: it cannot be put into rows.
        """
        if resource.get("resourceType") != self.plan.resource:
            return []
        found = self._found(resource, is_plain=is_plain)
        if self._order is not None:
            return [self._order(row) for row in found]
        return [*found]

    def _found(self, resource: dict[str, Any], *, is_plain: bool) -> Sequence[Row]:
        if is_plain:
            try:
                return self._plain(resource, Frame(resource, self._variables))
            except (OddShapeError, AttributeError, TypeError, CellError, FHIRPathError):
                pass  # the engine takes any shape, and words the errors
        if self._exact is None:
            self._exact = rows_of(self.plan, exact)
        frame = Frame(resource, self._variables)
        return self._exact(frame.node, frame)


def evaluator(plan: Plan) -> Evaluator:
    """Return what makes the rows of a resource of JSON: see `Evaluator`.

    Example:
        >>> evaluator(view.plan)({"resourceType": "Patient", "id": "p1"})
        [('p1', None)]
    """
    return Evaluator(plan)


def located(error: CellError, plan: Plan, place: str) -> ViewError:
    """Return an error that says which resource it is about."""
    return ViewError(error.message, plan.name, place, error.expression)


def name_of(resource: dict[str, Any]) -> str:
    """Return the type and id of a resource, as far as they can be shown."""
    type_name, its_id = resource.get("resourceType"), resource.get("id")
    if isinstance(its_id, str) and _ID.fullmatch(its_id):
        return f"{type_name}/{its_id}"
    return f"a {type_name}"


def has_beside(resource: dict[str, Any]) -> bool:
    """Tell whether there is something beside a primitive: a key that begins with `_`."""
    pending: list[Any] = [resource]
    while pending:
        value = pending.pop()
        if value.__class__ is dict:
            for key, child in cast("dict[str, Any]", value).items():
                if key[:1] == "_":
                    return True
                if child.__class__ is dict or child.__class__ is list:
                    pending.append(child)
        else:
            pending += [c for c in value if c.__class__ is dict or c.__class__ is list]
    return False


def may_have_beside(line: bytes) -> bool:
    """Tell the same of a line of JSON, where a text that begins with `_` counts too."""
    return _NO_PRIMITIVE in line


def _order(plan: Plan) -> Callable[[Row], Row] | None:
    """Return what brings cells into the order of the columns; None where they are."""
    names = [cell.name for cell in columns_of(plan.rows)]
    wanted = [cell.name for cell in plan.columns]
    if names == wanted:
        return None
    places = [names.index(name) for name in wanted]
    return lambda row: tuple([row[place] for place in places])
