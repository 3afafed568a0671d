"""What holds for an element: rules of a profile over those of the base type, the nearest first.

Knows tables, and how FHIR's types lead from an element to those below it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.profiles.tables import ElementTable, TypeTable

CHOICE = "[x]"
SYSTEM = "http://hl7.org/fhirpath/System."  # types of FHIRPath's own, of ids and of values
_MOST_JUMPS = 10  # content references that lead to content references

Layers = tuple[ElementTable, ...]
"""Rules of one element: of the slice, of the profile, and of the base type last."""


def stated(layers: Sequence[ElementTable], member: str, default: Any = None) -> Any:  # noqa: ANN401 - any member of a table
    """Return what the nearest layer says."""
    table = next((layer for layer in layers if member in layer), None)
    return default if table is None else cast("Mapping[str, Any]", table)[member]


def types_of(layers: Sequence[ElementTable]) -> list[TypeTable]:
    """Return the types that an element may have."""
    return cast("list[TypeTable]", stated(layers, "types", []))


def codes_of(layers: Sequence[ElementTable]) -> list[str]:
    """Return the names of the types that an element may have."""
    return [t["code"] for t in types_of(layers) if "code" in t]


def root_layers(definitions: Definitions, type_: str, *over: ElementTable) -> Layers:
    """Return the layers of a type's root."""
    table = definitions.type_table(type_)
    root: ElementTable = table.get("root", {}) if table else {}
    base: ElementTable = {**root, "types": [{"code": type_}]}
    base["elements"] = dict(definitions.elements(type_))
    return (*over, base)


def base_elements(definitions: Definitions, layers: Layers) -> dict[str, ElementTable]:
    """Return the elements of the base type below an element, its own and those of its types."""
    base = referred_to(definitions, layers[-1])
    found: dict[str, ElementTable] = {}
    for code in codes_of((*layers[:-1], base)):
        found |= definitions.elements(code)
    return found | base.get("elements", {})


def referred_to(definitions: Definitions, element: ElementTable) -> ElementTable:
    """Return what a content reference leads to, or the element itself where it has none."""
    for _ in range(_MOST_JUMPS):
        if "content" not in element:
            break
        target = element_at(definitions, element["content"])
        if target is None:
            break
        element = target
    return element


def element_at(definitions: Definitions, path: str) -> ElementTable | None:
    """Return the element of a base type at a path such as `Questionnaire.item`."""
    type_, *names = path.split(".")
    if definitions.type_table(type_) is None:
        return None
    layers = root_layers(definitions, type_)
    for name in names:
        found = base_elements(definitions, layers).get(name)
        if found is None:
            return None
        layers = (found,)
    return layers[0]


def below(definitions: Definitions, layers: Layers, name: str) -> Layers | None:
    """Return the layers of the element with a name, or None where the base type has none."""
    base = base_elements(definitions, layers).get(name)
    if base is None:
        return None
    over = (layer.get("elements", {}).get(name) for layer in layers[:-1])
    return (*(layer for layer in over if layer is not None), base)


def choice_of(elements: Mapping[str, ElementTable], name: str) -> tuple[str, str] | None:
    """Return the choice and the type that a name stands for: `value[x]` and `Quantity`."""
    for choice, code in _choices(elements):
        if name == choice.removesuffix(CHOICE) + capitalised(code):
            return choice, code
    return None


def capitalised(code: str) -> str:
    """Return a type's name as the names of its elements have it: `dateTime` in `valueDateTime`."""
    return code[:1].upper() + code[1:]


def _choices(elements: Mapping[str, ElementTable]) -> Iterator[tuple[str, str]]:
    for name, element in elements.items():
        if name.endswith(CHOICE):
            for code in codes_of((element,)):
                yield name, code


def names_of(elements: Mapping[str, ElementTable]) -> set[str]:
    """Return the names under which elements may be constrained."""
    short = {c.removesuffix(CHOICE) + capitalised(code) for c, code in _choices(elements)}
    return {*elements, *short}
