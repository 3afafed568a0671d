"""The shapes of FHIR's types: where the JSON of an item holds each element, and of what type.

They are made from the tables of a model, for the types that expressions come across.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pymedplum_runtime.fhirpath.nodes import TypeModel

_SYSTEM = "http://hl7.org/fhirpath/System."
_CHOICE = "[x]"
# The type of these is in the resource itself, which a node without a type looks into.
_RESOURCES = frozenset(("Resource", "DomainResource"))


class Member(NamedTuple):
    """Where an element is in the JSON, and the type of what is there."""

    key: str
    beside: str
    """The key of what a primitive has besides its value; empty for a complex type."""
    type: str


class Choice(dict[str, Member]):
    """The members of an element whose type is a choice, by all keys that may hold one."""


class Shape:
    """The elements of a type."""

    __slots__ = ("base", "by_key", "by_name")

    def __init__(self, base: str) -> None:
        self.base = base
        """The type that it is, for an element with elements of its own: `BackboneElement`."""
        self.by_name: dict[str, Member | Choice] = {}
        self.by_key: dict[str, Member] = {}

    def add(self, name: str, members: list[Member]) -> None:
        """Add an element."""
        if not name.endswith(_CHOICE):
            self.by_name[name] = members[0]
        else:
            choice = Choice((m.key, m) for m in members)
            choice.update({m.beside: m for m in members if m.beside})
            self.by_name[name.removesuffix(_CHOICE)] = choice
        self.by_key.update({m.key: m for m in members})


class Shapes(dict[str, Shape | None]):
    """The shapes of types by name, made when first asked for; None for what is not known."""

    def __init__(self, model: "TypeModel | None") -> None:
        super().__init__()
        self._model = model
        self._primitive: dict[str, bool] = {}

    def __missing__(self, type_name: str) -> Shape | None:
        shape = self._made(type_name) if self._model is not None else None
        if shape is not None:
            self[type_name] = shape
        return shape

    def is_known(self, type_name: str) -> bool:
        """Tell whether the model knows the type, or knows no types at all."""
        if self._model is None or self[type_name] is not None:
            return True
        return self._model.type_table(type_name) is not None or self["Element"] is None

    def is_primitive(self, type_name: str) -> bool:
        """Tell whether values of a type are plain JSON values."""
        found = self._primitive.get(type_name)
        if found is None:
            table = None if self._model is None else self._model.type_table(type_name)
            found = type_name[:1].islower() and type_name != "xhtml"
            if table is not None:
                found = table.get("kind") == "primitive-type"
            self._primitive[type_name] = found
        return found

    def is_subtype(self, type_name: str, ancestor: str) -> bool:
        """Tell whether a type is another one or derives from it."""
        if type_name == ancestor:
            return True
        if self._model is None or not type_name:
            return False
        shape = self[type_name] if "." in type_name else None
        return self._model.is_subtype(shape.base if shape else type_name, ancestor)

    def _made(self, type_name: str) -> Shape | None:
        model = self._model
        if model is None:
            return None
        owner, *names = type_name.split(".")
        elements, base = model.elements(owner), type_name
        for name in names:
            element = elements.get(name)
            if element is None:
                return None
            base = next((t["code"] for t in element.get("types", ())), "BackboneElement")
            elements = {**model.elements(base), **element.get("elements", {})}
        if not elements:
            return None
        shape = Shape(base)
        for name, element in elements.items():
            # The value of a primitive is the primitive itself, not an element below it.
            if name != "value" or not self.is_primitive(type_name):
                members = list(self._members(type_name, name, element))
                if members:
                    shape.add(name, members)
        return shape

    def _members(self, owner: str, name: str, element: Any) -> Iterator[Member]:  # noqa: ANN401 - an ElementTable
        if "content" in element:
            yield Member(name, "", element["content"])
        elif "elements" in element:
            yield Member(name, "", f"{owner}.{name}")
        elif name.endswith(_CHOICE):
            stem = name.removesuffix(_CHOICE)
            for each in element.get("types", ()):
                code = each["code"]
                yield self._member(f"{stem}{code[0].upper()}{code[1:]}", code)
        else:
            for each in list(element.get("types", ()))[:1]:
                yield self._member(name, each["code"])

    def _member(self, key: str, code: str) -> Member:
        if code.startswith(_SYSTEM):
            code = code[len(_SYSTEM) :].lower()
        beside = f"_{key}" if self.is_primitive(code) else ""
        return Member(key, beside, "" if code in _RESOURCES else code)


UNTYPED = Shapes(None)


def shapes_of(model: "TypeModel | None") -> Shapes:
    """Return the shapes of a model's types; they are made once for a model."""
    if model is None:
        return UNTYPED
    prepared: dict[str, Shapes] | None = getattr(model, "prepared", None)
    if prepared is None:  # a model that cannot keep them
        return Shapes(model)
    return prepared.get("shapes") or prepared.setdefault("shapes", Shapes(model))
