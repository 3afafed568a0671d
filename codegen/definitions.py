"""The tables that validation reads, as package data: one definition a line, the URL in front."""

import json
from collections.abc import Iterable

from codegen.ir.build import Release
from codegen.ir.rules import type_tables
from codegen.ir.types import Package
from codegen.load import Json, Specs

HOME = "pymedplum/definitions"
ABOUT = '"""Compiled definitions, a line each: read by `pymedplum.validation`."""\n'


def build_definitions(specs: Specs, package: Package, release: Release) -> dict[str, str]:
    """Return the files of the package that holds the tables."""
    types = type_tables(specs, package.primitives, release.long_ids)
    return {f"{HOME}/__init__.py": ABOUT, f"{HOME}/types.jsonl": _lines(types)}


def _lines(tables: Iterable[Json]) -> str:
    """Write tables as the runtime's `Shelf` reads them: compact, `url` first."""
    return "".join(
        json.dumps(table, ensure_ascii=False, separators=(",", ":")) + "\n"
        for table in sorted(tables, key=lambda table: str(table["url"]))
    )
