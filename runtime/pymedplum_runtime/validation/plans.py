"""Types made ready for the walk: for each JSON member of a type, what is checked there.

A plan is built when a value of its type is first met, and shared by the whole process.
"""

from collections.abc import Callable, Iterator
from math import inf

from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.profiles.tables import ElementTable, TypeTable
from pymedplum_runtime.validation.checks import type_checks, value_checks
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.invariants import constraint_checks
from pymedplum_runtime.validation.primitives import Problem, problem_of

Check = Callable[[Place, Context], None]
_CHOICE = "[x]"
_NO_TYPES: list[TypeTable] = [{}]  # of an element whose content stands elsewhere
# They are attributes in FHIR's XML, so nothing can stand beside them:
# https://hl7.org/fhir/R4/extensibility.html#special-case
_BARE = frozenset({"Element.id", "Resource.id", "Extension.url", "Narrative.div"})


class Rule:
    """What is checked at one JSON member, such as `birthDate` or `valueQuantity`."""

    __slots__ = (
        "checks",
        "choice",
        "definition",
        "element",
        "is_resource",
        "many",
        "maximum",
        "member",
        "minimum",
        "name",
        "problem",
        "sibling",
        "type",
    )

    def __init__(self, member: str, name: str, type_: str, element: str, definition: str) -> None:
        self.member = member
        self.name = name
        self.type = type_
        self.element = element
        self.definition = definition
        self.many = False
        self.minimum = 0
        self.maximum: float = inf
        self.choice: str | None = None
        self.problem: Problem | None = None  # of a primitive
        self.sibling: str | None = None
        self.is_resource = False
        self.checks: tuple[Check, ...] = ()


class Required:
    """An element that has to be there, under one of several members where it is a choice."""

    __slots__ = ("definition", "element", "members", "min", "name")

    def __init__(
        self, name: str, members: tuple[str, ...], min_: int, element: str, definition: str
    ) -> None:
        self.name = name
        self.members = members
        self.min = min_
        self.element = element
        self.definition = definition


class Plan:
    """What is checked in an object of one type."""

    __slots__ = ("checks", "definition", "is_resource", "required", "rules", "type")

    def __init__(self, type_: str, definition: str, *, is_resource: bool) -> None:
        self.type = type_
        self.definition = definition
        self.is_resource = is_resource
        self.rules: dict[str, Rule] = {}
        self.required: tuple[Required, ...] = ()
        self.checks: tuple[Check, ...] = ()


class Plans:
    """The plans of one set of definitions; two threads may build the same one at once."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._plans: dict[str, Plan] = {}
        self._kinds: dict[str, tuple[bool, Problem | None]] = {}

    def of(self, type_: str) -> Plan | None:
        """Return the plan of a type, or of an element with elements: `Patient.contact`."""
        plan = self._plans.get(type_)
        if plan is None:
            built = self._build(type_)
            plan = None if built is None else self._plans.setdefault(type_, built)
        return plan

    def _build(self, type_: str) -> Plan | None:
        owner, _, path = type_.partition(".")
        table = self._definitions.type_table(owner)
        if table is None:
            return None
        element = _inside(table.get("root", {}), path)
        if element is None:
            return None
        base = _base(element) if path else owner
        is_resource = not path and table.get("kind") == "resource"
        plan = Plan(type_, table["url"], is_resource=is_resource)
        required: list[Required] = []
        rows = list(self._inherited(base))
        if path:
            rows += [(n, e, type_, table["url"]) for n, e in element.get("elements", {}).items()]
        for name, rules, parent, definition in rows:
            self._add(plan, required, name, rules, (f"{parent}.{name}", definition))
        plan.required = tuple(required)
        plan.checks = self._checks_of_type(base)
        return plan

    def _inherited(self, type_: str) -> Iterator[tuple[str, ElementTable, str, str]]:
        """Give the elements of a type, inherited ones first, with the type that states each."""
        for ancestor in reversed(self._definitions.line(type_)):
            table = self._definitions.type_table(ancestor)
            if table is not None:
                for name, element in table.get("root", {}).get("elements", {}).items():
                    yield name, element, ancestor, table["url"]

    def _checks_of_type(self, type_: str) -> tuple[Check, ...]:
        found: list[Check] = []
        for ancestor in reversed(self._definitions.line(type_)):
            table = self._definitions.type_table(ancestor)
            if table is not None:
                root = table.get("root", {})
                found += constraint_checks(root, table["url"], ancestor)
                found += type_checks(ancestor, root, table["url"])
        return tuple(found)

    def _add(
        self,
        plan: Plan,
        required: list[Required],
        name: str,
        table: ElementTable,
        place: tuple[str, str],
    ) -> None:
        short = name.removesuffix(_CHOICE)
        rules = list(self._rules(name, table, place))
        for rule in rules:
            if table.get("max") == 0:
                plan.rules.pop(rule.member, None)
            else:
                plan.rules[rule.member] = rule
        least = table.get("min", 0)
        if least:
            members = tuple(rule.member for rule in rules)
            required.append(Required(short, members, least, *place))

    def _rules(self, name: str, table: ElementTable, place: tuple[str, str]) -> Iterator[Rule]:
        element, definition = place
        constraints = tuple(constraint_checks(table, definition, element))
        for type_ in table.get("types") or _NO_TYPES:
            code = type_.get("code", "")
            is_choice = name.endswith(_CHOICE)
            short = name.removesuffix(_CHOICE)
            member = f"{short}{code[:1].upper()}{code[1:]}" if is_choice else name
            rule = Rule(member, short, _type_of(table, code, element), element, definition)
            rule.choice = short if is_choice else None
            self._shape(rule, table)
            rule.checks = (*value_checks(type_, table, element, definition), *constraints)
            yield rule

    def _shape(self, rule: Rule, table: ElementTable) -> None:
        most = table.get("max", 1)
        rule.many = most != 1
        rule.minimum = table.get("min", 0)
        rule.maximum = most if isinstance(most, int) else inf
        rule.is_resource, rule.problem = self._kind(rule.type)
        if rule.problem is not None:
            is_bare = rule.element in _BARE or rule.type == "longId"
            rule.sibling = None if is_bare else f"_{rule.member}"

    def _kind(self, type_: str) -> tuple[bool, Problem | None]:
        """Tell whether a type is a resource, and how a primitive one is checked."""
        kind = self._kinds.get(type_)
        if kind is None:
            table = self._definitions.type_table(type_)
            rules = table.get("primitive") if table else None
            problem = None if rules is None else problem_of(type_, rules)
            kind = (table is not None and table.get("kind") == "resource", problem)
            self._kinds[type_] = kind
        return kind


def _inside(root: ElementTable, path: str) -> ElementTable | None:
    element: ElementTable | None = root
    for name in path.split(".") if path else ():
        element = (element or {}).get("elements", {}).get(name)
    return element


def _base(element: ElementTable) -> str:
    types: list[TypeTable] = element.get("types") or [{"code": "Element"}]
    return types[0].get("code", "Element")


def _type_of(table: ElementTable, code: str, element: str) -> str:
    """Return the type's name, or the path that stands for elements without one of their own."""
    if "content" in table:
        return table["content"]
    return element if table.get("elements") else code


def plans_of(definitions: Definitions) -> Plans:
    """Return the plans of a set of definitions, the same ones every time."""
    prepared = definitions.prepared
    plans: Plans | None = prepared.get("plans")
    return plans or prepared.setdefault("plans", Plans(definitions))
