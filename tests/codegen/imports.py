"""Finds what the modules of a folder import, without running them."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Import(NamedTuple):
    """One imported module, absolute, and the file that imports it."""

    file: str
    module: str


def imports_under(folder: str, base: str = "") -> list[Import]:
    """Return every import of the Python files and stubs under a folder of the repository.

    `base` is the folder that stands on the import path.
    """
    root = ROOT / base
    paths = sorted(p for p in (root / folder).rglob("*.py*") if p.suffix in {".py", ".pyi"})
    return [
        Import(path.relative_to(ROOT).as_posix(), module)
        for path in paths
        for module in imported(path.read_text(encoding="utf-8"), _package(path, root))
    ]


def imported(source: str, package: str) -> Iterator[str]:
    """Name the modules that a source text imports, wherever in it the statement stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            parts = [*above, node.module] if node.module else above
            yield from (".".join([*parts, alias.name]) for alias in node.names)


def _package(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).parent.parts)
