"""The tables that validation reads, as package data: one definition a line, the URL in front."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from codegen.ir.build import Release
from codegen.ir.rules import type_tables
from codegen.ir.types import Package
from codegen.load import Json, Specs
from codegen.load_profiles import Profiles
from codegen.problems import Problem
from pymedplum_runtime.errors import ProfileError
from pymedplum_runtime.profiles.compiler import compile_profiles
from pymedplum_runtime.profiles.definitions import Definitions, Shelf
from pymedplum_runtime.profiles.problems import Tolerated
from pymedplum_runtime.terminology.expand import CannotExpandError, expand
from pymedplum_runtime.terminology.tables import value_set_tables, value_sets_of

HOME = "pymedplum/definitions"
EXTENSION = "Extension"
ABOUT = '"""Compiled definitions, a line each: read by `pymedplum.validation`."""\n'


def build_definitions(
    specs: Specs, package: Package, release: Release, profiles: Profiles, terminology: "Terminology"
) -> tuple[dict[str, str], list[Problem]]:
    """Return the files of the package that holds the tables, with what is wrong with profiles."""
    types = type_tables(specs, package.primitives, release.long_ids)
    published = [*_datatype_profiles(specs), *(s.json for s in profiles.profiles.values())]
    known = Definitions([Shelf(_lines(types).splitlines())])
    try:
        compiled = compile_profiles(published, known, list(_tolerated(profiles)))
    except ProfileError as error:
        return {}, [_problem(each) for each in error.problems]
    bindings = value_sets_of([*types, *compiled])
    value_sets, _ = value_set_tables(bindings, terminology.value_sets, terminology.code_systems)
    files: dict[str, Iterable[Mapping[str, Any]]] = {
        "types": types,
        "profiles": [table for table in compiled if table["type"] != EXTENSION],
        "extensions": [table for table in compiled if table["type"] == EXTENSION],
        "value_sets": value_sets,
    }
    lines = {f"{HOME}/{name}.jsonl": _lines(tables) for name, tables in files.items()}
    return {f"{HOME}/__init__.py": ABOUT} | lines, []


def _datatype_profiles(specs: Specs) -> Iterator[Json]:
    """Give the profiles that stand among the types, in the shape that profiles are published in."""
    for source in specs.definitions.values():
        if source.json.get("derivation") == "constraint":
            yield source.json | {"snapshot": {"element": source.json["element"]}}


def _tolerated(profiles: Profiles) -> Iterator[Tolerated]:
    for url, row in profiles.known_problems.items():
        yield from (Tolerated(url, element, row["reason"]) for element in row["elements"])


def _problem(error: ProfileError) -> Problem:
    return Problem(error.profile, error.element or "", str(error).partition(": ")[2])


class Terminology:
    """The value sets and code systems at hand, each set listed when it is asked for."""

    def __init__(self, specs: Specs, profiles: Profiles) -> None:
        sets = specs.value_sets | profiles.value_sets
        systems = specs.code_systems | profiles.code_systems
        self.value_sets = {url: source.json for url, source in sets.items()}
        self.code_systems = {url: source.json for url, source in systems.items()}

    def systems(self, canonical: str) -> dict[str, list[str]]:
        """Return the codes of a value set by system; none where they cannot all be listed."""
        value_set = self.value_sets.get(canonical.partition("|")[0])
        if value_set is None:
            return {}
        try:
            return expand(value_set, self.value_sets, self.code_systems)["systems"]
        except CannotExpandError:
            return {}


def _lines(tables: Iterable[Mapping[str, Any]]) -> str:
    """Write tables as the runtime's `Shelf` reads them: compact, `url` first."""
    return "".join(
        json.dumps(table, ensure_ascii=False, separators=(",", ":")) + "\n"
        for table in sorted(tables, key=lambda table: str(table["url"]))
    )
