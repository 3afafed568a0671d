"""The extract is a readable, deterministic cut of a published package."""

import json
from pathlib import Path

import pytest
from tiny_specs import Json, bound, code_system, definition, element, value_set

from codegen.extract import extract
from codegen.sources import FhirRelease, NpmPackage

PACKAGE = NpmPackage("tiny", "1.0.0", "sha512-x", "CC0-1.0", "https://registry.test")
RELEASE = FhirRelease(
    label="r4",
    version="4.0.1",
    package=PACKAGE,
    files=("*.json",),
    examples=PACKAGE,
    profiles=frozenset({"SimpleThing"}),
    long_ids=frozenset(),
    resources={},
    borrowed={},
)


def _published(definition_: Json) -> Json:
    """Give a definition the shape and the ballast that it is published with."""
    elements = [
        e
        | {"id": e["path"], "base": {"path": e["path"], "min": 0}, "mapping": [{"identity": "v2"}]}
        for e in definition_["element"]
    ]
    rest = {key: value for key, value in definition_.items() if key != "element"}
    return rest | {"snapshot": {"element": elements}, "differential": {}, "date": "2019-11-01"}


THING = definition("Thing", bound("Thing.kind", "kinds"), element("Thing.name", "string"))
PROFILE = definition("SimpleThing", derivation="constraint")
OTHER_PROFILE = definition("OtherThing", derivation="constraint")
KINDS = value_set("kinds", {"valueSet": ["http://example.org/ValueSet/inner|1"]})
INNER = value_set("inner", {"system": "http://example.org/system"}, publisher="HL7")
SYSTEM = code_system("system", {"code": "a", "definition": "The first", "display": "A"})
UNUSED = value_set("unused", {"system": "http://example.org/system"})
RESOURCES = [*map(_published, (THING, PROFILE, OTHER_PROFILE)), KINDS, INNER, SYSTEM, UNUSED]


def _bundle(folder: Path, resources: list[Json]) -> Path:
    folder.mkdir()
    entries = [{"resource": resource} for resource in resources]
    bundle = {"resourceType": "Bundle", "entry": entries}
    (folder / "all.json").write_text(json.dumps(bundle), encoding="utf-8")
    return folder


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """The extract of the tiny package."""
    return extract(RELEASE, _bundle(tmp_path / "package", RESOURCES))


def test_the_same_package_gives_the_same_bytes_in_any_order(
    files: dict[str, str], tmp_path: Path
) -> None:
    again = extract(RELEASE, _bundle(tmp_path / "reversed", RESOURCES[::-1]))

    assert list(again.items()) == list(files.items())


def test_bundles_and_single_files_give_the_same(files: dict[str, str], tmp_path: Path) -> None:
    for number, resource in enumerate(RESOURCES):
        (tmp_path / f"{number}.json").write_text(json.dumps(resource), encoding="utf-8")

    assert extract(RELEASE, tmp_path) == files


def test_types_listed_profiles_and_the_terminology_they_need_are_kept(
    files: dict[str, str],
) -> None:
    assert list(files) == [
        "CodeSystem/system.json",
        "StructureDefinition/SimpleThing.json",
        "StructureDefinition/Thing.json",
        "ValueSet/inner.json",
        "ValueSet/kinds.json",
    ]


def test_only_what_the_generator_reads_is_kept(files: dict[str, str]) -> None:
    thing = json.loads(files["StructureDefinition/Thing.json"])

    assert {"date", "snapshot", "differential"}.isdisjoint(thing)
    assert thing["element"][1] == {
        "path": "Thing.kind",
        "short": "A thing",
        "min": 0,
        "max": "1",
        "base": "Thing.kind",
        "type": [{"code": "code"}],
        "binding": {
            "strength": "required",
            "valueSet": "http://example.org/ValueSet/kinds|1.0",
        },
    }
    assert "publisher" not in files["ValueSet/inner.json"]
    assert json.loads(files["CodeSystem/system.json"])["concept"] == [{"code": "a", "display": "A"}]


def test_files_are_pretty_and_end_in_a_line_feed(files: dict[str, str]) -> None:
    assert all(text.startswith("{\n  ") and text.endswith("}\n") for text in files.values())
