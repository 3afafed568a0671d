"""What expressions are evaluated on: items of a resource as they stand in its JSON, and around it.

Knows nothing of expressions. A node is made for every item that a path reaches, so it is small.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class TypeModel(Protocol):
    """What is known of FHIR's types; `profiles.definitions.Definitions` is one."""

    def type_table(self, code: str, /) -> Any:  # noqa: ANN401 - a later layer's DefinitionTable
        """Return the table of a type by its name, or None."""
        ...

    def elements(self, code: str, /) -> Mapping[str, Any]:
        """Return the tables of all elements of a type by name; empty for an unknown type."""
        ...

    def is_subtype(self, code: str, ancestor: str, /) -> bool:
        """Tell whether a type is another one or derives from it."""
        ...


class Node:
    """One item: its JSON value, its type, and what FHIR JSON keeps beside a primitive.

    Args:
        value: the JSON value as it stands in the resource; None for a primitive that only has
            extensions. A number with a fraction is a `Decimal`, or a `float` as `json` reads it.
        type: `Patient`, `HumanName`, `code`, the path of an element with elements of its own
            (`Patient.contact`), or a type of the language (`System.Boolean`). An empty text where
            the type is not known.
        sibling: the object under `_name` beside the primitive `name`.
    """

    __slots__ = ("sibling", "type", "value")

    value: Any
    type: str
    sibling: Any

    def __init__(
        self,
        value: Any,  # noqa: ANN401 - JSON
        type: str = "",  # noqa: A002 - the word of FHIR
        sibling: Any = None,  # noqa: ANN401 - JSON
    ) -> None:
        if not type and value.__class__ is dict:
            named = value.get("resourceType")
            type = named if named.__class__ is str else ""  # noqa: A001 - as above
        self.value = value
        self.type = type
        self.sibling = sibling

    def __repr__(self) -> str:
        return f"<Node of type {self.type!r}>"


Resolve = Callable[[str], Node | None]
Claim = Callable[[Node, str], bool | None]


class Environment:
    """What an expression sees besides the item it is evaluated on.

    Give the same one to all expressions of one resource: what depends on the resource alone is
    evaluated once for it. The resource must not change meanwhile.

    Args:
        resource: `%resource`, the resource that holds the item; without it, the item itself.
        root: `%rootResource`, the container of a contained resource; without it, `resource`.
        model: the types; without it, paths go by the names in the JSON alone.
        variables: values by name without `%`: plain values, nodes, or lists of these.
        resolve: gives the resource that a reference means, for `resolve()`.
        member_of: tells whether a value is in a value set, for `memberOf()`.
        conforms_to: tells whether a value satisfies a profile, for `conformsTo()`.
        subsumes: tells whether a code subsumes another, for `subsumes()` and `subsumedBy()`.
        trace: is told what `trace()` sees: its name, and the nodes.
        now: the time of `now()`, `today()` and `timeOfDay()`; without it, that of the first use.
    """

    __slots__ = (
        "cache",
        "conforms_to",
        "member_of",
        "model",
        "now",
        "resolve",
        "resource",
        "root",
        "shapes",
        "subsumes",
        "trace",
        "variables",
    )

    def __init__(  # noqa: PLR0913 - all by keyword, each with a meaning of its own
        self,
        *,
        resource: Node | None = None,
        root: Node | None = None,
        model: TypeModel | None = None,
        variables: Mapping[str, Any] | None = None,
        resolve: Resolve | None = None,
        member_of: Claim | None = None,
        conforms_to: Claim | None = None,
        subsumes: Callable[[Node, Node], bool | None] | None = None,
        trace: Callable[[str, Sequence[Node]], None] | None = None,
        now: "datetime | None" = None,
    ) -> None:
        self.resource = resource
        self.root = root or resource
        self.model = model
        self.variables = variables or {}
        self.resolve = resolve
        self.member_of = member_of
        self.conforms_to = conforms_to
        self.subsumes = subsumes
        self.trace = trace
        self.now = now
        self.cache: dict[str, Any] = {}
        """What depends on the resource alone, by what it says."""
        self.shapes: Any = None
        """The shapes of the model's types, from the first evaluation on."""
