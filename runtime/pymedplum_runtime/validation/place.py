"""A value of the resource and the way to it."""

from typing import Any

Value = Any  # a JSON value: what stands in the resource


class Place:
    """A value of the resource and the way to it; the path is written only for an issue.

    `type` is the FHIR type: `Patient`, `HumanName`, `code`, or the element's path where it has a
    type of its own: `Patient.contact`. `element` is the path in that type's definition.
    """

    __slots__ = (
        "_node",
        "depth",
        "element",
        "index",
        "name",
        "parent",
        "resource",
        "sibling",
        "type",
        "value",
    )

    def __init__(  # noqa: PLR0913, PLR0917 - made once per object of the resource, so by position
        self,
        parent: "Place | None",
        name: str,
        index: int | None,
        value: Value,
        type_: str,
        element: str,
        sibling: Value = None,
        *,
        is_resource: bool = False,
    ) -> None:
        self.parent = parent
        self.name = name  # FHIR's element name; of a choice the name without the type: `value`
        self.index = index
        self.value = value
        self.type = type_
        self.element = element
        self.sibling = sibling  # the object under `_name`, of a primitive
        self.depth: int = 0 if parent is None else parent.depth + 1
        # The nearest resource: FHIRPath's %resource.
        self.resource: Place = self if is_resource or parent is None else parent.resource
        self._node: Any = None

    def child(  # noqa: PLR0913, PLR0917 - as the constructor
        self,
        name: str,
        index: int | None,
        value: Value,
        type_: str,
        element: str = "",
        sibling: Value = None,
    ) -> "Place":
        """Return the place of a value inside this one."""
        return Place(self, name, index, value, type_, element or f"{self.element}.{name}", sibling)

    @property
    def expression(self) -> str:
        """Return the path as FHIRPath: `Patient.contact[0].name`."""
        parts: list[str] = []
        place: Place | None = self
        while place is not None:
            parts.append(place.name if place.index is None else f"{place.name}[{place.index}]")
            place = place.parent
        return ".".join(reversed(parts))

    @property
    def container(self) -> "Place":
        """The resource that contains the nearest one, or that one itself: %rootResource."""
        nearest = self.resource
        if nearest.name == "contained" and nearest.parent is not None:
            return nearest.parent.resource
        return nearest

    @property
    def node(self) -> Any:  # noqa: ANN401 - fhirpath.Node, which is imported for invariants only
        """The value as FHIRPath sees it."""
        if self._node is None:
            from pymedplum_runtime.fhirpath import Node  # noqa: PLC0415 - as said above

            self._node = Node(self.value, self.type, self.sibling)
        return self._node
