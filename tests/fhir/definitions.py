"""FHIR R4's definitions as tables, and a walk through a resource beside them.

Reads specs/fhir/r4 on its own: sharing the generator's reading would share its mistakes.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

Json = dict[str, Any]
SPECS = Path(__file__).resolve().parents[2] / "specs" / "fhir" / "r4"
# Their published definitions call both `string`; https://hl7.org/fhir/R4/resource.html#id
RESOURCE_ID = "Resource.id"


class Home(NamedTuple):
    """Where the properties of an object are defined: a file, and a path in it."""

    definition: str
    path: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One JSON property that an object may have."""

    name: str
    type: str
    path: str
    home: Home | None  # of an object; a primitive has none, a resource says its type itself
    is_list: bool
    is_required: bool
    choice: str | None
    value_set: str | None  # of a required binding

    @property
    def is_primitive(self) -> bool:
        return self.type[0].islower()

    @property
    def is_resource(self) -> bool:
        return self.type == "Resource"


@dataclass(frozen=True, slots=True)
class Place:
    """A property of an object in an example, by the keys that lead to the object."""

    example: str
    keys: tuple[str | int, ...]
    slot: Slot
    value: Any
    home: Home
    zone: str  # root, contained or entry

    @property
    def text(self) -> str:
        return ".".join(str(key) for key in (*self.keys, self.slot.name))


@cache
def definition(name: str) -> Json:
    path = SPECS / "StructureDefinition" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@cache
def is_resource_type(name: str) -> bool:
    return (SPECS / "StructureDefinition" / f"{name}.json").is_file() and definition(name)[
        "kind"
    ] == "resource"


@cache
def slots(home: Home) -> dict[str, Slot]:
    """Return the properties that FHIR defines for an object, by their JSON names."""
    elements = definition(home.definition)["element"]
    parents = {e["path"].rpartition(".")[0] for e in elements}
    own = [e for e in elements if e["path"].rpartition(".")[0] == home.path and e["max"] != "0"]
    return {s.name: s for e in own for s in _slots(e, home, has_children=e["path"] in parents)}


def _slots(element: Json, home: Home, *, has_children: bool) -> Iterator[Slot]:
    name = element["path"].rpartition(".")[2]
    choice = name.removesuffix("[x]") if name.endswith("[x]") else None
    binding = element.get("binding", {})
    for type_ in element.get("type") or [{"code": "BackboneElement"}]:
        code = _type_code(type_, element)
        nested = _nested(element, home, code, has_children=has_children)
        yield Slot(
            name=choice + code[0].upper() + code[1:] if choice else name,
            type=code,
            path=element["path"],
            home=nested,
            is_list=element["max"] != "1",
            is_required=element["min"] > 0,
            choice=choice,
            value_set=binding["valueSet"].partition("|")[0]
            if binding.get("strength") == "required"
            else None,
        )


def _nested(element: Json, home: Home, code: str, *, has_children: bool) -> Home | None:
    if "contentReference" in element:
        return Home(home.definition, element["contentReference"].partition("#")[2])
    if has_children:
        return Home(home.definition, element["path"])
    return None if code[0].islower() or code == "Resource" else Home(code, code)


def _type_code(type_: Json, element: Json) -> str:
    code: str = type_["code"]
    if not code.startswith("http://hl7.org/fhirpath/"):
        return code
    if element.get("base") == RESOURCE_ID:
        return "id"
    said = [x.get("valueUrl") or x.get("valueUri") for x in type_.get("extension", ())]
    return next((s for s in said if s), "string")


def walk(name: str, resource: Json) -> Iterator[Place]:
    """Give every defined property in a resource, contained ones and entries included."""
    yield from _walk_resource(name, resource, (), "root")


def _walk_resource(
    name: str, resource: Json, keys: tuple[str | int, ...], zone: str
) -> Iterator[Place]:
    type_ = resource["resourceType"]
    yield from _walk(name, resource, keys, Home(type_, type_), zone)


def _walk(
    name: str, holder: Json, keys: tuple[str | int, ...], home: Home, zone: str
) -> Iterator[Place]:
    for key, slot in slots(home).items():
        if key not in holder:
            continue
        value = holder[key]
        yield Place(name, keys, slot, value, home, zone)
        items = enumerate(value) if slot.is_list else [(None, value)]
        for index, item in items:
            here = (*keys, key) if index is None else (*keys, key, index)
            if slot.is_resource:
                yield from _walk_resource(name, item, here, _zone(slot, zone))
            elif slot.home:
                yield from _walk(name, item, here, slot.home, zone)


def _zone(slot: Slot, zone: str) -> str:
    if slot.name == "contained":
        return "contained"
    return "entry" if slot.path == "Bundle.entry.resource" else zone


class ValueSetCodes:
    """What may be a code of a value set: too much rather than too little."""

    def __init__(self) -> None:
        self._sets = _by_url("ValueSet")
        self._systems = _by_url("CodeSystem")

    @cache  # noqa: B019 - lives as long as the tests
    def codes(self, url: str) -> frozenset[str] | None:
        """Return every code that could belong, filters ignored; None where no list is at hand."""
        found: set[str] = set()
        for part in self._sets.get(url, {"compose": {"include": [{}]}})["compose"]["include"]:
            codes = self._part(part)
            if codes is None:
                return None
            found |= codes
        return frozenset(found)

    def _part(self, part: Json) -> set[str] | None:
        if "concept" in part:
            return {c["code"] for c in part["concept"]}
        if "valueSet" in part:
            lists = [self.codes(url.partition("|")[0]) for url in part["valueSet"]]
            return None if None in lists else {c for codes in lists for c in codes or ()}
        system = self._systems.get(part.get("system", ""))
        if system is None or system["content"] != "complete":
            return None
        return set(_all_codes(system.get("concept", ())))


def _by_url(kind: str) -> dict[str, Json]:
    files = sorted((SPECS / kind).glob("*.json"))
    found = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    return {resource["url"]: resource for resource in found}


def _all_codes(concepts: list[Json]) -> Iterator[str]:
    for concept in concepts:
        yield concept["code"]
        yield from _all_codes(concept.get("concept", []))
