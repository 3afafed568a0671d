"""The compiled definitions that are known: those of the package, and those that users add."""

import json
import pkgutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pymedplum_runtime.profiles.tables import DefinitionTable, ElementTable, ValueSetTable

# The generated package that holds the tables. By name, since the runtime does not import what is
# generated for it: this is package data, docs/decisions/0016-validation-tables.md.
HOME = "pymedplum.definitions"
FHIR = "http://hl7.org/fhir/StructureDefinition/"
_HEAD = '{"url":"'


class Shelf:
    """Definitions as lines of JSON, each read when it is first asked for."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = {_url_of(line): line for line in lines}
        self._read: dict[str, Any] = {}

    @property
    def urls(self) -> Sequence[str]:
        """The canonical URLs of everything that is there."""
        return tuple(self._lines)

    def get(self, url: str) -> Any:  # noqa: ANN401 - a DefinitionTable or a ValueSetTable
        """Return a table by its URL without version, or None."""
        found = self._read.get(url)
        if found is None:
            line = self._lines.get(url)
            if line is None:
                return None  # not remembered: resources name URLs without end
            found = self._read[url] = json.loads(line)
        return found


def _url_of(line: str) -> str:
    return line[len(_HEAD) : line.index('"', len(_HEAD))]


class Definitions:
    """A set of compiled definitions over an optional parent; the nearest definition counts.

    Two threads may read it at once; adding takes a lock.
    """

    def __init__(
        self,
        shelves: Sequence[Shelf] = (),
        value_sets: Sequence[Shelf] = (),
        parent: "Definitions | None" = None,
    ) -> None:
        self._shelves = tuple(shelves)
        self._value_set_shelves = tuple(value_sets)
        self._parent = parent
        self._added: dict[str, DefinitionTable] = {}
        self._added_value_sets: dict[str, ValueSetTable] = {}
        self._elements: dict[str, Mapping[str, ElementTable]] = {}
        self._lines: dict[str, tuple[str, ...]] = {}
        self._lock = threading.Lock()
        self.prepared: dict[str, Any] = {}
        """What others made of this set, by a name of theirs; forgotten when it changes."""

    def table(self, canonical: str) -> DefinitionTable | None:
        """Return a definition by its canonical URL; a version after `|` must be that one."""
        url, _, version = canonical.partition("|")
        found = self._added.get(url) or self._on_shelves(self._shelves, url)
        if found is None:
            return self._parent.table(canonical) if self._parent else None
        if version and found.get("version", version) != version:
            return None
        return found

    def type_table(self, code: str) -> DefinitionTable | None:
        """Return a base type by its name: `Patient`, `HumanName`, `date`."""
        found = self.table(FHIR + code) or self.table(_MEDPLUM + code)
        return None if found is None or found.get("profile") else found

    def elements(self, code: str) -> Mapping[str, ElementTable]:
        """Return all elements of a base type, inherited ones first; empty where there is none."""
        if code not in self._elements:
            merged: dict[str, ElementTable] = {}
            for ancestor in reversed(self.line(code)):
                table = self.type_table(ancestor)
                merged |= table.get("root", {}).get("elements", {}) if table else {}
            self._elements[code] = merged
        return self._elements[code]

    def constraints(self, code: str) -> list[tuple[str, list[str]]]:
        """Return the constraints of a type with the URL of the type that states each."""
        tables = [t for t in map(self.type_table, reversed(self.line(code))) if t]
        return [(t["url"], c) for t in tables for c in t.get("root", {}).get("constraints", ())]

    def line(self, code: str) -> tuple[str, ...]:
        """Return a type and what it derives from, nearest first; empty for an unknown type."""
        if code not in self._lines:
            line: list[str] = []
            table = self.type_table(code)
            while table is not None and table["type"] not in line:
                line.append(table["type"])
                table = self.table(table["base"]) if "base" in table else None
            self._lines[code] = tuple(line)
        return self._lines[code]

    def is_subtype(self, code: str, ancestor: str) -> bool:
        """Tell whether a base type is another one or derives from it."""
        return ancestor in self.line(code)

    def value_set(self, canonical: str) -> ValueSetTable | None:
        """Return the codes of a value set by its canonical URL, where they can be listed."""
        url = canonical.partition("|")[0]
        found = self._added_value_sets.get(url) or self._on_shelves(self._value_set_shelves, url)
        if found is None and self._parent:
            return self._parent.value_set(url)
        return found

    @property
    def urls(self) -> set[str]:
        """The canonical URLs of all definitions, for suggestions."""
        shelved = {url for shelf in self._shelves for url in shelf.urls}
        inherited = self._parent.urls if self._parent else set[str]()
        return shelved | set(self._added) | inherited

    def extended(
        self,
        tables: Iterable[DefinitionTable] = (),
        value_sets: Iterable[ValueSetTable] = (),
    ) -> "Definitions":
        """Return a new set over this one; this one stays as it is."""
        child = Definitions(parent=self)
        child.add(tables, value_sets)
        return child

    def add(
        self,
        tables: Iterable[DefinitionTable] = (),
        value_sets: Iterable[ValueSetTable] = (),
    ) -> None:
        """Add definitions to this set; one with the same URL is replaced."""
        with self._lock:
            self._added |= {table["url"]: table for table in tables}
            self._added_value_sets |= {table["url"]: table for table in value_sets}
            self._elements, self._lines, self.prepared = {}, {}, {}

    @staticmethod
    def _on_shelves(shelves: Sequence[Shelf], url: str) -> Any:  # noqa: ANN401 - as Shelf.get
        return next((found for shelf in shelves if (found := shelf.get(url)) is not None), None)


_MEDPLUM = "https://medplum.com/fhir/StructureDefinition/"


@lru_cache(maxsize=1)
def packaged() -> Definitions:
    """Return the definitions of the package: FHIR's types and profiles, US Core, Medplum's types.

    What `load_profile` loads is added to it.
    """
    shelves = [_packaged_shelf(n) for n in ("types", "profiles", "extensions")]
    return Definitions(shelves, [_packaged_shelf("value_sets")])


class _LazyShelf(Shelf):
    """A file of the package that is read when the first definition is asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(())
        self._name: str | None = name
        self._loading = threading.Lock()

    def get(self, url: str) -> Any:  # noqa: ANN401 - as Shelf.get
        if self._name is not None:
            self._load()
        return super().get(url)

    @property
    def urls(self) -> Sequence[str]:
        if self._name is not None:
            self._load()
        return super().urls

    def _load(self) -> None:
        with self._loading:
            if self._name is None:
                return
            content = pkgutil.get_data(HOME, f"{self._name}.jsonl") or b""
            self._lines = {_url_of(line): line for line in content.decode().splitlines()}
            self._name = None


def _packaged_shelf(name: str) -> Shelf:
    return _LazyShelf(name)
