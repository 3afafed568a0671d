"""Every element of every definition arrives: counted from the definitions, not by the builder."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from codegen.__main__ import release_of
from codegen.ir.types import Class, Package
from codegen.pipeline import plan
from codegen.sources import ROOT, read_sources

Json = dict[str, Any]  # a definition as published
FOLDER = ROOT / "specs" / "fhir" / "r4" / "StructureDefinition"


@cache
def _definitions() -> tuple[Json, ...]:
    return tuple(json.loads(p.read_text(encoding="utf-8")) for p in sorted(FOLDER.glob("*.json")))


def _types() -> Iterator[Json]:
    yield from (d for d in _definitions() if d["kind"] != "primitive-type")


def _json_names(element: Json) -> list[str]:
    """Name the JSON properties of an element: a choice has one per type."""
    name = element["path"].split(".")[-1]
    if not name.endswith("[x]"):
        return [name]
    return [name[:-3] + t["code"][0].upper() + t["code"][1:] for t in element["type"]]


def _wanted() -> set[tuple[str, str, str]]:
    """Give definition, path of the parent and JSON name of every property in the definitions."""
    return {
        (definition["name"], element["path"].rsplit(".", 1)[0], name)
        for definition in _types()
        for element in definition["element"][1:]
        for name in _json_names(element)
    }


@pytest.fixture(scope="module")
def package() -> Package:
    source = read_sources().releases["r4"]
    return plan(Path(source.folder), release_of(source))


def _arrived(package: Package) -> set[tuple[str, str, str]]:
    classes = {c.name: c for m in package.modules for c in m.classes}

    def properties(found: Class) -> Iterator[str]:
        yield from (e.fhir_name for e in found.elements)
        if found.base:
            yield from properties(classes[found.base])

    return {
        (module.classes[-1].name, c.path, name)
        for module in package.modules
        for c in module.classes
        for name in properties(c)
    }


def test_every_element_arrives_as_a_property(package: Package) -> None:
    assert sorted(_wanted() - _arrived(package)) == []


def test_no_property_is_without_an_element(package: Package) -> None:
    # Medplum's own definitions leave out what a base gives, so only own properties are compared.
    own = {
        (m.classes[-1].name, c.path, e.fhir_name)
        for m in package.modules
        for c in m.classes
        for e in c.elements
    }

    assert sorted(own - _wanted()) == []


def test_the_counts_are_those_of_the_definitions(package: Package) -> None:
    nested = {(d["name"], e["path"].rsplit(".", 1)[0]) for d in _types() for e in d["element"][1:]}

    assert len(package.modules) == len(list(_types()))
    assert sum(len(m.classes) for m in package.modules) == len(nested)
    assert len(_wanted()) > 8000


def test_every_definition_says_in_its_module_where_it_came_from(package: Package) -> None:
    assert sorted(m.url for m in package.modules) == sorted(d["url"] for d in _types())
    assert all((FOLDER.parent / m.source).is_file() for m in package.modules)


def test_every_primitive_type_arrives(package: Package) -> None:
    published = {d["name"] for d in _definitions() if d["kind"] == "primitive-type"}

    assert {p.name for p in package.primitives} - published == {"integer64", "longId"}
    assert published <= {p.name for p in package.primitives}


def test_every_required_binding_is_listed_or_counted(package: Package) -> None:
    bound = {
        e["binding"]["valueSet"].partition("|")[0]
        for d in _types()
        for e in d["element"]
        if e.get("binding", {}).get("strength") == "required"
        and {t["code"] for t in e.get("type", ())} & {"code", "string", "uri"}
    }
    lists = {c.url for c in package.code_lists}
    open_ones = {b.url for b in package.open_bindings}

    assert lists | open_ones == bound
    assert not lists & open_ones
