"""From the definitions of one FHIR release to the package that is rendered."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from codegen.ir.catalog import Catalog
from codegen.ir.cycles import mark_cycles
from codegen.ir.elements import Place, build_elements
from codegen.ir.names import class_name, module_name
from codegen.ir.primitives import LONG_ID, build_primitives
from codegen.ir.text import describe, tidy
from codegen.ir.types import Class, CodeList, Element, Module, Package
from codegen.load import Json, Source, Specs
from codegen.problems import Problem


@dataclass(frozen=True, slots=True)
class Release:
    """What the definitions do not say about themselves; from specs/sources.toml."""

    label: str
    version: str
    resources: dict[str, str] = field(default_factory=dict)
    borrowed: dict[str, str] = field(default_factory=dict)
    long_ids: frozenset[str] = frozenset()
    open_value_sets: dict[str, str] = field(default_factory=dict)


def build_package(specs: Specs, release: Release) -> tuple[Package, list[Problem]]:
    """Make every decision for one release; the problems are complete, the package is not then."""
    sources = sorted(specs.definitions.values(), key=lambda s: s.file)
    primitive_sources = [s for s in sources if s.json["kind"] == "primitive-type"]
    long_id = {LONG_ID: "string"} if release.long_ids else {}
    primitives, problems = build_primitives(primitive_sources, release.borrowed | long_id)
    catalog = Catalog(specs, primitives, release.open_value_sets, release.long_ids)
    builder = _Builder(catalog, release)
    built = {s.file: builder.classes(s) for s in sources if s.json["kind"] != "primitive-type"}
    problems += catalog.problems
    problems += _collisions(built)
    classes = mark_cycles(c for group in built.values() for c in group)
    homes = {c.name: module_name(group[-1].name) for group in built.values() for c in group}
    modules = [
        _module(source, [classes[c.name] for c in built[source.file]], homes)
        for source in sources
        if built.get(source.file)
    ]
    package = Package(
        label=release.label,
        version=release.version,
        primitives=primitives,
        modules=tuple(sorted(modules, key=lambda m: m.name)),
        code_lists=_code_lists(catalog, specs, problems),
        open_bindings=catalog.open_bindings(),
    )
    return package, problems


class _Builder:
    def __init__(self, catalog: Catalog, release: Release) -> None:
        self._catalog = catalog
        self._release = release

    def classes(self, source: Source) -> list[Class]:
        """Give the classes of one definition, children before parents."""
        elements: list[Json] = source.json["element"]
        if not elements or "." in elements[0].get("path", "."):
            self._catalog.report(source.file, "", "does not begin with its root element")
            return []
        children: defaultdict[str, list[Json]] = defaultdict(list)
        for element in elements[1:]:
            children[element["path"].rpartition(".")[0]].append(element)
        nested = [e for e in elements[1:] if e["path"] in children]
        nested.sort(key=lambda e: (-e["path"].count("."), e["path"]))
        return [
            *(self._nested(e, children[e["path"]], source) for e in nested),
            self._root(elements[0], children[elements[0]["path"]], source),
        ]

    def _root(self, root: Json, children: list[Json], source: Source) -> Class:
        json = source.json
        name: str = json["name"]
        base = self._known_base(self._base_of(json), source.file, root["path"])
        if name in self._line(base):
            self._catalog.report(source.file, root["path"], "is its own base")
            base = None
        is_concrete = json["kind"] == "resource" and not json.get("abstract")
        return Class(
            name=name,
            path=root["path"],
            base=base,
            runtime_base=_runtime_base(name, base),
            description=tidy(json.get("description") or "")
            or describe(None, root.get("definition")),
            elements=self._own(children, self._inherited(base), source),
            resource_type=name if is_concrete or name in self._release.resources else None,
            is_resource=json["kind"] == "resource" or name in self._release.resources,
        )

    def _nested(self, json: Json, children: list[Json], source: Source) -> Class:
        code = json["type"][0].get("code", "") if json.get("type") else "BackboneElement"
        base = self._known_base(code, source.file, json["path"])
        return Class(
            name=class_name(json["path"]),
            path=json["path"],
            base=base,
            runtime_base=None,
            description=describe(json.get("short"), json.get("definition")),
            elements=self._own(children, self._inherited(base), source),
            resource_type=None,
        )

    def _own(
        self, children: list[Json], inherited: frozenset[str], source: Source
    ) -> tuple[Element, ...]:
        """Give what a class adds to its base; a restriction to nothing counts as an addition."""
        found: dict[str, Element] = {}
        for json in children:
            stem = json["path"].rpartition(".")[2]
            if stem in inherited and not self._is_restated(json):
                continue
            place = Place(source.file, self._catalog.has_children(json["path"]))
            for element in build_elements(json, place, self._catalog):
                if element.name in found:
                    self._catalog.report(
                        source.file,
                        json["path"],
                        f"gives the attribute '{element.name}', which "
                        f"{found[element.name].path} gives too",
                    )
                found[element.name] = element
        return tuple(found.values())

    def _is_restated(self, json: Json) -> bool:
        """Tell whether a class has to repeat an inherited element: forbidden here, or other."""
        return json.get("max") == "0" or self._catalog.has_long_id(json)

    def _base_of(self, json: Json) -> str | None:
        """Name what a definition stands on; sources.toml goes before the definition."""
        named = self._release.resources.get(json["name"])
        return named or _last_segment(json.get("baseDefinition"))

    def _known_base(self, base: str | None, file: str, path: str) -> str | None:
        if base is not None and not self._catalog.knows_class(base):
            self._catalog.report(file, path, f"has the unknown base '{base}'")
            return None
        return base

    def _line(self, base: str | None) -> list[str]:
        """Give a base and the bases above it, each once even where they go in a circle."""
        line: list[str] = []
        while base in self._catalog.by_name and base not in line:
            line.append(base)
            base = self._base_of(self._catalog.by_name[base].json)
        return line

    def _inherited(self, base: str | None) -> frozenset[str]:
        names: set[str] = set()
        for name in self._line(base):
            json = self._catalog.by_name[name].json
            root = json["element"][0]["path"]
            names |= {
                e["path"].rpartition(".")[2]
                for e in json["element"]
                if e["path"].rpartition(".")[0] == root
            }
        return frozenset(names)


def _runtime_base(name: str, base: str | None) -> str | None:
    """Give the hand-written base of a root type: what it does is not in its definition."""
    if name == "Resource":
        return "ResourceModel"
    return None if base else "FHIRModel"


def _last_segment(url: str | None) -> str | None:
    return url.rpartition("/")[2] if url else None


def _module(source: Source, classes: list[Class], homes: dict[str, str]) -> Module:
    root = classes[-1]
    name = module_name(root.name)
    bases = {(homes[c.base], c.base) for c in classes if c.base in homes and homes[c.base] != name}
    return Module(
        name=name,
        source=source.file,
        url=source.json["url"],
        description=root.description,
        bases=tuple(sorted(bases)),
        runtime_bases=tuple(sorted({c.runtime_base for c in classes if c.runtime_base})),
        classes=tuple(classes),
    )


def _collisions(built: dict[str, list[Class]]) -> Iterator[Problem]:
    """Two classes, or two modules, that would have one name."""
    homes: dict[str, str] = {}
    modules: dict[str, str] = {}
    for file, group in built.items():
        for found in group:
            if found.name in homes:
                message = f"gives the class '{found.name}', which {homes[found.name]} gives too"
                yield Problem(file, found.path, message)
            homes[found.name] = file
        if group:
            name = module_name(group[-1].name)
            if name in modules:
                yield Problem(file, "", f"gives the module '{name}', which {modules[name]} gives")
            modules[name] = file


def _code_lists(catalog: Catalog, specs: Specs, problems: list[Problem]) -> tuple[CodeList, ...]:
    lists = sorted(catalog.value_sets.used(), key=lambda c: (c.name, c.url))
    for one, other in pairwise(lists):
        if one.name == other.name:
            file = specs.value_sets[other.url].file
            problems.append(Problem(file, "", f"is named '{other.name}', and so is {one.url}"))
    return tuple(lists)
