"""Reads the elements of a profile, from the root down, into its table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.profiles.constraints import read_constraints
from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.profiles.layers import (
    CHOICE,
    Layers,
    base_elements,
    below,
    capitalised,
    choice_of,
    codes_of,
    element_at,
    names_of,
    root_layers,
    stated,
)
from pymedplum_runtime.profiles.outline import MOST_LEVELS, Outline
from pymedplum_runtime.profiles.problems import Problems
from pymedplum_runtime.profiles.restrictions import (
    leave_types_of_slices,
    read_types,
    slice_types,
)
from pymedplum_runtime.profiles.rules import (
    Setting,
    read_binding,
    read_cardinality,
    read_length,
    read_must_support,
)
from pymedplum_runtime.profiles.shapes import shaped_element
from pymedplum_runtime.profiles.slicing import BY_TYPE, read_slicing, slice_of
from pymedplum_runtime.profiles.tables import DefinitionTable, ElementTable
from pymedplum_runtime.profiles.values import read_values
from pymedplum_runtime.profiles.views import TableOf, View


@dataclass(frozen=True, slots=True)
class Elements:
    """Writes the rules of a profile into its table."""

    table: DefinitionTable
    definitions: Definitions
    table_of: TableOf
    type_at: Callable[[str], str | None]
    problems: Problems
    _closed: set[int] = field(default_factory=set[int])
    """The elements, by identity, whose slices the base profile has closed."""

    def read(self, root: Outline) -> None:
        """Read all elements.

        The table may hold the rules of a base profile already, and is tightened then.
        """
        type_ = self.table["type"]
        if root.name != type_:
            self.problems.add(root.id, f"the elements are those of {root.name}, not of {type_}")
            return
        table = self.table.setdefault("root", {})
        self._closed.update(map(id, _closed_in(table)))
        layers = root_layers(self.definitions, type_, table)
        self._check_shape(root)
        setting = self._setting(root, layers, is_root=True)
        self._read_rules(setting)
        self._read_children(root, layers)
        prune(table)

    def _setting(
        self, node: Outline, layers: Layers, *, is_slice: bool = False, is_root: bool = False
    ) -> Setting:
        return Setting(
            node.definition,
            node.id,
            layers[0],
            layers,
            self.definitions,
            self.problems,
            self.table_of,
            self.type_at,
            is_slice=is_slice,
            is_root=is_root,
            is_closed=id(layers[0]) in self._closed and not node.name.endswith(CHOICE),
        )

    def _read_rules(self, setting: Setting) -> None:
        read_cardinality(setting)
        read_types(setting)
        read_values(setting)
        read_length(setting)
        read_binding(setting)
        read_constraints(setting, self.table["url"])
        read_must_support(setting)
        read_slicing(setting)
        self._check_reference(setting)

    def _check_reference(self, setting: Setting) -> None:
        """Check that a content reference leads to an element of a base type."""
        given = setting.definition.get("contentReference")
        if not isinstance(given, str):
            return
        target = given.partition("#")[2]
        # An older snapshot writes a slice into it: the element is what is referred to.
        path = ".".join(step.partition(":")[0] for step in target.split("."))
        if element_at(self.definitions, path) is None:
            setting.problem(f"contentReference {given} leads nowhere")

    def _read_children(self, node: Outline, layers: Layers) -> None:
        known = base_elements(self.definitions, layers) if node.children else {}
        layers = View(layers, self.definitions, self.table_of).widened().layers
        closed: dict[str, Layers] = {}
        for child in node.in_order():
            short = None if child.name in known else choice_of(known, child.name)
            name = child.name if short is None else short[0]
            self._check_shape(child)
            if child.name == "value" and self._is_primitive(layers):
                continue  # said in terms of XML; its rules are those of the primitive
            if name not in known:
                hint = did_you_mean(child.name, names_of(known))
                self.problems.add(child.id, f"there is no such element in the base{hint}")
                continue
            found = _below(self.definitions, layers, name)
            if short is not None:
                self._read_short(child, found, short[1])
                closed[name] = found
            elif child.slice_name is None:
                self._read_element(child, found)
            else:
                self._read_slice(child, found, child.slice_name)
        for found in closed.values():
            leave_types_of_slices(found)

    def _check_shape(self, node: Outline) -> None:
        node.definition = shaped_element(node.definition, partial(self.problems.add, node.id))
        if node.is_repeated:
            self.problems.add(node.id, "it is there twice")
        if node.is_cut:
            self.problems.add(None, f"an element is more than {MOST_LEVELS} levels deep")

    def _is_primitive(self, layers: Layers) -> bool:
        tables = [self.definitions.type_table(code) for code in codes_of(layers)]
        return bool(tables) and all(table and "primitive" in table for table in tables)

    def _read_element(self, node: Outline, layers: Layers) -> None:
        self._read_rules(self._setting(node, layers))
        self._read_children(node, layers)

    def _read_short(self, node: Outline, layers: Layers, code: str) -> None:
        """Read `valueQuantity`, which is a slice of `value[x]` by its type."""
        if code not in codes_of(layers):
            self.problems.add(node.id, f"the base leaves no {code} there")
            return
        if stated(layers, "slicing") is None:
            layers[0]["slicing"] = {**BY_TYPE, "rules": "closed"}
        name = node.name if node.slice_name is None else f"{node.name}/{node.slice_name}"
        self._read_slice(node, layers, name, code=code)

    def _read_slice(
        self, node: Outline, layers: Layers, name: str, *, code: str | None = None
    ) -> None:
        made = slice_of(self._setting(node, layers), node.name, name)
        if made is None:
            return
        setting = self._setting(node, made, is_slice=True)
        named = code or _code_in(name, node.name, codes_of(made))
        if named is not None:
            slice_types(setting, named)
        self._read_rules(setting)
        self._read_children(node, made)


def _closed_in(table: ElementTable) -> Iterator[ElementTable]:
    """Give an element and those below it, as far as their slices are closed."""
    if table.get("slicing", {}).get("rules") == "closed":
        yield table
    for below_it in (*table.get("elements", {}).values(), *table.get("slices", {}).values()):
        yield from _closed_in(below_it)


def _below(definitions: Definitions, layers: Layers, name: str) -> Layers:
    """Return the layers of an element, the first of them a table to write in."""
    layers[0].setdefault("elements", {}).setdefault(name, {})
    found = below(definitions, layers, name)
    assert found is not None, name  # noqa: S101 - the caller has looked
    return found


def _code_in(slice_name: str, element: str, codes: list[str]) -> str | None:
    """Return the type that the name of a slice of a choice stands for: `valueQuantity`."""
    if not element.endswith(CHOICE):
        return None
    stem = element.removesuffix(CHOICE)
    return next((c for c in codes if slice_name == stem + capitalised(c)), None)


def prune(table: ElementTable) -> None:
    """Take out what says nothing: empty elements, and slicing of extensions that have no slices."""
    elements = table.get("elements", {})
    for name, element in list(elements.items()):
        prune(element)
        if _is_plain(name, element):
            element.pop("slicing", None)
        if not element:
            del elements[name]
    for slice_ in table.get("slices", {}).values():
        prune(slice_)
    for member in ("elements", "slices"):
        if not table.get(member, True):
            table.pop(member)  # type: ignore[misc]  # one of the two


def _is_plain(name: str, element: ElementTable) -> bool:
    is_extension = name in {"extension", "modifierExtension"}
    return is_extension and not element.get("slices") and _is_open(element)


def _is_open(element: ElementTable) -> bool:
    return element.get("slicing", {}).get("rules") == "open"
