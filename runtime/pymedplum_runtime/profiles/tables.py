"""The shape of compiled definitions: plain data that JSON can hold.

Base types and profiles have the same shape. A base type lists its own elements, the rest comes
along the chain of `base`; a profile lists only what is tighter than the base type.
"""

from typing import Any, Literal, TypedDict

Value = Any  # a JSON value of FHIR, as a definition gives it
Severity = Literal["error", "warning"]
Rules = Literal["open", "closed", "openAtEnd"]
DiscriminatorKind = Literal["value", "pattern", "exists", "type", "profile"]


class TypeTable(TypedDict, total=False):
    """A type that an element may have."""

    code: str
    profiles: list[str]
    targets: list[str]
    aggregation: list[str]
    versioning: str


class BindingTable(TypedDict, total=False):
    """What codes an element may have; only `required` and `extensible` ones are kept."""

    strength: str
    value_set: str
    max_value_set: str


class SlicingTable(TypedDict, total=False):
    """How a list is divided into slices."""

    discriminators: list[list[str]]
    rules: str
    ordered: bool


class MatchTable(TypedDict, total=False):
    """What a discriminator's path must give in an item of a slice: one of the members."""

    path: str
    fixed: Value
    pattern: Value
    binding: str
    exists: bool
    types: list[str]
    profiles: list[str]
    conforms: bool


class ElementTable(TypedDict, total=False):
    """The rules of one element; an absent member says nothing, or the default of FHIR."""

    min: int
    max: int | str
    types: list[TypeTable]
    content: str
    fixed: Value
    pattern: Value
    min_value: Value
    max_value: Value
    max_length: int
    binding: BindingTable
    constraints: list[list[str]]
    must_support: bool
    elements: "dict[str, ElementTable]"
    slicing: SlicingTable
    slices: "dict[str, ElementTable]"
    match: list[MatchTable]


class PrimitiveTable(TypedDict, total=False):
    """The rules of the values of a primitive type."""

    python: str
    expectation: str
    pattern: str
    minimum: int
    maximum: int
    max_length: int


class NamedDefinition(TypedDict):
    """What every compiled StructureDefinition has."""

    url: str
    type: str


class DefinitionTable(NamedDefinition, total=False):
    """A compiled StructureDefinition."""

    version: str
    name: str
    kind: str
    abstract: bool
    base: str
    profile: bool
    root: ElementTable
    contexts: list[list[str]]
    primitive: PrimitiveTable


ANY_SYSTEM = "*"  # among the open systems of a set of which not even the systems are known


class ListedCodes(TypedDict):
    """The codes of a value set that can be enumerated, by system."""

    url: str
    systems: dict[str, list[str]]


class ValueSetTable(ListedCodes, total=False):
    """What is known of a value set: its codes, and where there may be more."""

    version: str
    grammars: dict[str, list[str]]  # systems whose codes a grammar tells; parts they must not have
    open: list[str]  # systems whose codes are not all known, or ANY_SYSTEM
    folded: list[str]  # systems whose codes are the same in upper and lower case
