"""Validation errors of messages in the words of CDS Hooks: where, what, and never a value."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.models.problems import Location, from_lines, line, refuse

if TYPE_CHECKING:
    from pydantic import BaseModel


MODELS = "pymedplum.cds_models"
MOST = 1000  # problems that are listed: who sends more wants time to be spent on them


def explain(cls: "type[BaseModel]", error: ValidationError) -> ValidationError:
    """Return the error with each line at its member, and patterns said in words."""
    if error.error_count() > MOST:
        return refuse(cls.__name__, "cds_many", f"more than {MOST} things are wrong with it")
    lines = [
        line(e["type"], _message(e), _location(e), e["input"])
        for e in error.errors(include_url=False)
    ]
    return from_lines(cls.__name__, lines)


def _location(details: ErrorDetails) -> Location:
    member = details.get("ctx", {}).get("member")
    return details["loc"] if member is None else (*details["loc"], str(member))


def _message(details: ErrorDetails) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "string_pattern_mismatch":
        words = _expectations().get(context.get("pattern", ""))
        return f"expected {words or 'text of another form'}"
    if kind in {"model_type", "dict_type", "model_attributes_type"}:
        return "expected a JSON object"
    return details["msg"]


def advice(cls: "type[BaseModel]", name: str) -> str:
    """Name the class, and the member that may be meant by a name that it does not have."""
    aliases = {field.alias or name: name for name, field in cls.model_fields.items()}
    if name in cls.model_fields:
        return f"{cls.__name__}; both spellings at once are refused"
    if name in aliases:
        return f"{cls.__name__}; use '{aliases[name]}'"
    return f"{cls.__name__}{did_you_mean(name, {*cls.model_fields, *aliases})}"


def unknown_member(cls: "type[BaseModel]", data: object) -> str | None:
    """Return the first name in data that a class does not have, or has twice by two spellings."""
    if not isinstance(data, Mapping):
        return None
    members = cast("Mapping[object, object]", data)
    aliases = {name: field.alias or name for name, field in cls.model_fields.items()}
    doubled = {name for name, alias in aliases.items() if name != alias and alias in members}
    known = {*aliases, *aliases.values()} - doubled
    return next((key for key in members if isinstance(key, str) and key not in known), None)


def unknown_attribute(cls: "type[BaseModel]", name: str) -> AttributeError:
    """Say which attribute was meant."""
    is_alias = any(name == field.alias for field in cls.model_fields.values())
    meant = advice(cls, name).removeprefix(cls.__name__) if is_alias else ""
    hint = "" if name.startswith("_") else meant or did_you_mean(name, cls.model_fields)
    return AttributeError(f"'{cls.__name__}' has no attribute '{name}'{hint}")


def _expectations() -> Mapping[str, str]:
    """Return the generated table that says patterns in words; by name, as it is generated."""
    return getattr(sys.modules.get(MODELS), "EXPECTATIONS", {})
