"""From profiles to the modules of typed access: what an extension or a vital sign holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from codegen.ir.names import choice_name, module_name, pascal_case, snake_case
from codegen.load import Json
from codegen.load_profiles import Profiles
from codegen.problems import Problem

Coding = tuple[str, str]
# A list of codes longer than this is not spelled out: values are given as whole codings.
LONGEST_LIST = 50


class Codes(Protocol):
    """What lists the codes of value sets."""

    def systems(self, canonical: str) -> Mapping[str, list[str]]:
        """Return the codes of a value set by system; none where they cannot all be listed."""
        ...


@dataclass(frozen=True, slots=True)
class Slot:
    """A `value[x]`: its FHIR name and type, and the codes that it may have with their systems."""

    name: str
    type: str
    codes: tuple[tuple[str, str], ...] = ()

    @property
    def is_class(self) -> bool:
        """Whether the value is an object, which a model stands for."""
        return self.type[0].isupper()


@dataclass(frozen=True, slots=True)
class PartField:
    """An extension inside an extension."""

    attribute: str
    url: str
    slot: Slot
    min: int
    max: int | None
    type_name: str


@dataclass(frozen=True, slots=True)
class ExtensionModule:
    """The functions of one extension: it has one value, or parts."""

    name: str
    class_name: str
    url: str
    about: str
    owners: tuple[str, ...]
    slot: Slot | None
    parts: tuple[PartField, ...]


@dataclass(frozen=True, slots=True)
class ComponentField:
    """A component with a fixed code and the units of its quantity."""

    attribute: str
    code: Coding
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VitalSignModule:
    """The constructor of one vital sign."""

    name: str
    profile: str
    category: Coding
    code: Coding
    units: tuple[str, ...]
    is_required: bool
    components: tuple[ComponentField, ...]

    @property
    def profile_name(self) -> str:
        """The last part of the profile's URL."""
        return self.profile.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class AccessorModule:
    """A generated module of typed access."""

    name: str
    about: str
    extensions: tuple[ExtensionModule, ...]
    vital_signs: tuple[VitalSignModule, ...]

    @property
    def classes(self) -> tuple[tuple[str, str], ...]:
        """The models that the module names, each with its own module."""
        slots = [e.slot for e in self.extensions if e.slot]
        slots += [part.slot for e in self.extensions for part in e.parts]
        names = {slot.type for slot in slots if slot.is_class}
        names |= {owner for e in self.extensions for owner in e.owners}
        signs = {"Observation", "Patient", "Period", "Reference"}
        names |= signs if self.vital_signs else set()
        names |= {"Quantity"} if self.components else set()
        return tuple((module_name(name), name) for name in sorted(names))

    @property
    def components(self) -> tuple[tuple[VitalSignModule, ComponentField], ...]:
        """Every component with its vital sign."""
        return tuple((sign, c) for sign in self.vital_signs for c in sign.components)


class CannotAccessError(Exception):
    """A profile does not say what the accessor needs."""


class _Reader:
    """The elements of one profile by id, and what they fix."""

    def __init__(self, profiles: Mapping[str, Json], profile_id: str, codes: Codes) -> None:
        if profile_id not in profiles:
            raise CannotAccessError("is not among the profiles")
        self.json = profiles[profile_id]
        self.elements: dict[str, Json] = {
            e.get("id", e["path"]): e for e in self.json["snapshot"]["element"]
        }
        self._codes = codes

    def fixed(self, element_id: str) -> str:
        element = self.elements.get(element_id, {})
        for key, value in element.items():
            if key.startswith("fixed"):
                return str(value)
        raise CannotAccessError(f"fixes nothing at {element_id}")

    def systems(self, element_id: str) -> Mapping[str, list[str]]:
        """Give the codes that a required binding lists, by system; none where it lists none."""
        binding = self.elements[element_id].get("binding", {})
        if binding.get("strength") != "required":
            return {}
        return self._codes.systems(str(binding.get("valueSet")))

    def children(self, element_id: str) -> list[str]:
        """Give the ids of the slices of an element."""
        depth = element_id.count(".")
        return [
            i for i in self.elements if i.startswith(f"{element_id}:") and i.count(".") == depth
        ]


