"""Profiles as HL7 publishes them, and where an instance has what an element of a profile is about.

Reads the StructureDefinitions on its own: sharing the compiler's reading would share its mistakes.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from definitions import Json
from judge import DEFINITIONS

from codegen.download import fetch_package
from codegen.sources import read_sources

FHIR = "http://hl7.org/fhir/StructureDefinition/"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
SYSTEM = "http://hl7.org/fhirpath/System."
VITAL_SIGNS = (
    "vitalsigns", "vitalspanel", "bodyweight", "bodyheight", "resprate", "heartrate", "bodytemp",
    "headcircum", "oxygensat", "bmi", "bp",
)  # fmt: skip
FILES = ("profiles-others.json", "testing/uscore-v5.0.1-structuredefinitions.json")
Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """A property of an object in an instance: the keys of the object, and of one item in a list."""

    holder: Keys
    name: str
    index: int | None

    @property
    def keys(self) -> Keys:
        named = (*self.holder, self.name)
        return named if self.index is None else (*named, self.index)


@cache
def published() -> dict[str, Json]:
    """Return FHIR's own profiles and US Core's by canonical URL."""
    package = read_sources().packages[DEFINITIONS]
    folder = fetch_package(package) / "dist" / "fhir" / "r4"
    read = [json.loads((folder / name).read_text(encoding="utf-8")) for name in FILES]
    entries = [file["entry"] if isinstance(file, dict) else file for file in read]
    found = [entry.get("resource", entry) for file in entries for entry in file]
    return {f["url"]: f for f in found if f["resourceType"] == "StructureDefinition"}


@cache
def judged_profiles() -> tuple[str, ...]:
    """Return the canonical URLs of US Core's profiles and of FHIR's vital signs."""
    us_core = sorted(url for url in published() if url.startswith(US_CORE))
    return (*us_core, *(FHIR + name for name in VITAL_SIGNS))


@cache
def elements(url: str) -> dict[str, Json]:
    """Return a profile's snapshot by the ids of its elements."""
    return {element["id"]: element for element in published()[url]["snapshot"]["element"]}


def value_at(instance: Any, keys: Keys) -> Any:
    """Follow keys into an instance."""
    for key in keys:
        instance = instance[key]
    return instance


def without_slices(element_id: str) -> str:
    return ".".join(step.partition(":")[0] for step in element_id.split("."))


def stated(element: Json, *prefixes: str) -> Any:
    """Return the value of a property with one of FHIR's choices of names, or None."""
    return next((element[name] for name in element if name.startswith(prefixes)), None)


def spots(url: str, instance: Json, element_id: str, root: Keys = ()) -> Iterator[Spot]:
    """Give every place in an instance that a profile's element speaks of."""
    for holder in holders(url, instance, element_id, root):
        held = value_at(instance, holder)
        for name in json_names(url, element_id):
            if name in held:
                yield from _items(url, element_id, held[name], holder, name)


def holders(url: str, instance: Json, element_id: str, root: Keys = ()) -> Iterator[Keys]:
    """Give the keys of every object that may have what an element of the profile speaks of."""
    parent, _, _ = element_id.rpartition(".")
    if "." not in parent:
        yield root
        return
    for spot in spots(url, instance, parent, root):
        if isinstance(value_at(instance, spot.keys), dict):
            yield spot.keys


def json_names(url: str, element_id: str) -> list[str]:
    """Return the names that an element's value may have in JSON."""
    name, _, slice_name = element_id.rpartition(".")[2].partition(":")
    if not name.endswith("[x]"):
        return [name]
    stem = name.removesuffix("[x]")
    if slice_name.startswith(stem):
        return [slice_name]
    return [stem + t["code"][0].upper() + t["code"][1:] for t in elements(url)[element_id]["type"]]


def _items(url: str, element_id: str, value: Any, holder: Keys, name: str) -> Iterator[Spot]:
    if not isinstance(value, list):
        yield Spot(holder, name, None)
        return
    for index, item in enumerate(value):
        if is_of_slice(url, element_id, item):
            yield Spot(holder, name, index)


def is_of_slice(url: str, element_id: str, item: Any) -> bool:
    """Tell whether an item of a list is of the slice that an element's id ends with, if any."""
    head, _, slice_name = element_id.rpartition(":")
    if not slice_name or "." in slice_name:
        return True
    discriminators = elements(url)[head]["slicing"]["discriminator"]
    return all(_is_told(url, element_id, d["path"], item) for d in discriminators)


def _is_told(url: str, slice_id: str, path: str, item: Any) -> bool:
    found = item if path == "$this" else _reached(item, path.split("."))
    wanted = discriminating(url, slice_id, path)
    if isinstance(wanted, frozenset):
        return any(c.get("code") in wanted for c in found.get("coding", ()))
    return any(_includes(f, wanted) for f in (found if isinstance(found, list) else [found]))


def discriminating(url: str, slice_id: str, path: str) -> Any:
    """Return what a slice has at its discriminator's path: a value, or the codes of a binding."""
    if path == "url" and elements(url)[slice_id]["type"][0].get("profile"):
        return elements(url)[slice_id]["type"][0]["profile"][0]
    if path == "$this":
        value = stated(elements(url)[slice_id], "pattern", "fixed")
        return value or frozenset({"outpatient", "inpatient", "community", "discharge"})
    steps = path.split(".")
    for length in range(len(steps), 0, -1):
        plain = f"{without_slices(slice_id)}.{'.'.join(steps[:length])}"
        for element_id, element in elements(url).items():
            if element_id.startswith(f"{slice_id}.") and without_slices(element_id) == plain:
                value = stated(element, "pattern", "fixed")
                if value is not None:
                    return (_reached(value, steps[length:]) or [value])[0]
    raise AssertionError((url, slice_id, path))


def _reached(value: Any, steps: list[str]) -> Any:
    found = [value]
    for step in steps:
        lists = [f.get(step, []) for f in found if isinstance(f, dict)]
        found = [v for each in lists for v in (each if isinstance(each, list) else [each])]
    return found


def _includes(value: Any, pattern: Any) -> bool:
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            _includes(value.get(name), part) for name, part in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(_includes(v, p) for v in value) for p in pattern)
    return bool(value == pattern)
