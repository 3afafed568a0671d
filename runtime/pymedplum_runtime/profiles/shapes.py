"""The JSON shape of StructureDefinitions, as far as it is read: what is misshapen is told."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, cast

Shape: TypeAlias = "type | list[Shape] | dict[str, Shape]"

_EXTENSIONS: Shape = [{"url": str, "valueCanonical": str, "valueUri": str}]
_ELEMENT: dict[str, Shape] = {
    "id": str,
    "path": str,
    "sliceName": str,
    "slicing": {"discriminator": [{"type": str, "path": str}], "rules": str, "ordered": bool},
    "min": int,
    "max": str,
    "contentReference": str,
    "type": [
        {
            "code": str,
            "profile": [str],
            "targetProfile": [str],
            "aggregation": [str],
            "versioning": str,
        }
    ],
    "maxLength": int,
    "constraint": [
        {"key": str, "severity": str, "human": str, "expression": str, "source": str},
    ],
    "mustSupport": bool,
    "binding": {"strength": str, "valueSet": str, "extension": _EXTENSIONS},
}
_ELEMENTS: Shape = {"element": [{"path": str}]}
_DEFINITION: dict[str, Shape] = {
    "url": str,
    "version": str,
    "name": str,
    "fhirVersion": str,
    "kind": str,
    "abstract": bool,
    "type": str,
    "baseDefinition": str,
    "derivation": str,
    "context": [{"type": str, "expression": str}],
    "snapshot": _ELEMENTS,
    "differential": _ELEMENTS,
}
_NAMES = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def shaped_definition(given: Mapping[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """Return a StructureDefinition without members that have not FHIR's shape; tell these."""
    return _shaped(given, _DEFINITION, tell)


def shaped_element(given: Mapping[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """Return an ElementDefinition without members that have not FHIR's shape; tell these."""
    return _shaped(given, _ELEMENT, tell)


def _shaped(
    given: Mapping[str, Any], shapes: Mapping[str, Shape], tell: Callable[[str], None]
) -> dict[str, Any]:
    wrong = {
        name: problem
        for name, shape in shapes.items()
        if name in given and (problem := next(_problems(given[name], shape, name), None))
    }
    for problem in wrong.values():
        tell(problem)
    return {name: value for name, value in given.items() if name not in wrong}


def _problems(value: object, shape: Shape, place: str) -> Iterator[str]:
    kind = shape if isinstance(shape, type) else type(shape)
    if not isinstance(value, Mapping if kind is dict else kind) or _is_other(value, kind):
        yield f"{place} is not {_NAMES[kind]}"
    elif isinstance(shape, list):
        for item in cast("list[object]", value):
            yield from _problems(item, shape[0], f"an item of {place}")
    elif isinstance(shape, dict):
        members = cast("Mapping[str, object]", value)
        for name in members.keys() & shape.keys():
            yield from _problems(members[name], shape[name], f"{place}.{name}")


def _is_other(value: object, kind: type) -> bool:
    return kind is int and isinstance(value, bool)
