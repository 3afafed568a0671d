"""The values that the templates render: frozen, complete, sorted."""

from dataclasses import dataclass
from typing import Literal

PythonType = Literal["str", "bool", "int", "Decimal"]


@dataclass(frozen=True, slots=True)
class Primitive:
    """A primitive type: its JSON type and the rules that its values keep."""

    name: str
    python: PythonType
    pattern: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    expectation: str = ""
    is_extensible: bool = True


@dataclass(frozen=True, slots=True)
class Element:
    """One JSON property of a class. A choice element gives one of these per type."""

    name: str
    fhir_name: str
    path: str
    type: str
    min: int
    is_list: bool
    is_primitive: bool
    has_sibling: bool
    is_lazy: bool
    is_prohibited: bool
    choice: str | None
    codes: str | None
    targets: tuple[str, ...]
    description: str

    @property
    def is_bare(self) -> bool:
        """Whether a primitive has no `_name` sibling to carry extensions."""
        return self.is_primitive and not self.has_sibling

    @property
    def is_required(self) -> bool:
        """Whether the element itself, not just its choice group, has to be there."""
        return self.min > 0 and self.choice is None


@dataclass(frozen=True, slots=True)
class Class:
    """A type, a resource, or a nested backbone element."""

    name: str
    path: str
    base: str | None
    runtime_base: str | None
    description: str
    elements: tuple[Element, ...]
    resource_type: str | None
    is_resource: bool = False

    @property
    def is_polymorphic(self) -> bool:
        """Whether a value of this type is as many types as there are resources."""
        return self.is_resource and self.resource_type is None

    @property
    def bases(self) -> tuple[str, ...]:
        """The Python base classes, in order."""
        return tuple(base for base in (self.runtime_base, self.base) if base)


@dataclass(frozen=True, slots=True)
class Module:
    """One generated module: a definition with its nested classes, children before parents."""

    name: str
    source: str
    url: str
    description: str
    bases: tuple[tuple[str, str], ...]
    runtime_bases: tuple[str, ...]
    classes: tuple[Class, ...]


@dataclass(frozen=True, slots=True)
class CodeList:
    """The codes of a value set that an element is bound to with strength `required`."""

    name: str
    url: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenBinding:
    """A required binding whose codes cannot be listed, and why."""

    url: str
    paths: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Package:
    """Everything that one FHIR release generates."""

    label: str
    version: str
    primitives: tuple[Primitive, ...]
    modules: tuple[Module, ...]
    code_lists: tuple[CodeList, ...]
    open_bindings: tuple[OpenBinding, ...]

    @property
    def resource_types(self) -> tuple[str, ...]:
        """The concrete resources, sorted."""
        names = (c.resource_type for m in self.modules for c in m.classes)
        return tuple(sorted(name for name in names if name))
