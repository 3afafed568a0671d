"""A value of FHIR's JSON as it stands in a table: of the type of its column, or not at all."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

from pymedplum_runtime.fhirpath.quantities import UCUM, Quantity
from pymedplum_runtime.tables.columns import kind_of
from pymedplum_runtime.tables.plan import Cell
from pymedplum_runtime.tables.python.frames import CellError

Convert: TypeAlias = Callable[[Any], Any]

TEXTS = frozenset({
    "base64Binary", "canonical", "code", "date", "dateTime", "id", "instant", "markdown", "oid",
    "string", "time", "uri", "url", "uuid", "xhtml",
})  # fmt: skip


def converter(cell: Cell) -> Convert:
    """Return what makes a cell of a value that is there.

    It raises `CellError` where the value is of another kind than the column. A value with elements
    of its own becomes the text of its JSON, and so does any value of a path of unknown type.
    """
    kind = kind_of(cell.type)
    if kind == "text" and cell.value.type not in TEXTS:
        convert: Convert = _json_text
    else:
        convert = _BY_KIND[kind]

    def checked(value: Any) -> Any:  # noqa: ANN401 - any JSON value, and what a cell holds
        found = convert(value)
        if found is None:
            problem = f"column '{cell.name}' holds {cell.type}, and the value is {_named(value)}"
            raise CellError(problem, cell.text)
        return found

    return checked


def decimal_of(value: Any) -> Decimal | None:  # noqa: ANN401 - any JSON value
    """Return a number of JSON as a decimal."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, str) else None


def _boolean(value: Any) -> bool | None:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, bool) else None


def _integer(value: Any) -> int | None:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _json_text(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    from pymedplum_runtime.models import strict_json  # noqa: PLC0415 - loads msgspec

    if isinstance(value, str):
        return value
    if isinstance(value, Quantity):
        value = _quantity(value)
    try:
        return strict_json.encode(value).decode()
    except (TypeError, ValueError):  # from users: what JSON does not have
        return None


def _quantity(quantity: Quantity) -> dict[str, Any]:
    number: dict[str, Any] = {"value": quantity.value, "unit": quantity.unit}
    if quantity.is_calendar or quantity.system != UCUM:
        return number
    return {**number, "system": UCUM, "code": quantity.unit}


_BY_KIND: dict[str, Convert] = {
    "boolean": _boolean,
    "integer": _integer,
    "integer64": _integer,
    "decimal": decimal_of,
    "time": _text,
    "text": _text,
}


def _named(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int):
        return "a whole number"
    if isinstance(value, float | Decimal):
        return "a number with a fraction"
    if isinstance(value, str):
        return "a text"
    return "an array" if isinstance(value, list) else "an object"
