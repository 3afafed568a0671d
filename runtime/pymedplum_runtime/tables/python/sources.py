"""What a view can be run over: files of NDJSON, folders and exports of them, and resources."""

import glob
import json
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeAlias, cast

from pymedplum_runtime.errors import NdjsonError, ViewError
from pymedplum_runtime.helpers.members import entries, member
from pymedplum_runtime.ndjson.sources import BinaryFile, NamedFile, files_of
from pymedplum_runtime.tables.plan import Plan

_ACCEPTED = (
    "expected the path of an NDJSON file or folder, a glob, an export's files, an open binary "
    "file, several of these, a Bundle, or resources as dicts, models or lines of bytes"
)
_EXPORT = "export.json"
_EXPORT_FORMAT = 1
_R4 = "4.0"


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that a view is run over.

    `expected` is the type that all its resources are said to have; empty where that is not known.
    """

    file: NamedFile
    path: Path | None
    """Where it is; None where it was given open."""
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Files:
    """Files, in the order in which they are read."""

    files: tuple[TableFile, ...]

    @property
    def paths(self) -> tuple[Path, ...] | None:
        """The paths of all files; None where one was given open."""
        found = [each.path for each in self.files]
        return None if None in found else cast("tuple[Path, ...]", tuple(found))


@dataclass(frozen=True, slots=True)
class Resources:
    """Resources that are there or come one by one: dicts, models, or lines of JSON."""

    items: Iterable[Any]


Source: TypeAlias = Files | Resources


def source_of(source: object, plan: Plan) -> Source:
    """Tell what a source is, and which files of it may hold resources of the plan's type.

    A folder that an export was downloaded into names the types of its files, and so do the files
    that a download returns: those of other types are left out.

    Raises:
        TypeError: it is none of what is accepted.
        ValueError: a name is empty.
        ViewError: an export is of another version of FHIR.
        NdjsonError: a folder holds no NDJSON file, or nothing has a name of the glob.
    """
    if _is_file(source):
        return Files(tuple(_files(source, plan)))
    if _is_bundle(source):
        return Resources([source] if plan.resource == "Bundle" else _entries(source))
    if isinstance(source, AsyncIterable):
        raise TypeError(f"{_ACCEPTED}; what is iterated with 'async for' goes to rows_async()")
    if isinstance(source, Mapping) or hasattr(source, "model_dump"):
        raise TypeError("a view is run over several resources; put a single one into a list")
    if isinstance(source, bytes | bytearray) or not isinstance(source, Iterable):
        raise TypeError(f"{_ACCEPTED}, got {type(source).__name__}")
    return _of_several(iter(cast("Iterable[object]", source)), plan)


def resources_in(item: object, plan: Plan) -> Iterator[object]:
    """Give the resources of an item of an iterable: those of a Bundle, or the item itself."""
    if plan.resource != "Bundle" and _is_bundle(item):
        return _entries(item)
    return iter((item,))


def _of_several(items: Iterator[object], plan: Plan) -> Source:
    first = next(items, None)
    if first is None:
        return Resources(())
    rest = chain([first], items)
    if not _is_file(first):
        return Resources(rest)
    return Files(tuple(file for each in rest for file in _files(_file(each), plan)))


def _is_file(source: object) -> bool:
    return isinstance(source, str | PathLike) or hasattr(source, "read") or _is_export(source)


def _file(source: object) -> object:
    if not _is_file(source):
        raise TypeError(f"expected paths and open binary files only, got {type(source).__name__}")
    return source


def _is_export(source: object) -> bool:
    """Tell the files that a download returned, which a later layer defines."""
    return isinstance(getattr(source, "folder", None), Path) and hasattr(source, "files")


def _files(source: object, plan: Plan) -> Iterator[TableFile]:
    if _is_export(source):
        for each in cast("Any", source).files:
            if each.kind == "output" and each.type == plan.resource:
                yield from _at(each.path, each.type)
    elif hasattr(source, "read"):
        opened = cast("BinaryFile", source)
        yield from (TableFile(file, None) for file in files_of(opened))
    else:
        yield from _named(cast("str | PathLike[str]", source), plan)


def _named(source: str | PathLike[str], plan: Plan) -> Iterator[TableFile]:
    text = fspath(source)
    if not text:
        raise ValueError("the name of a source is empty")
    path = Path(text)
    if path.is_dir():
        yield from _folder(path, plan)
    elif glob.has_magic(text) and not path.exists():
        found = [each for each in sorted(glob.glob(text, recursive=True)) if Path(each).is_file()]  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not found:
            raise NdjsonError("there is no file of such a name", text)
        for each in found:
            yield from _at(each)
    else:
        yield from _at(path)


def _folder(path: Path, plan: Plan) -> Iterator[TableFile]:
    export = _export(path, plan)
    if export is None:
        yield from _at(path)
        return
    for name, its_type in export:
        if its_type == plan.resource:
            yield from _at(path / name, its_type)


def _at(path: str | PathLike[str], expected: str = "") -> Iterator[TableFile]:
    for file in files_of(path):
        yield TableFile(file, Path(file.name), expected)


def _export(folder: Path, plan: Plan) -> list[tuple[str, str]] | None:
    """Return the files and types of an export that a folder holds; None where it is another one.

    Raises:
        ViewError: it is of another version of FHIR.
    """
    members: Any = None
    with suppress(OSError, ValueError, RecursionError):
        members = json.loads((folder / _EXPORT).read_bytes())
    if not isinstance(members, dict):
        return None
    described = cast("dict[str, Any]", members)
    version = described.get("fhirVersion")
    if isinstance(version, str) and not version.startswith(_R4):
        raise ViewError("the export is of another version of FHIR than 4.0", plan.name, str(folder))
    if described.get("format") != _EXPORT_FORMAT:
        return None
    with suppress(KeyError, TypeError):
        return [
            (Path(each["name"]).name, str(each["type"]))  # nothing leads out of the folder
            for each in described["files"]
            if each["kind"] == "output"
        ]
    return None


def _is_bundle(source: object) -> bool:
    members = cast("Any", source)
    if isinstance(source, Mapping):
        return cast("Mapping[str, Any]", source).get("resourceType") == "Bundle"
    return getattr(members, "__resource_type__", None) == "Bundle" and not isinstance(source, type)


def _entries(bundle: object) -> Iterator[object]:
    for entry in entries(member(bundle, "entry")):
        resource = member(entry, "resource")
        if resource is not None:
            yield resource
