"""What a view is compiled to: paths resolved against FHIR's types, and the shape of its rows.

A plan is data. The Python runner turns it into closures and the DuckDB runner into SQL, so both
give the same table. What the plan cannot say stays `Opaque`: FHIRPath, evaluated in Python.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal as OneOf
from typing import TypeAlias

from pymedplum_runtime.fhirpath import Expression


@dataclass(frozen=True, slots=True)
class Focus:
    """The item at hand: the resource, an item of `forEach`, or what `where()` looks at."""

    type: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """`%resource`, the resource that the row comes from."""

    type: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class RowIndex:
    """`%rowIndex`: the position of the item in the nearest `forEach` or `repeat`, from 0."""

    type: str = "integer"
    many: bool = False


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is written out, or a constant of the view."""

    value: str | bool | int | Decimal
    type: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """The JSON property `name` of every item of `base`; of a choice, the property of one type.

    `repeats` tells whether the property is an array in JSON; `many` whether several items may come.
    """

    base: "Value"
    name: str
    type: str
    repeats: bool
    many: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """The items of `base` for which `condition`, whose `Focus` is the item, is true."""

    base: "Value"
    condition: "Value"
    type: str
    many: bool


@dataclass(frozen=True, slots=True)
class Item:
    """One item of `base` by its position, from 0; -1 is the last."""

    base: "Value"
    position: int
    type: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether `base` has items; with `negated`, whether it has none."""

    base: "Value"
    negated: bool = False
    type: str = "boolean"
    many: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """How many items `base` has."""

    base: "Value"
    type: str = "integer"
    many: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """`not()`: nothing where `operand` is nothing."""

    operand: "Value"
    type: str = "boolean"
    many: bool = False


@dataclass(frozen=True, slots=True)
class Logic:
    """Three-valued logic of two booleans, each at most one item."""

    operator: OneOf["and", "or", "xor", "implies"]
    left: "Value"
    right: "Value"
    type: str = "boolean"
    many: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values of one kind: texts (`=`, `!=`), numbers (all operators) or booleans (`=`, `!=`).

    Nothing where a side is nothing. `left` may have many items for `=` and `!=`: several items
    never equal one.
    """

    operator: OneOf["=", "!=", "<", "<=", ">", ">="]
    left: "Value"
    right: "Value"
    kind: OneOf["text", "number", "boolean"]
    type: str = "boolean"
    many: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """The texts of `base`, one after the other; of nothing, the empty text."""

    base: "Value"
    separator: str
    type: str = "string"
    many: bool = False


@dataclass(frozen=True, slots=True)
class ResourceKey:
    """`getResourceKey()`: the id of the resource."""

    type: str = "string"
    many: bool = False


@dataclass(frozen=True, slots=True)
class ReferenceKey:
    """`getReferenceKey(type)`: the id at the end of references, where they are to that type."""

    base: "Value"
    target: str | None
    many: bool
    type: str = "string"


@dataclass(frozen=True, slots=True)
class Opaque:
    """What none of the others can say: evaluated by the FHIRPath engine on the focus.

    Its `focus` is the static type of the item; `type` is empty where it is not known.
    """

    expression: Expression
    focus: str
    type: str
    many: bool


Value: TypeAlias = (
    Focus
    | Resource
    | RowIndex
    | Literal
    | Member
    | Filter
    | Item
    | Exists
    | Count
    | Not
    | Logic
    | Compare
    | Join
    | ResourceKey
    | ReferenceKey
    | Opaque
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A column with what fills it.

    `text` is the path as it was written, `place` where it stands in the definition, `type` FHIR's
    name of the column's type: the declared one, else that of the path, else `string`.
    `exact` is the same path for the FHIRPath engine, for resources that the plan does not fit.
    """

    name: str
    type: str
    collection: bool
    value: Value
    exact: Expression
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Path:
    """A path that gives the items of a `forEach` or `repeat`, or a condition; as in `Cell`."""

    value: Value
    exact: Expression
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Rows:
    """One `select`: for every item of `each`, the product of its cells, nested rows and unions.

    `each` is None where the focus stays. `or_null` keeps one row of nulls where there are no items.
    `repeat` are the paths that are followed from the focus, and from whatever they reach.
    `union` is empty or holds alternatives with the same columns, one after the other.
    """

    each: Path | None
    or_null: bool
    repeat: tuple[Path, ...]
    focus: str
    cells: tuple[Cell, ...]
    nested: tuple["Rows", ...]
    union: tuple["Rows", ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole view: of which resources, under which conditions, which rows."""

    name: str
    resource: str
    where: tuple[Path, ...]
    rows: tuple[Rows, ...]
    columns: tuple[Cell, ...]
    """Of every column the cell that describes it, in the order of the table."""

    constants: tuple[tuple[str, str, str | bool | int | Decimal], ...]
    """Name, FHIR type and value of the view's constants, for the FHIRPath engine."""
