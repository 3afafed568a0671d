"""Paths into a hook's context: the little FHIRPath that prefetch tokens may hold.

https://build.fhir.org/ig/HL7/cds-hooks/#prefetch-tokens-containing-simpler-fhirpath: elements one
after the other, `ofType()`, and `resolve()` where only the id of what it leads to is asked for.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any, Literal, cast

from pymedplum_runtime.errors import CDSHooksError
from pymedplum_runtime.helpers.references import parse_reference

_STEP = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_-]*)(?P<call>\((?P<argument>[A-Za-z]*)\))?")
_MOST_STEPS = 20
_CHOICES = ("Reference", "CodeableConcept", "Coding", "Identifier", "String", "Code", "Uri")

Kind = Literal["element", "ofType", "resolve"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: an element by its name, or a function."""

    kind: Kind
    name: str = ""
    """The element, or the resource type that `ofType()` keeps."""


def parse_path(text: str) -> tuple[Step, ...]:
    """Take a path apart, such as `draftOrders.entry.resource.ofType(ServiceRequest).id`.

    Raises:
        CDSHooksError: it is more than elements, `ofType(Type)` and `resolve()`.
    """
    names = text.split(".")
    if len(names) > _MOST_STEPS:
        raise CDSHooksError(f"a path has at most {_MOST_STEPS} steps")
    steps = tuple(_step(name.strip()) for name in names)
    _check_order(steps)
    return steps


def _step(text: str) -> Step:
    found = _STEP.fullmatch(text)
    if found is None:
        raise CDSHooksError("a path is names of elements with dots between them")
    name, argument = found["name"], found["argument"]
    if found["call"] is None:
        return Step("element", name)
    if name == "ofType" and argument:
        return Step("ofType", argument)
    if name == "resolve" and not argument:
        return Step("resolve")
    raise CDSHooksError("a path has no functions but ofType(Type) and resolve()")


def _check_order(steps: tuple[Step, ...]) -> None:
    if steps[0].kind != "element":
        raise CDSHooksError("a path begins with a field of the context")
    is_resolved = False
    for step in steps:
        if is_resolved and step != Step("element", "id") and step.kind != "ofType":
            raise CDSHooksError("after resolve() only ofType(Type) and id can be asked for")
        is_resolved = is_resolved or step.kind == "resolve"
    if is_resolved and steps[-1] != Step("element", "id"):
        raise CDSHooksError("a path with resolve() ends with id")


def texts_at(context: Mapping[str, Any], steps: tuple[Step, ...]) -> list[str]:
    """Return the texts that a path leads to, each once; objects other than references have none."""
    values: list[object] = [context]
    for step in steps:
        values = [found for value in values for found in _after(value, step)]
    return list(dict.fromkeys(text for value in values if (text := _text(value))))


def _after(value: object, step: Step) -> Iterator[object]:
    if step.kind == "resolve":
        yield from _resolved(value)
    elif isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        if step.kind == "element":
            yield from _element(members, step.name)
        elif members.get("resourceType") == step.name:
            yield members


def _element(members: Mapping[str, Any], name: str) -> Iterator[object]:
    if name in members:
        yield from _each(members[name])
    elif name[:1].isupper():
        yield from _resources(members, name)
    else:
        for choice in _CHOICES:
            yield from _each(members.get(f"{name}{choice}"))


def _resources(members: Mapping[str, Any], resource_type: str) -> Iterator[object]:
    """Yield a bundle's resources of a type: `draftOrders.MedicationRequest`, as services write."""
    for entry in _each(members.get("entry")):
        if isinstance(entry, Mapping):
            for resource in _each(cast("Mapping[str, Any]", entry).get("resource")):
                yield from _after(resource, Step("ofType", resource_type))


def _each(value: object) -> Iterator[object]:
    if isinstance(value, list | tuple):
        yield from cast("list[object]", value)
    elif value is not None:
        yield value


def _resolved(value: object) -> Iterator[object]:
    reference = _text(value)
    try:
        resource_type, resource_id = parse_reference(reference or "")
    except ValueError:
        return
    yield {"resourceType": resource_type, "id": resource_id}


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return str(value) if isfinite(value) else None
    if isinstance(value, Mapping):
        reference: object = cast("Mapping[str, Any]", value).get("reference")
        return (reference or None) if isinstance(reference, str) else None
    return None
