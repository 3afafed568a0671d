"""What the builder of one element has to know of all the others."""

from collections import defaultdict

from codegen.ir.codes import ValueSets
from codegen.ir.names import class_name
from codegen.ir.types import OpenBinding, Primitive
from codegen.load import Json, Source, Specs
from codegen.problems import Problem

EXTENSION = "Extension"
RESOURCE_ID = "Resource.id"


class Catalog:
    """The types of one release, its value sets, and the problems met so far."""

    def __init__(
        self,
        specs: Specs,
        primitives: tuple[Primitive, ...],
        open_value_sets: dict[str, str],
        long_ids: frozenset[str],
    ) -> None:
        self.primitives = frozenset(p.name for p in primitives)
        self._extensible = frozenset(p.name for p in primitives if p.is_extensible)
        self.value_sets = ValueSets(specs)
        self.problems: list[Problem] = []
        self.by_name: dict[str, Source] = {
            source.json["name"]: source
            for source in specs.definitions.values()
            if source.json["kind"] != "primitive-type"
        }
        self._nested = {
            element["path"].rpartition(".")[0]
            for source in self.by_name.values()
            for element in source.json["element"]
        }
        self._class_names = set(self.by_name) | {class_name(p) for p in self._nested if p}
        self._long_ids = long_ids
        self._open = open_value_sets
        self._open_paths: defaultdict[str, set[str]] = defaultdict(set)

    def report(self, file: str, path: str, message: str) -> None:
        """Note a problem; generation goes on, so that all are found."""
        self.problems.append(Problem(file, path, message))

    def knows_class(self, name: str) -> bool:
        """Tell whether a class of that name will be generated."""
        return name in self._class_names

    def has_sibling(self, type_name: str) -> bool:
        """Tell whether a primitive has a `_name` sibling for its id and extensions."""
        return type_name in self._extensible

    def has_children(self, path: str) -> bool:
        """Tell whether a definition nests elements under the path."""
        return path in self._nested

    def is_built_late(self, type_name: str) -> bool:
        """Tell whether a type is only built when one is met.

        `Extension` reaches every datatype; an element typed as an abstract resource is as many
        types as there are resources.
        """
        source = self.by_name.get(type_name)
        if type_name == EXTENSION or source is None:
            return type_name == EXTENSION
        return source.json["kind"] == "resource" and bool(source.json.get("abstract"))

    def has_long_id(self, element: Json) -> bool:
        """Tell whether an element is the id of a type of which HL7 publishes overlong ids."""
        owner = element["path"].partition(".")[0]
        return element.get("base") == RESOURCE_ID and owner in self._long_ids

    def content_reference(self, reference: str, file: str, path: str) -> str | None:
        """Return the path that a contentReference names."""
        target = reference.rpartition("#")[2]
        if self.has_children(target):
            return target
        self.report(file, path, f"has the contentReference '{reference}', which leads nowhere")
        return None

    def is_open(self, canonical: str, path: str) -> bool:
        """Tell whether the value set stands on the committed list, and note who uses it."""
        url = canonical.partition("|")[0]
        if url not in self._open:
            return False
        self._open_paths[url].add(path)
        return True

    def open_bindings(self) -> tuple[OpenBinding, ...]:
        """Give the open value sets that elements are bound to."""
        return tuple(
            OpenBinding(url, tuple(sorted(paths)), self._open[url])
            for url, paths in sorted(self._open_paths.items())
        )
