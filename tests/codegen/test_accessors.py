"""Modules of typed access: what the profiles say, and what they leave out."""

import json
from pathlib import Path
from typing import Any

import pytest

from codegen.ir.accessors import build_accessors
from codegen.load_profiles import Profiles, ProfileSources, load_profiles
from codegen.problems import Problem
from codegen.render.render import render_accessors

SD = "http://example.org/StructureDefinition/"
URL = f"{SD}colour"


class Codes:
    """One value set of two systems."""

    def systems(self, canonical: str) -> dict[str, list[str]]:
        return {"urn:a": ["red"], "urn:b": ["blue"]} if canonical == "urn:colours" else {}


def element(path: str, **rules: Any) -> dict[str, Any]:
    return {"id": path, "path": path.replace(":c", ""), "min": 0, "max": "1"} | rules


def extension(*elements: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "id": "colour",
        "url": URL,
        "name": "Colour",
        "kind": "complex-type",
        "type": "Extension",
        "derivation": "constraint",
        "context": [{"type": "element", "expression": "Patient"}],
        "snapshot": {"element": [element("Extension"), *elements]},
    }


def read(folder: Path, profile: dict[str, Any], table: str) -> tuple[Profiles, list[Problem]]:
    folder.joinpath("profile.json").write_text(json.dumps(profile), encoding="utf-8")
    accessors = folder / "accessors.toml"
    accessors.write_text(table, encoding="utf-8")
    return load_profiles(ProfileSources((folder,), accessors))


TABLE = '[colours]\nabout = "Colours."\n[colours.extensions]\nhair_colour = "colour"\n'
BOUND = {"strength": "required", "valueSet": "urn:colours"}


def test_a_required_value_set_becomes_the_codes_of_a_value(tmp_path: Path) -> None:
    value = element("Extension.value[x]", type=[{"code": "code"}], binding=BOUND)
    profiles, _ = read(tmp_path, extension(value), TABLE)

    modules, problems = build_accessors(profiles, Codes())

    assert problems == []
    [made] = modules[0].extensions
    assert (made.class_name, made.owners) == ("HairColour", ("Patient",))
    assert made.slot
    assert made.slot.codes == (("blue", "urn:b"), ("red", "urn:a"))
    text = render_accessors(modules)["pymedplum/colours.py"]
    assert "HairColourCode: TypeAlias = Literal['blue', 'red']" in text


def test_a_value_of_several_types_cannot_be_typed(tmp_path: Path) -> None:
    value = element("Extension.value[x]", type=[{"code": "code"}, {"code": "string"}])
    profiles, _ = read(tmp_path, extension(value), TABLE)

    _, problems = build_accessors(profiles, Codes())

    assert [str(problem) for problem in problems] == [
        "accessors.toml: colours.hair_colour: 'colour' allows 2 types at Extension.value[x]"
    ]


def test_a_profile_that_is_not_there_is_named(tmp_path: Path) -> None:
    profiles, _ = read(tmp_path, extension(), TABLE.replace('"colour"', '"color"'))

    _, problems = build_accessors(profiles, Codes())

    assert [problem.message for problem in problems] == ["'color' is not among the profiles"]


def test_a_part_without_a_url_is_named(tmp_path: Path) -> None:
    part = element("Extension.extension:c", sliceName="c")
    value = element("Extension.value[x]", max="0")
    profiles, _ = read(tmp_path, extension(part, value), TABLE)

    _, problems = build_accessors(profiles, Codes())

    assert [p.message for p in problems] == ["'colour' fixes nothing at Extension.extension:c.url"]


@pytest.mark.parametrize("missing", ["url", "snapshot", "derivation"])
def test_a_profile_that_lacks_a_key_is_a_problem(tmp_path: Path, missing: str) -> None:
    profile = extension()
    del profile[missing]

    _, problems = read(tmp_path, profile, TABLE)

    assert [problem.message for problem in problems] == [f"lacks {missing}"]