def build_accessors(
    profiles: Profiles, codes: Codes
) -> tuple[tuple[AccessorModule, ...], list[Problem]]:
    """Read every profile that the table of accessors names; `codes` are expanded value sets."""
    problems: list[Problem] = []
    by_id = {source.json["id"]: source.json for source in profiles.profiles.values()}
    modules: list[AccessorModule] = []
    for name, table in sorted(profiles.accessors.items()):
        extensions: list[ExtensionModule] = []
        signs: list[VitalSignModule] = []
        rows = {**table.get("extensions", {}), **table.get("observations", {})}
        for key, row in rows.items():
            profile_id = row if isinstance(row, str) else row["profile"]
            try:
                reader = _Reader(by_id, profile_id, codes)
                if isinstance(row, str):
                    extensions.append(_extension(key, reader))
                else:
                    signs.append(_vital_sign(key, reader, row.get("components", {})))
            except CannotAccessError as error:
                message = f"'{profile_id}' {error}"
                problems.append(Problem("accessors.toml", f"{name}.{key}", message))
        modules.append(AccessorModule(name, table["about"], tuple(extensions), tuple(signs)))
    return tuple(modules), problems


def _extension(name: str, reader: _Reader) -> ExtensionModule:
    has_parts = reader.elements["Extension.value[x]"]["max"] == "0"
    slices = reader.children("Extension.extension") if has_parts else []
    contexts = reader.json.get("context", ())
    return ExtensionModule(
        name=name,
        class_name=pascal_case(name),
        url=reader.json["url"],
        about=reader.json["name"],
        owners=tuple(sorted(c["expression"] for c in contexts if c["type"] == "element")),
        slot=None if has_parts else _slot("Extension.value[x]", reader),
        parts=tuple(_part(pascal_case(name), i, reader) for i in slices),
    )


def _part(owner: str, slice_id: str, reader: _Reader) -> PartField:
    element = reader.elements[slice_id]
    return PartField(
        type_name=owner + pascal_case(element["sliceName"]),
        attribute=snake_case(element["sliceName"]),
        url=reader.fixed(f"{slice_id}.url"),
        slot=_slot(f"{slice_id}.value[x]", reader),
        min=element["min"],
        max=None if element["max"] == "*" else int(element["max"]),
    )


def _slot(element_id: str, reader: _Reader) -> Slot:
    types = [t["code"] for t in reader.elements[element_id].get("type", ())]
    if len(types) != 1:
        raise CannotAccessError(f"allows {len(types)} types at {element_id}")
    [code] = types
    listed = {c: system for system, codes in reader.systems(element_id).items() for c in codes}
    codes = tuple(sorted(listed.items())) if len(listed) <= LONGEST_LIST else ()
    return Slot(choice_name("value", code), code, codes)


def _vital_sign(name: str, reader: _Reader, components: Mapping[str, str]) -> VitalSignModule:
    quantity = "Observation.value[x]:valueQuantity"
    has_value = reader.elements.get(quantity, {}).get("max", "0") != "0"
    return VitalSignModule(
        name=name,
        profile=reader.json["url"],
        category=_coding("Observation.category:VSCat", reader),
        code=_coding("Observation.code", reader),
        units=_units(quantity, reader) if has_value else (),
        is_required=has_value and reader.elements[quantity]["min"] > 0,
        components=tuple(
            _component(attribute, f"Observation.component:{slice_name}", reader)
            for attribute, slice_name in components.items()
        ),
    )


def _component(attribute: str, slice_id: str, reader: _Reader) -> ComponentField:
    if slice_id not in reader.elements:
        raise CannotAccessError(f"has no {slice_id}")
    code = _coding(f"{slice_id}.code", reader)
    return ComponentField(attribute, code, _units(f"{slice_id}.value[x]", reader))


def _coding(concept_id: str, reader: _Reader) -> Coding:
    """Find the coding that a CodeableConcept must have: a pattern, a slice, or fixed members."""
    for coding in reader.elements[concept_id].get("patternCodeableConcept", {}).get("coding", ()):
        return coding["system"], coding["code"]
    slices = reader.children(f"{concept_id}.coding")
    place = slices[0] if slices else f"{concept_id}.coding"
    return reader.fixed(f"{place}.system"), reader.fixed(f"{place}.code")


def _units(quantity_id: str, reader: _Reader) -> tuple[str, ...]:
    code_id = f"{quantity_id}.code"
    if code_id not in reader.elements:
        raise CannotAccessError(f"has no {code_id}")
    listed = tuple(c for codes in reader.systems(code_id).values() for c in codes)
    return listed or (reader.fixed(code_id),)
