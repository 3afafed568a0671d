"""Core schemas of the primitive types, from the generated table of their rules."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, cast

from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import CoreSchema

from pymedplum_runtime.models.number import json_number, to_number


class Primitive(NamedTuple):
    """A row of the generated table: one primitive type and the rules of its values."""

    name: str
    python: str
    expectation: str
    pattern: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None


def primitive_schema(rules: Primitive) -> CoreSchema:
    """Build the core schema of a primitive type."""
    if rules.python == "bool":
        return {"type": "bool", "strict": True}
    if rules.python == "int":
        bounds = {"ge": rules.minimum, "le": rules.maximum}
        return cast("CoreSchema", {"type": "int", "strict": True, **bounds})
    if rules.python == "Decimal":
        return _decimal_schema()
    return _text_schema(rules)


def code_schema(codes: tuple[str, ...]) -> CoreSchema:
    """Build the core schema of a required binding."""
    return {"type": "literal", "expected": list(codes)}


def _text_schema(rules: Primitive) -> CoreSchema:
    text: dict[str, Any] = {"type": "str", "strict": True, "pattern": rules.pattern}
    if rules.max_length:
        text["max_length"] = rules.max_length
    if rules.name not in _FROM_PYTHON:
        return cast("CoreSchema", text)
    other = {"type": "function-plain", "function": _no_info(_FROM_PYTHON[rules.name])}
    schema: Any = {
        "type": "union",
        "mode": "left_to_right",
        "choices": [text, other],
        "custom_error_type": f"fhir_{rules.name}",
        "custom_error_message": f"expected {rules.expectation}",
        "metadata": _json_schema({"type": "string", "pattern": str(rules.pattern)}),
        "serialization": {"type": "any"},
    }
    return schema  # type: ignore[no-any-return]  # a CoreSchema is a union of 50 TypedDicts


def _decimal_schema() -> CoreSchema:
    schema: Any = {
        "type": "function-plain",
        "function": _no_info(to_number),
        "metadata": _json_schema({"type": "number"}),
        "serialization": {
            "type": "function-plain",
            "function": _to_json_number,
            "when_used": "json",
        },
    }
    return schema  # type: ignore[no-any-return]  # a CoreSchema is a union of 50 TypedDicts


def _to_json_number(value: object) -> object:
    return json_number(value) if isinstance(value, Decimal) else value


def _no_info(function: Callable[[Any], object]) -> dict[str, object]:
    return {"type": "no-info", "function": function}


def _json_schema(schema: dict[str, str]) -> dict[str, object]:
    def give(_core: object, _handler: object) -> dict[str, str]:
        return dict(schema)

    return {"pydantic_js_functions": [give]}


def _date_text(value: object) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise PydanticCustomError("fhir_date", "no date")


def _instant_text(value: object) -> str:
    offset = value.utcoffset() if isinstance(value, datetime) else None
    if isinstance(value, datetime) and offset is not None and _is_fhir_offset(offset):
        return value.isoformat()
    raise PydanticCustomError("fhir_instant", "no datetime with a time zone")


def _is_fhir_offset(offset: timedelta) -> bool:
    """Tell whether an offset is one that FHIR can write: whole minutes, up to 14 hours."""
    return offset % timedelta(minutes=1) == timedelta() and abs(offset) <= timedelta(hours=14)


def _date_time_text(value: object) -> str:
    return _instant_text(value) if isinstance(value, datetime) else _date_text(value)


def _time_text(value: object) -> str:
    if isinstance(value, time) and value.tzinfo is None:
        return value.isoformat()
    raise PydanticCustomError("fhir_time", "no time without a time zone")


# Python's own values that are accepted beside FHIR's text, and become it.
_FROM_PYTHON: dict[str, Callable[[object], str]] = {
    "date": _date_text,
    "dateTime": _date_time_text,
    "instant": _instant_text,
    "time": _time_text,
}
