"""Small StructureDefinitions, a rule each, over the package's own base types."""

from collections.abc import Mapping
from typing import Any

import pytest

from pymedplum_runtime.errors import ProfileError
from pymedplum_runtime.profiles import Definitions, compile_profiles, packaged

HOME = "http://example.org/fhir/StructureDefinition/"
FHIR = "http://hl7.org/fhir/StructureDefinition/"
COMPONENT = "Observation.component"
BY_URL = {"discriminators": [["value", "url"]], "rules": "open"}

Json = dict[str, Any]


def element(element_id: str, **members: Any) -> Json:
    """Make an ElementDefinition from its id; `type_` and `min_` avoid Python's own names."""
    steps = [step.partition(":") for step in element_id.split(".")]
    named = {name.rstrip("_"): value for name, value in members.items()}
    if steps[-1][2]:
        named.setdefault("sliceName", steps[-1][2])
    return {"id": element_id, "path": ".".join(step[0] for step in steps), **named}


def slicing(*discriminators: str, rules: str = "open", **members: Any) -> Json:
    """Make a slicing from texts such as `value:code.coding`."""
    pairs = [text.partition(":") for text in discriminators]
    return {
        "discriminator": [{"type": k, "path": p} for k, _, p in pairs],
        "rules": rules,
    } | members


def profile(*elements: Json, name: str = "tiny", base: str = "", **members: Any) -> Json:
    """Make a profile of the type that its elements begin with, as a differential."""
    type_ = members.get("type") or elements[0]["path"].partition(".")[0]
    return {
        "resourceType": "StructureDefinition",
        "url": HOME + name,
        "name": name,
        "type": type_,
        "kind": "resource",
        "derivation": "constraint",
        "baseDefinition": base or FHIR + type_,
        "differential": {"element": list(elements)},
    } | members


def snapshot(*elements: Json, **members: Any) -> Json:
    """Make a profile that has a snapshot alone."""
    made = profile(*elements, **members)
    made["snapshot"] = made.pop("differential")
    return made


def compiled(*profiles: Json, known: Definitions | None = None) -> Mapping[str, Json]:
    """Compile profiles; return their tables by name."""
    tables = compile_profiles(profiles, known or packaged())
    return {table["name"]: dict(table) for table in tables}


def root(*profiles: Json) -> Json:
    """Compile profiles; return the root of the one that is called tiny."""
    found: Json = compiled(*profiles)["tiny"]["root"]
    return found


def rules(element_id: str, **members: Any) -> Json:
    """Compile a profile with one element; return the table of that element."""
    found = root(profile(element(element_id, **members)))
    for step in element_id.split(".")[1:]:
        name, _, slice_name = step.partition(":")
        found = found["elements"][name]
        found = found["slices"][slice_name] if slice_name else found
    return found


def refused(*profiles: Json) -> ProfileError:
    """Compile profiles that are broken; return the error."""
    with pytest.raises(ProfileError) as raised:
        compiled(*profiles)
    return raised.value


def matches(*elements: Json, others: tuple[Json, ...] = ()) -> list[Json]:
    """Compile a profile of components; return what the slice `a` is told by."""
    found = root(profile(*elements), *others)["elements"]["component"]["slices"]["a"]["match"]
    return list(found)


def sliced(discriminator: str, *below: Json, **members: Any) -> list[Json]:
    parts = [element(COMPONENT, slicing=slicing(discriminator))]
    return [*parts, element(f"{COMPONENT}:a", **members), *below]


def under(path: str, **members: Any) -> Json:
    return element(f"{COMPONENT}:a.{path}", **members)
