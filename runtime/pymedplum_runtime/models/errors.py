"""Turns refusals into advice: the closest property that there is, never the value."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails

from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.models.package import package_of
from pymedplum_runtime.models.problems import Location, from_lines, line

if TYPE_CHECKING:
    from pymedplum_runtime.models.base import FHIRModel

LONG_MESSAGE = 160


def explain(
    cls: "type[FHIRModel]", error: ValidationError, prefix: Location = ()
) -> ValidationError:
    """Return the error in FHIR's words, with a suggestion at every unknown property."""
    lines: list[InitErrorDetails] = []
    for e in error.errors(include_url=False):
        location = (*prefix, *e["loc"])
        lines.append(line(e["type"], _message(cls, e, location), location, e["input"]))
        if e["type"] == "missing":
            lines += _missing_too(cls, location, e["input"])
    unique = {(repr(each["type"]), each["loc"]): each for each in lines if "loc" in each}
    return from_lines(cls.__name__, list(unique.values()))


def _missing_too(
    cls: "type[FHIRModel]", location: Location, given: object
) -> Iterator[InitErrorDetails]:
    """Name the required primitives that an object lacks beside a required element.

    Pydantic stops at the element; the primitives are looked at once the object is readable.
    """
    owner = _class_at(cls, location[:-1])
    if owner is None or not isinstance(given, Mapping):
        return
    object_given = cast("Mapping[str, object]", given)
    for row in owner.properties_by_name().values():
        names = {row.name, row.fhir_name, f"_{row.name}", f"_{row.fhir_name}"}
        if row.is_primitive and row.is_required and names.isdisjoint(object_given):
            place = (*location[:-1], row.fhir_name)
            yield line("missing", "Field required", place, object_given)


def _message(cls: "type[FHIRModel]", details: ErrorDetails, location: Location) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_property(cls, location, details["msg"])
    if kind == "string_pattern_mismatch" and "pattern" in context:
        package = package_of(cls)
        rules = {p.pattern: p.expectation for p in package.primitives().values()}
        return f"expected {rules.get(context['pattern'], 'other text')}"
    if kind == "literal_error" and "expected" in context and len(details["msg"]) > LONG_MESSAGE:
        return f"expected one of {details['msg'][15:LONG_MESSAGE]}..."
    if kind in ("model_type", "dict_type"):
        return "expected a JSON object"
    return details["msg"]


def _unknown_property(cls: "type[FHIRModel]", location: Location, message: str) -> str:
    owner = _class_at(cls, location[:-1])
    name = str(location[-1])
    if owner is None:
        # A resource inside a resource has explained itself already.
        return message if message.startswith("is ") else "is not a property here"
    rows = owner.properties_by_name()
    if name in rows:
        return f"is spelled '{rows[name].fhir_name}' in FHIR; both spellings at once are refused"
    known = {row.fhir_name for row in rows.values()} | owner.__pydantic_fields__.keys()
    hint = did_you_mean(name, known)
    return f"is not a property of {owner.__name__}{hint}"


def _class_at(cls: "type[FHIRModel]", location: Location) -> "type[FHIRModel] | None":
    """Follow a path of FHIR names from a class; give up where the data decides the class."""
    for step in location:
        if isinstance(step, int):
            continue
        row = next(
            (r for r in cls.properties_by_name().values() if step in (r.fhir_name, r.name)), None
        )
        if row is None or row.is_primitive:
            return None
        cls = package_of(cls).find(row.type)
        if cls.__is_resource__:
            return None
    return cls


def unknown_attribute(cls: "type[FHIRModel]", name: str) -> AttributeError:
    """Say which attribute was meant: FHIR's spelling, or a typing error."""
    rows = cls.properties_by_name()
    if cls.__resource_type__ and name == "resource_type":
        return AttributeError(f"the resource_type of '{cls.__name__}' cannot be changed")
    if cls.__resource_type__ and name == "resourceType":
        return AttributeError(f"'{cls.__name__}' has no attribute '{name}'; use 'resource_type'")
    meant = next((row.name for row in rows.values() if row.fhir_name == name), None)
    if meant:
        return AttributeError(f"'{cls.__name__}' has no attribute '{name}'; use '{meant}'")
    hint = did_you_mean(name, rows.keys() | cls.__pydantic_fields__.keys())
    return AttributeError(f"'{cls.__name__}' has no attribute '{name}'{hint}")
