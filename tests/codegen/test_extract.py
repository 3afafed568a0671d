"""The extract is a readable, deterministic cut of a published package."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_specs import Json, bound, code_system, definition, element, value_set

from codegen.extract import extract, extract_search
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
    operations=("*.json",),
    search_parameters=("*.json",),
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
OPERATION: Json = {
    "resourceType": "OperationDefinition",
    "id": "Thing-do",
    "url": "http://example.org/OperationDefinition/Thing-do",
    "name": "Do",
    "publisher": "HL7",
    "affectsState": False,
    "code": "do",
    "resource": ["Thing"],
    "parameter": [
        {
            "name": "a",
            "use": "in",
            "min": 0,
            "max": "1",
            "binding": {"strength": "required", "valueSet": "kinds", "extension": []},
            "part": [{"name": "b", "use": "in", "min": 1, "max": "1", "extension": []}],
        }
    ],
}
RESOURCES = [
    *map(_published, (THING, PROFILE, OTHER_PROFILE)),
    KINDS,
    INNER,
    SYSTEM,
    UNUSED,
    OPERATION,
]


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
        "OperationDefinition/Thing-do.json",
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


def test_operations_keep_what_a_call_needs(files: dict[str, str]) -> None:
    operation = json.loads(files["OperationDefinition/Thing-do.json"])

    assert "publisher" not in operation
    assert operation["affectsState"] is False
    assert operation["parameter"] == [
        {
            "name": "a",
            "use": "in",
            "min": 0,
            "max": "1",
            "binding": {"strength": "required", "valueSet": "kinds"},
            "part": [{"name": "b", "use": "in", "min": 1, "max": "1"}],
        }
    ]


def test_operations_are_only_taken_from_where_the_lock_says(tmp_path: Path) -> None:
    package = _bundle(tmp_path / "package", RESOURCES)

    files = extract(replace(RELEASE, operations=()), package)

    assert not any(path.startswith("OperationDefinition/") for path in files)


def test_search_parameters_are_listed_by_type(tmp_path: Path) -> None:
    parameters = [
        {"resourceType": "SearchParameter", "code": code, "base": base, "type": kind}
        for code, base, kind in (
            ("name", ["Thing", "Other"], "string"),
            ("date", ["Thing"], "date"),
            ("_id", ["Resource"], "token"),
        )
    ]

    files = extract_search(RELEASE, _bundle(tmp_path / "package", parameters))

    assert list(files) == [
        f"SearchParameter/{name}.json" for name in ("Other", "Resource", "Thing")
    ]
    assert files["SearchParameter/Thing.json"] == '{\n  "date": "date",\n  "name": "string"\n}\n'
