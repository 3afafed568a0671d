"""Views: how resources of one type become the rows of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pymedplum_runtime.tables import plan as plans
from pymedplum_runtime.tables.paths.fields import is_resource
from pymedplum_runtime.tables.views.checks import check_structure, constants_of
from pymedplum_runtime.tables.views.definition import (
    Column,
    Constant,
    PythonConstant,
    Select,
    constant_json,
    constant_of,
    listed,
    select_json,
    select_of,
)
from pymedplum_runtime.tables.views.definition_sources import DefinitionSource, definition_json
from pymedplum_runtime.tables.views.planning import Planner
from pymedplum_runtime.tables.views.problems import Problems, entries, text_of
from pymedplum_runtime.tables.views.view_runs import RunnableView

if TYPE_CHECKING:
    from pymedplum_runtime.tables.views.server import AsyncReadingClient, ReadingClient

_OWN = ("resourceType", "resource", "select", "where", "constant", "name")


@dataclass(frozen=True)
class View(RunnableView):
    """A view: which rows and columns resources of one type have; checked when it is made.

    Args:
        resource: the type of the resources, such as `Observation`; others are left out.
        select: the selects, whose rows are combined each with each.
        where: conditions, all of which a resource must meet.
        constants: values that paths name with `%`: Python values, or `Constant`s with a type.
        name: letters, digits and underscores; it names tables.
        metadata: other members of the definition, such as `url`, `title` and `description`.

    Raises:
        ViewError: something in it is wrong; the error's `problems` are everything that is.

    Example:
        >>> View(
        ...     "Patient",
        ...     name="patient_names",
        ...     select=[
        ...         Select([Column("id", "getResourceKey()")]),
        ...         Select(for_each="name", column=[Column("family", "family")]),
        ...     ],
        ... ).columns
    """

    resource: str
    select: Sequence[Select]
    where: Sequence[str] = ()
    constants: Mapping[str, PythonConstant | Constant] = field(
        default_factory=dict[str, "PythonConstant | Constant"], hash=False
    )
    name: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any], hash=False, repr=False)
    plan: plans.Plan = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "select", listed("select", self.select, Select))
        object.__setattr__(self, "where", listed("where", self.where, str))
        plan = _planned(self.to_definition())
        object.__setattr__(self, "plan", plan)
        object.__setattr__(self, "constants", _constants(plan))

    @classmethod
    def from_definition(cls, definition: DefinitionSource) -> "View":
        """Read a ViewDefinition.

        Args:
            definition: a dict, a `ViewDefinition` model, JSON as text or bytes, or the path of a
                file of JSON.

        Raises:
            ViewError: something in it is wrong; the error's `problems` are everything that is.
            OSError: the file cannot be read.

        Example:
            >>> View.from_definition(Path("blood_pressure.view.json"))
        """
        found = definition_json(definition)
        plan = _planned(found)
        view = object.__new__(cls)
        parts = {
            "resource": found["resource"],
            "select": tuple(select_of(each) for _, each in entries(found, "select")),
            "where": tuple(text_of(each, "path") for _, each in entries(found, "where")),
            "constants": _constants(plan),
            "name": text_of(found, "name"),
            "metadata": {
                name: each
                for name, each in found.items()
                if name not in _OWN and (name, each) != ("status", "active")
            },
            "plan": plan,
        }
        for name, value in parts.items():
            object.__setattr__(view, name, value)
        return view

    @classmethod
    def from_server(cls, client: "ReadingClient", name: str) -> "View":
        """Read a ViewDefinition that a server stores.

        Args:
            client: the client to read with.
            name: the id of a ViewDefinition, or its canonical URL, with `|` and a version or
                without. By URL all its ViewDefinitions are looked through, as Medplum has no search
                parameter for it; of several with the URL the one that was changed last is taken.

        Raises:
            NotFoundError: there is none.
            ViewError: there is one, and something in it is wrong.
            MedplumError: the server cannot be asked.

        Example:
            >>> View.from_server(client, "https://example.org/ViewDefinition/blood-pressure")
        """
        from pymedplum_runtime.tables.views.server import stored_definition  # noqa: PLC0415 - seldom needed

        return cls.from_definition(stored_definition(client, name))

    @classmethod
    async def from_server_async(cls, client: "AsyncReadingClient", name: str) -> "View":
        """Read a ViewDefinition that a server stores, as `from_server`.

        Raises:
            MedplumError: as `from_server`.
        """
        from pymedplum_runtime.tables.views import server  # noqa: PLC0415 - seldom needed

        return cls.from_definition(await server.stored_definition_async(client, name))

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns in the order of the table, each with its type."""
        return tuple(
            Column(cell.name, cell.text, cell.type, cell.collection) for cell in self.plan.columns
        )

    def to_definition(self) -> dict[str, Any]:
        """Return the ViewDefinition as JSON has it; `from_definition` reads it."""
        definition: dict[str, Any] = {"resourceType": "ViewDefinition", "status": "active"}
        definition |= self.metadata
        if self.name:
            definition["name"] = self.name
        definition["resource"] = self.resource
        constants = [constant_json(name, each) for name, each in self.constants.items()]
        where = [{"path": each} for each in self.where]
        select = [select_json(each) for each in self.select]
        parts = {"constant": constants, "select": select, "where": where}
        return definition | {name: each for name, each in parts.items() if each}

    def __reduce__(self) -> tuple[Any, ...]:
        # The plan is made again, which is quicker than to read it.
        parts = (self.select, self.where, self.constants, self.name, self.metadata)
        return (View, (self.resource, *parts))


def _constants(plan: plans.Plan) -> dict[str, PythonConstant | Constant]:
    """Return the constants as a definition has them, so that views with the same are equal."""
    return {name: constant_of(kind, value) for name, kind, value in plan.constants}


def _planned(definition: Mapping[str, Any]) -> plans.Plan:
    name = text_of(definition, "name") or text_of(definition, "resource") or "without a name"
    problems = Problems(name)
    check_structure(definition, problems)
    constants = constants_of(definition)
    resource = text_of(definition, "resource")
    root = resource if is_resource(resource) else ""
    plan = Planner(name, root, constants, problems).planned(definition)
    problems.refuse()
    return plan
