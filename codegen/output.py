"""Compares a generated tree with the committed one, both ways, and writes it."""

import difflib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

LINES_PER_FILE = 40


def read_tree(folder: Path) -> dict[str, str]:
    """Return every file under a folder by its path; compiled Python is not part of the tree."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8", "replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def differences(wanted: dict[str, str], found: dict[str, str]) -> Iterator[str]:
    """Name every file that is missing, extra or changed, with the lines that differ."""
    for path in sorted(wanted.keys() | found.keys()):
        if path not in found:
            yield f"missing: {path}"
        elif path not in wanted:
            yield f"extra: {path}"
        elif wanted[path] != found[path]:
            yield f"changed: {path}\n{_diff(path, found[path], wanted[path])}"


class ForeignFolderError(Exception):
    """The folder holds something that the generator did not write."""


def write_tree(files: dict[str, str], folder: Path) -> None:
    """Replace a folder by the files: complete or not at all.

    Raises:
        ForeignFolderError: the folder holds other things than such files.
    """
    ours = {path.partition("/")[0] for path in files}
    foreign = {path.name for path in folder.iterdir()} - ours if folder.is_dir() else set()
    if foreign:
        raise ForeignFolderError(
            f"{folder} holds {', '.join(sorted(foreign)[:5])}, which the generator did not write; "
            "name a new or empty folder"
        )
    scratch = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(scratch, ignore_errors=True)
    for path, text in files.items():
        target = scratch / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    if folder.exists():
        folder.rename(old)
    scratch.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _diff(path: str, found: str, wanted: str) -> str:
    lines = difflib.unified_diff(
        found.splitlines(),
        wanted.splitlines(),
        f"committed/{path}",
        f"generated/{path}",
        lineterm="",
        n=1,
    )
    shown = list(lines)
    rest = len(shown) - LINES_PER_FILE
    return "\n".join(shown[:LINES_PER_FILE] + ([f"... and {rest} more lines"] if rest > 0 else []))
