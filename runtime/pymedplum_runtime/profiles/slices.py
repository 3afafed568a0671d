"""Resolves the discriminators of all slices of a table, once all tables are there."""

from dataclasses import dataclass

from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.profiles.layers import Layers, below, root_layers, stated
from pymedplum_runtime.profiles.matching import UnresolvedError, match_of
from pymedplum_runtime.profiles.problems import Problems
from pymedplum_runtime.profiles.rules import number_of
from pymedplum_runtime.profiles.tables import DefinitionTable, ElementTable, MatchTable
from pymedplum_runtime.profiles.views import TableOf, View

DEFAULT = "@default"  # the slice of what is in no other one: nothing tells it
CONFORMS: MatchTable = {"path": "$this", "conforms": True}


@dataclass(frozen=True, slots=True)
class Slices:
    """Writes into each slice what its items are told by."""

    definitions: Definitions
    table_of: TableOf
    problems: Problems

    def resolve_all(self, table: DefinitionTable) -> None:
        """Resolve the discriminators of a profile."""
        type_ = table["type"]
        self._resolve(root_layers(self.definitions, type_, table.get("root", {})), type_)

    def _resolve(self, layers: Layers, place: str) -> None:
        own = layers[0]
        least = sum(s.get("min", 0) for s in own.get("slices", {}).values())
        if least > number_of(stated(layers, "max", 1)) and "slices" in own:
            self.problems.add(place, f"its slices need {least} values, which are more than its max")
        for name, slice_ in own.get("slices", {}).items():
            outer = (layer.get("slices", {}).get(name) for layer in layers[1:-1])
            known = [each for each in outer if each is not None]
            inner = (slice_, *known, *layers)
            label = f"{place}:{name}"
            if name != DEFAULT:
                slice_["match"] = self._matches(inner, own, label)
            self._resolve(inner, label)
        # Inside an extension its own definition tells the slices, unless the profile does.
        wide = View(layers, self.definitions, self.table_of).widened().layers
        for name in own.get("elements", {}):
            found = below(self.definitions, wide, name)
            if found is not None:
                self._resolve(found, f"{place}.{name}")

    def _matches(self, layers: Layers, element: ElementTable, label: str) -> list[MatchTable]:
        pairs = element.get("slicing", {}).get("discriminators", [])
        view = View(layers, self.definitions, self.table_of)
        found: list[MatchTable] = []
        for kind, path in pairs:
            try:
                found.append(match_of(view, kind, path))
            except UnresolvedError as error:
                self.problems.add(label, str(error))
        return found or [CONFORMS]
