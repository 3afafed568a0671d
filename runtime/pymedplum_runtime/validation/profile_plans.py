"""What a profile's table asks for, prepared for the pass: each part once, when it is first needed.

A `Node` holds the rules of an element's values of one type, an `Edge` the rules about a child
element's presence, and the way to its values.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.profiles.tables import DefinitionTable, ElementTable
from pymedplum_runtime.validation.plans import Check, Plans, Rule, plans_of
from pymedplum_runtime.validation.profile_checks import node_checks
from pymedplum_runtime.validation.profile_names import Names

_SLICE = re.compile(r":[^.]*")  # the names of slices in an element's path
_COUNTS = frozenset(("min", "max", "must_support"))


class Edge:
    """The rules about the presence and number of a child element, and the way to its values."""

    __slots__ = (
        "_nodes",
        "_plan",
        "element",
        "is_sliced",
        "maximum",
        "minimum",
        "names",
        "only_counts",
        "table",
    )

    def __init__(self, plan: "Plan", table: ElementTable, names: Names, element: str) -> None:
        self._plan = plan
        self._nodes: dict[str, Node] = {}
        self.table = table
        self.names = names
        self.element = element
        self.minimum = table.get("min", 0)
        most = table.get("max")
        self.maximum = most if isinstance(most, int) else None
        self.is_sliced = "slices" in table
        self.only_counts = (
            table.keys() <= _COUNTS
            and self.minimum <= 1
            and self.maximum is None
            and not plan.lends_to(names.single)
        )

    def node(self, type_: str) -> "Node":
        """Return the rules of the element's values of a type."""
        node = self._nodes.get(type_)
        if node is None:
            node = self._nodes[type_] = self._plan.node(self.table, type_, self.element)
        return node


class Node:
    """The rules of an element's values of one type."""

    __slots__ = ("checks", "edges", "has_rules", "is_primitive")

    def __init__(
        self, checks: tuple[Check, ...], edges: tuple[Edge, ...], *, is_primitive: bool
    ) -> None:
        self.checks = checks
        self.edges = edges
        self.has_rules = bool(checks or edges)
        self.is_primitive = is_primitive


class Plan:
    """A profile's table, prepared."""

    def __init__(self, table: DefinitionTable, types: Plans) -> None:
        self.table = table
        self.url = table["url"]
        # What slicing.py makes ready, by the id of the sliced table and the element.
        self.slicings: dict[tuple[int, str], Any] = {}
        self._types = types
        self._nodes: dict[tuple[int, str, str], Node] = {}
        self._names: dict[tuple[str, str], Names] = {}

    def root(self, type_: str) -> Node:
        """Return the rules of the profile's root."""
        return self.node(self.table.get("root", {}), type_, self.table["type"])

    def node(self, table: ElementTable, type_: str, element: str) -> Node:
        """Return the rules of a table for values of a type."""
        key = (id(table), type_, element)
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = self._made(table, type_, element)
        return found

    def names(self, type_: str, name: str) -> Names:
        """Return how the JSON spells an element of a type."""
        key = (type_, name)
        found = self._names.get(key)
        if found is None:
            short = name.removesuffix("[x]")
            rules = [rule for rule in self._rules(type_) if rule.name == short]
            found = self._names[key] = Names(short, rules or [Rule(short, short, "", "", "")])
        return found

    def _rules(self, type_: str) -> Iterable[Rule]:
        of_type = self._types.of(type_)
        return () if of_type is None else of_type.rules.values()

    def _made(self, table: ElementTable, type_: str, element: str) -> Node:
        checks = tuple(node_checks(table, type_, element, self.url))
        # Where the content is that of another element, its rules in the profile hold as well.
        source = None if _SLICE.sub("", element) == type_ else self._content(type_)
        elements = table.get("elements", {})
        if source is None:
            edges = self._edges(self._with_borrowed(elements, type_), type_, element)
        else:
            lent = self._with_borrowed(source.get("elements", {}), type_)
            edges = self._edges(elements, type_, element) + self._edges(lent, type_, type_)
            checks += tuple(node_checks(source, type_, type_, self.url))
        is_primitive = type_[:1].islower() and type_ != "xhtml"
        return Node(checks, edges, is_primitive=is_primitive)

    def lends_to(self, type_: str) -> bool:
        """Tell whether rules of other elements hold for a type, as content references say."""
        if "." not in type_:
            return False
        return self._content(type_) is not None or bool(self._with_borrowed({}, type_))

    def _edges(
        self, elements: Mapping[str, ElementTable], type_: str, element: str
    ) -> tuple[Edge, ...]:
        return tuple(
            Edge(self, child, self.names(type_, name), f"{element}.{name}")
            for name, child in elements.items()
        )

    def _with_borrowed(
        self, elements: Mapping[str, ElementTable], type_: str
    ) -> Mapping[str, ElementTable]:
        """Add the children whose content is that of another element with rules in the profile."""
        borrowed: dict[str, ElementTable] = {
            rule.name: {"content": rule.type}
            for rule in self._rules(type_)
            if "." in rule.type
            and rule.name not in elements
            and rule.type != f"{type_}.{rule.name}"
            and self._content(rule.type) is not None
        }
        return {**elements, **borrowed}

    def _content(self, path: str) -> ElementTable | None:
        """Return the profile's table of an element with elements, by its path in the base type."""
        head, *names = path.split(".")
        if head != self.table["type"] or not names:
            return None
        table: ElementTable | None = self.table.get("root", {})
        for name in names:
            table = table.get("elements", {}).get(name) if table else None
        return table


def plan_of(table: DefinitionTable, definitions: Definitions) -> Plan:
    """Return the plan of a table, made once for a set of definitions."""
    plans: dict[str, Plan] = definitions.prepared.setdefault("profiles", {})
    plan = plans.get(table["url"])
    if plan is None or plan.table is not table:
        plan = plans[table["url"]] = Plan(table, plans_of(definitions))
    return plan
