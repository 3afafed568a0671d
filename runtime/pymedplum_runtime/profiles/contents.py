"""What an implementation guide brings: profiles, value sets, code systems; not yet compiled.

A guide is a StructureDefinition, a file, a folder, an npm package, or a module of compiled tables.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, TypeAlias, cast

from pymedplum_runtime.errors import ProfileError
from pymedplum_runtime.helpers.members import FHIRData, is_data
from pymedplum_runtime.helpers.serialization import to_fhir_json
from pymedplum_runtime.profiles.files import (
    File,
    is_archive,
    json_in,
    json_in_bytes,
    json_of,
    json_under,
)
from pymedplum_runtime.profiles.modules import Lines, lines_in, lines_of, tables_of
from pymedplum_runtime.profiles.outline import Definition
from pymedplum_runtime.profiles.tables import DefinitionTable, ValueSetTable

GuideItem: TypeAlias = FHIRData | str | Path | ModuleType
GuideSource: TypeAlias = GuideItem | Iterable[GuideItem]

_BUNDLE = "Bundle"


@dataclass(slots=True)
class Contents:
    """What was found, by kind."""

    name: str = ""
    """The name of the npm package, where it is one."""
    version: str = ""
    profiles: list[Definition] = field(default_factory=list[Definition])
    """The StructureDefinitions, whatever their derivation."""
    value_sets: dict[str, Definition] = field(default_factory=dict[str, Definition])
    code_systems: dict[str, Definition] = field(default_factory=dict[str, Definition])
    compiled: list[DefinitionTable] = field(default_factory=list[DefinitionTable])
    """Tables of a module that `pymedplum profile` wrote."""
    compiled_value_sets: list[ValueSetTable] = field(default_factory=list[ValueSetTable])

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that could be compiled."""
        return not (self.profiles or self.value_sets or self.compiled or self.compiled_value_sets)

    def add(self, resource: Mapping[str, Any]) -> None:
        """Take a resource, or all of a Bundle; one of another type is left."""
        kind, url = resource.get("resourceType"), resource.get("url")
        if kind == _BUNDLE:
            entries = resource.get("entry")
            for entry in cast("list[object]", entries) if isinstance(entries, list) else ():
                held = _map(_map(entry).get("resource"))
                if held.get("resourceType") != _BUNDLE:
                    self.add(held)
        elif kind == "StructureDefinition":
            self.profiles.append(resource)
        elif kind == "ValueSet" and isinstance(url, str):
            self.value_sets[url] = resource
        elif kind == "CodeSystem" and isinstance(url, str):
            self.code_systems[url] = resource

    def add_lines(self, lines: Lines) -> None:
        """Take the lines of a module."""
        self.compiled += cast("list[DefinitionTable]", tables_of(lines.profiles, lines.place))
        found = tables_of(lines.value_sets, lines.place)
        self.compiled_value_sets += cast("list[ValueSetTable]", found)


def read_guide(source: GuideSource) -> Contents:
    """Read an implementation guide.

    Args:
        source: a StructureDefinition as a dict or a model; a Bundle; the path of a JSON file, of
            a folder, of an npm package (`.tgz`) or of a module that `pymedplum profile` wrote;
            such a module, imported; or several of these.

    Raises:
        ProfileError: there is nothing to compile, or a file is no JSON or no archive.
        OSError: a file cannot be read.
        TypeError: the source is something else.
    """
    contents = Contents()
    _read(source, contents)
    return _checked(contents, _name_of(source))


def _read(source: GuideSource, contents: Contents) -> None:
    if isinstance(source, str):
        _check_is_path(source)
    if isinstance(source, str | Path):
        _read_path(Path(source), contents)
    elif isinstance(source, ModuleType):
        contents.add_lines(lines_of(source))
    elif is_data(source):
        contents.add(to_fhir_json(source))
    elif isinstance(source, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        for item in cast("Iterable[GuideItem]", source):
            _read(item, contents)
    else:
        kind = type(source).__name__
        raise TypeError(f"expected definitions, a path or a module, got {kind}")


def _check_is_path(text: str) -> None:
    """Refuse texts that are meant as something else, without quoting them."""
    if text.lstrip()[:1] in {"{", "["}:
        raise ProfileError("it is JSON as a text: give it parsed, or a path", "the source")
    if text.startswith(("http://", "https://")):
        url = text.partition("?")[0]  # what follows may be a secret
        raise ProfileError("it is a URL, which is not fetched: give the path of a file", url)


def _read_path(path: Path, contents: Contents) -> None:
    if path.suffix == ".py":
        contents.add_lines(lines_in(path))
        return
    if path.is_dir():
        _take(json_under(path), contents)
    elif is_archive(path) or path.suffix == ".tgz":
        _take(json_in(path), contents)
    else:
        _take([File(path.name, path.read_bytes())], contents)


def read_archive(archive: BinaryIO, name: str) -> Contents:
    """Read an npm package that is in memory.

    Raises:
        ProfileError: as `read_guide` says.
    """
    contents = Contents()
    _take(json_in_bytes(archive, name), contents)
    return _checked(contents, name)


def _checked(contents: Contents, name: str) -> Contents:
    if contents.is_empty:
        raise ProfileError("it holds no StructureDefinition and no ValueSet", name)
    return contents


def _take(files: Iterable[File], contents: Contents) -> None:
    for file in files:
        value = json_of(file)
        if file.is_manifest:
            contents.name = _text(value, "name") or contents.name
            contents.version = _text(value, "version") or contents.version
        for resource in cast("list[object]", value) if isinstance(value, list) else [value]:
            contents.add(_map(resource))


def _text(value: object, name: str) -> str:
    found = _map(value).get(name)
    return found if isinstance(found, str) else ""


def _map(value: object) -> Mapping[str, Any]:
    """Return a JSON object; an empty one for anything else."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _name_of(source: GuideSource) -> str:
    if isinstance(source, str | Path):
        return str(source)
    return source.__name__ if isinstance(source, ModuleType) else "the source"
