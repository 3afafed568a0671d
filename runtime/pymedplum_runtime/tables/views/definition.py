"""The parts of a view as Python values, which are how a view is written in Python.

Source: https://sql-on-fhir.org/ig/2.0.0/StructureDefinition-ViewDefinition.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias, cast

from pymedplum_runtime.tables.paths.constants import ConstantValue, value_of
from pymedplum_runtime.tables.views.problems import entries


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Args:
        name: letters, digits and underscores, a letter first; unique in the view.
        path: a FHIRPath expression on the item that the select is about.
        type: FHIR's name of the type, such as `dateTime`; that of the path where absent.
        collection: whether the column holds a list; without it, several values are an error.
        description: for readers.
        tags: what other systems want to know of the column, such as `{"ansi/type": "DATE"}`.

    Example:
        >>> Column("family", "name.where(use = 'official').family", type="string")
    """

    name: str
    path: str
    type: str | None = None
    collection: bool = False
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)


@dataclass(frozen=True)
class Select:
    """Columns of one item, or of each of many: `for_each`, `for_each_or_null` or `repeat`.

    Args:
        column: the columns.
        select: selects on the same item; each of their rows is combined with these columns.
        for_each: a path; there is a row for every item that it gives, and none for no items.
        for_each_or_null: the same, with one row of nulls where there are no items.
        repeat: paths that are followed from the item, and from whatever they reach.
        union_all: selects with the same columns, whose rows come one after the other.

    Example:
        >>> Select(for_each="component", column=[Column("value", "value.ofType(Quantity).value")])
    """

    column: Sequence[Column] = ()
    select: "Sequence[Select]" = ()
    for_each: str | None = None
    for_each_or_null: str | None = None
    repeat: Sequence[str] = ()
    union_all: "Sequence[Select]" = ()

    def __post_init__(self) -> None:
        kinds = (("column", Column), ("select", Select), ("repeat", str), ("union_all", Select))
        for name, kind in kinds:
            object.__setattr__(self, name, listed(name, getattr(self, name), kind))


def listed(name: str, given: object, kind: type) -> tuple[Any, ...]:
    """Return an argument that is a sequence of one kind of parts, as a tuple.

    Raises:
        TypeError: it is something else.
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(f"{name} takes a list of {kind.__name__}, not {type(given).__name__}")
    parts = tuple(cast("Iterable[object]", given))
    for part in parts:
        if not isinstance(part, kind):
            raise TypeError(f"{name} takes a list of {kind.__name__}, not of {type(part).__name__}")
    return parts


PythonConstant: TypeAlias = ConstantValue | date | time
"""A value whose type of FHIR is told by that of Python; a `datetime` is a `date` there too."""


@dataclass(frozen=True)
class Constant:
    """A value that paths name with `%`, with a type of FHIR that Python's value does not tell."""

    value: PythonConstant
    type: str


_PYTHON_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (Decimal, "decimal"),
    (float, "decimal"),
    (datetime, "dateTime"),
    (date, "date"),
    (time, "time"),
    (str, "string"),
)


def constant_json(name: str, given: object) -> dict[str, Any]:
    """Return a constant as a definition holds it.

    Raises:
        TypeError: it is of no type that a constant can have.
    """
    value = given.value if isinstance(given, Constant) else given
    kind = next((kind for python, kind in _PYTHON_TYPES if isinstance(value, python)), None)
    if kind is None:
        raise TypeError(
            f"the constant '{name}' must be a str, bool, int, Decimal, date, datetime, time or"
            f" Constant, not {type(value).__name__}"
        )
    if kind == "integer" and value_of(kind, value) is None:
        kind = "integer64"
    if isinstance(given, Constant):
        kind = given.type
    value = value.isoformat() if isinstance(value, date | time) else value
    return {"name": name, f"value{kind[:1].upper()}{kind[1:]}": _plain(value)}


def _plain(value: object) -> object:
    """Return a decimal as a number that `json.dumps` takes, unless that would change it."""
    if not isinstance(value, Decimal) or not value.is_finite():
        return value
    number = int(value) if value == value.to_integral_value() else float(value)
    return number if Decimal(repr(number)) == value else value


def constant_of(kind: str, value: ConstantValue) -> ConstantValue | Constant:
    """Return a constant as Python has it, with its type where the value does not tell it."""
    usual = next((k for python, k in _PYTHON_TYPES if isinstance(value, python)), "")
    return value if kind == usual else Constant(value, kind)


def select_json(select: Select) -> dict[str, Any]:
    """Return a select as a definition holds it."""
    members: dict[str, Any] = {
        "forEach": select.for_each,
        "forEachOrNull": select.for_each_or_null,
        "repeat": list(select.repeat),
        "column": [column_json(each) for each in select.column],
        "select": [select_json(each) for each in select.select],
        "unionAll": [select_json(each) for each in select.union_all],
    }
    return {name: value for name, value in members.items() if value not in (None, [])}


def column_json(column: Column) -> dict[str, Any]:
    """Return a column as a definition holds it."""
    members: dict[str, Any] = {
        "name": column.name,
        "path": column.path,
        "type": column.type,
        "collection": column.collection or None,
        "description": column.description,
        "tag": [{"name": name, "value": value} for name, value in column.tags.items()],
    }
    return {name: value for name, value in members.items() if value not in (None, [])}


def select_of(holder: Mapping[str, Any]) -> Select:
    """Return the select that a part of a checked definition describes."""
    return Select(
        column=[_column_of(each) for _, each in entries(holder, "column")],
        select=[select_of(each) for _, each in entries(holder, "select")],
        for_each=holder.get("forEach"),
        for_each_or_null=holder.get("forEachOrNull"),
        repeat=holder.get("repeat", ()),
        union_all=[select_of(each) for _, each in entries(holder, "unionAll")],
    )


def _column_of(holder: Mapping[str, Any]) -> Column:
    return Column(
        name=holder["name"],
        path=holder["path"],
        type=holder.get("type"),
        collection=holder.get("collection", False),
        description=holder.get("description"),
        tags={each["name"]: each["value"] for _, each in entries(holder, "tag")},
    )
