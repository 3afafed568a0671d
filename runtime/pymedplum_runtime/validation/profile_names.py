"""The values of a child element, as the JSON of a resource spells it: choices, lists, siblings."""

from collections.abc import Iterable, Mapping
from typing import Any

from pymedplum_runtime.validation.context import Place
from pymedplum_runtime.validation.json_values import as_list, as_object
from pymedplum_runtime.validation.plans import Rule

Value = Any  # a JSON value
Object = Mapping[str, Value]


class Names:
    """A child element as the JSON spells it, with the base rule of each spelling."""

    __slots__ = ("_members", "_one", "member", "name", "single")

    def __init__(self, name: str, rules: Iterable[Rule]) -> None:
        self.name = name
        self._members: dict[str, Rule] = {}
        for rule in rules:
            self._members[rule.member] = rule
            if rule.sibling:
                self._members[rule.sibling] = rule
        ways = {id(rule): rule for rule in self._members.values()}
        self._one = next(iter(ways.values())) if len(ways) == 1 else None
        # Of an element with one spelling.
        self.member = "" if self._one is None else self._one.member
        self.single = "" if self._one is None else self._one.type

    def is_in(self, parent: Object) -> bool:
        """Tell whether the element is there, with a value or with extensions alone."""
        if self._one is None:
            return not self._members.keys().isdisjoint(parent)
        rule = self._one
        return bool(
            parent.get(rule.member) not in _NOTHING
            or (rule.sibling and parent.get(rule.sibling) not in _NOTHING)
        )

    def places(self, parent: Object, place: Place, element: str) -> list[Place]:
        """Return the values of the element; of a wrong JSON type, none."""
        rule = self._one
        if rule is None:
            found: list[Place] = []
            met = {id(r): r for key in parent if (r := self._members.get(key)) is not None}
            for one in met.values():
                found += _places(one, parent, place, element)
            return found
        return _places(rule, parent, place, element)


_NOTHING: "tuple[Value, ...]" = (None, [])


def _places(rule: Rule, parent: Object, place: Place, element: str) -> list[Place]:
    value = parent.get(rule.member)
    sibling = parent.get(rule.sibling) if rule.sibling else None
    if value is None and sibling is None:
        return []
    if rule.many:
        return _items(rule, value, sibling, place, element)
    if isinstance(value, list) or isinstance(sibling, list):
        return []
    return [_place(rule, place, None, value, sibling, element)]


def _items(rule: Rule, value: Value, sibling: Value, place: Place, element: str) -> list[Place]:
    values, siblings = as_list(value), as_list(sibling)
    if not siblings:
        return [
            _place(rule, place, index, item, None, element)
            for index, item in enumerate(values)
            if item is not None
        ]
    places: list[Place] = []
    for index in range(max(len(values), len(siblings))):
        item = values[index] if index < len(values) else None
        beside = siblings[index] if index < len(siblings) else None
        if item is not None or beside is not None:
            places.append(_place(rule, place, index, item, beside, element))
    return places


def _place(  # noqa: PLR0913, PLR0917 - nearly the constructor of Place
    rule: Rule, parent: Place, index: int | None, value: Value, sibling: Value, element: str
) -> Place:
    if not rule.is_resource:
        return Place(parent, rule.name, index, value, rule.type, element, sibling)
    own = as_object(value).get("resourceType")
    own = own if isinstance(own, str) else rule.type
    return Place(parent, rule.name, index, value, own, element, None, is_resource=True)
