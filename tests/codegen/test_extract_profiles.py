"""The extract of profiles keeps their rules, in the shape that they are published in."""

import json
from dataclasses import replace
from typing import Any

import pytest
from test_extract import RELEASE
from tiny_specs import STRUCTURES, bound, code_system, definition, element, value_set

from codegen.cuts import MAX_VALUE_SET
from codegen.extract import extract, extract_profiles

OWN = {"key": "thi-1", "severity": "error", "human": "Named.", "expression": "name.exists()"}
EVERYWHERE = OWN | {"key": "ele-1", "source": f"{STRUCTURES}Element"}
LIMIT = {"url": MAX_VALUE_SET, "valueCanonical": "http://example.org/ValueSet/kinds"}


def published(json_: dict[str, Any]) -> dict[str, Any]:
    elements = json_.pop("element")
    return json_ | {"snapshot": {"element": elements}, "date": "2019-11-01"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The extract of one profile on one type, with the terminology that each needs."""
    package = tmp_path_factory.mktemp("package")
    kind = bound("Thing.kind", "kinds")
    name = element(
        "Thing.name",
        "string",
        sliceName="only",
        fixedString="x",
        comment="Prose.",
        mustSupport=True,
        constraint=[OWN | {"xpath": "f:name"}, EVERYWHERE],
        binding={
            "strength": "extensible",
            "valueSet": "shades",
            "extension": [LIMIT, {"url": "x"}],
        },
    )
    name["binding"]["valueSet"] = "http://example.org/ValueSet/shades"
    resources = {
        "thing": published(definition("Thing", kind)),
        "kinds": value_set("kinds", {"system": "http://example.org/system"}),
        "shades": value_set("shades", {"system": "http://example.org/other"}),
        "system": code_system("system", {"code": "a"}),
        "other": code_system("other", {"code": "b"}),
    }
    profile = published(definition("SmallThing", kind, name, derivation="constraint"))
    for file, resource in resources.items():
        package.joinpath(f"{file}.json").write_text(json.dumps(resource), encoding="utf-8")
    package.joinpath("profiles.list").write_text(json.dumps([profile]), encoding="utf-8")
    release = replace(RELEASE, profiles=frozenset(), constraints=("profiles.list",))
    texts = extract_profiles(release, package)
    texts |= {f"types/{path}": text for path, text in extract(release, package).items()}
    return {path: json.loads(text) for path, text in texts.items()}


def test_profiles_come_with_the_terminology_that_types_do_not_need(files: dict[str, Any]) -> None:
    assert [path for path in files if not path.startswith("types/")] == [
        "CodeSystem/other.json",
        "StructureDefinition/SmallThing.json",
        "ValueSet/shades.json",
    ]
    assert "types/ValueSet/kinds.json" in files
    assert "types/ValueSet/shades.json" not in files


def test_rules_are_kept_and_prose_is_not(files: dict[str, Any]) -> None:
    profile = files["StructureDefinition/SmallThing.json"]

    assert "date" not in profile
    assert profile["snapshot"]["element"][-1] == {
        "path": "Thing.name",
        "sliceName": "only",
        "min": 0,
        "max": "1",
        "type": [{"code": "string"}],
        "mustSupport": True,
        "fixedString": "x",
        "constraint": [OWN],
        "binding": {
            "strength": "extensible",
            "valueSet": "http://example.org/ValueSet/shades",
            "extension": [LIMIT],
        },
    }
