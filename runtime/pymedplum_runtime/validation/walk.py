"""The walk: a resource member by member along the plans of its types, everything noted.

It goes on after what is broken, so one call finds all of it; it stops only where the data is
nested too deeply. What it walks is JSON: `plain.py` has seen to that.
"""

from typing import Any, cast

from pymedplum_runtime.validation import shape
from pymedplum_runtime.validation.applied import apply_named
from pymedplum_runtime.validation.context import DEEPEST, Context, Place
from pymedplum_runtime.validation.json_values import Object, as_list
from pymedplum_runtime.validation.plans import Check, Plan, Plans, Rule, plans_of
from pymedplum_runtime.validation.primitives import kind_of
from pymedplum_runtime.validation.resource_types import resource_type_fault

Value = Any  # a JSON value
List = list[Value]


class Walk:
    """One pass over one resource."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._plans: Plans = plans_of(context.definitions)
        self._beside = cast("Plan", self._plans.of("Element"))
        self._has_checks = context.level != "structure"

    def resource(self, place: Place) -> None:
        """Walk a resource whose type is known, and apply the profiles that it names."""
        plan = self._plans.of(place.type)
        if plan is None:
            return
        self._object(place.value, place, plan)
        self._check(plan.checks, place)
        if self.context.level == "profile":
            apply_named(place, self.context)

    def _object(self, value: Object, place: Place, plan: Plan) -> None:
        """Look at every member of an object, and for those that should be there."""
        if place.depth > DEEPEST:
            shape.too_deep(place, plan, self.context)
            return
        self._members(value, place, plan)
        for required in plan.required:
            for name in required.members:
                if name in value:
                    break
            else:
                shape.missing(required, value, place, plan, self.context)
        if not value:
            shape.empty(place, plan, self.context)

    def _members(self, value: Object, place: Place, plan: Plan) -> None:
        rules = plan.rules
        chosen: list[Rule] = []
        for name, item in value.items():
            rule = rules.get(name)
            if rule is None:
                rule = self._other(name, item, value, place, plan)
            elif rule.many:
                self._many(rule, item, value, place)
            elif rule.problem is not None:
                sibling = value.get(rule.sibling) if rule.sibling else None
                self._primitive(rule, item, sibling, place, None)
            else:
                self._complex(rule, item, place, None)
            if rule is not None and rule.choice is not None:
                chosen.append(rule)
        if len(chosen) > 1:
            shape.several_choices(chosen, place, self.context)

    def _other(
        self, name: str, item: Value, value: Object, place: Place, plan: Plan
    ) -> Rule | None:
        """Look at a member without a rule of its own: a primitive's sibling, or an unknown one."""
        if name == "resourceType" and plan.is_resource:
            return None
        rule = plan.rules.get(name[1:]) if name[:1] == "_" else None
        if rule is None or rule.sibling is None:
            shape.unknown(name, place, plan, self.context)
            return None
        if rule.member in value and item is not None:
            return None  # looked at beside its value
        if rule.many:
            for index, each in enumerate(self._list(rule, item, place, is_beside=True)):
                self._primitive(rule, None, each, place, index)
        elif item is None:
            shape.no_sibling(rule, place.child(rule.name, None, None, ""), item, self.context)
        else:
            self._primitive(rule, None, item, place, None)
        return rule

    def _list(self, rule: Rule, items: Value, place: Place, *, is_beside: bool = False) -> List:
        """Return the items of a list, and none of what is no list or an empty one."""
        found = as_list(items)
        if found and type(items) is list:
            return found
        shape.no_list(rule, items, place, self.context, is_beside=is_beside)
        return []

    def _many(self, rule: Rule, value: Value, owner: Object, place: Place) -> None:
        """Look at a list of values, and at their siblings."""
        items = self._list(rule, value, place)
        if not rule.minimum <= len(items) <= rule.maximum and items:
            shape.wrong_number(rule, len(items), place, self.context)
        if rule.problem is None:
            for index, item in enumerate(items):
                self._complex(rule, item, place, index)
            return
        beside = owner.get(rule.sibling) if rule.sibling else None
        if beside is None:
            for index, item in enumerate(items):
                self._primitive(rule, item, None, place, index)
            return
        siblings = self._list(rule, beside, place, is_beside=True)
        for index in range(max(len(items), len(siblings))):
            item = items[index] if index < len(items) else None
            sibling = siblings[index] if index < len(siblings) else None
            self._primitive(rule, item, sibling, place, index)

    def _primitive(
        self, rule: Rule, value: Value, sibling: Value, parent: Place, index: int | None
    ) -> None:
        """Look at a primitive and what stands beside it."""
        wrong = None
        if sibling is None or value is not None:
            wrong = rule.problem(value) if rule.problem is not None else None
            if wrong is None and sibling is None and not rule.checks:
                return  # most primitives: no place is made for them
        place = Place(parent, rule.name, index, value, rule.type, rule.element, sibling)
        if wrong is not None:
            shape.wrong_primitive(rule, place, wrong, self.context)
        elif sibling is None:
            self._check(rule.checks, place)
        if sibling is not None:
            self._sibling(rule, place)
            self._check(rule.checks, place)

    def _sibling(self, rule: Rule, place: Place) -> None:
        """Look at the object beside a primitive: its id and its extensions."""
        sibling = place.sibling
        if type(sibling) is not dict:
            shape.no_sibling(rule, place, sibling, self.context)
            return
        members = cast("Object", sibling)
        self._object(members, place, self._beside)
        if place.value is None and "extension" not in members:
            shape.unexplained(rule, place, self.context)

    def _complex(self, rule: Rule, value: Value, parent: Place, index: int | None) -> None:
        """Look at an object of a complex type, or at a resource inside a resource."""
        if type(value) is not dict:
            place = Place(parent, rule.name, index, value, rule.type, rule.element)
            message = f"expected an object, got {kind_of(value)}"
            shape.wrong_value(rule, place, message, self.context)
            return
        if rule.is_resource:
            self._inner_resource(rule, cast("Object", value), parent, index)
            return
        place = Place(parent, rule.name, index, value, rule.type, rule.element)
        plan = self._plans.of(rule.type)
        if plan is None:
            shape.no_plan(rule, place, self.context)
            return
        self._object(cast("Object", value), place, plan)
        self._check(plan.checks, place)
        self._check(rule.checks, place)

    def _inner_resource(self, rule: Rule, value: Object, parent: Place, index: int | None) -> None:
        type_ = value.get("resourceType")
        fault = resource_type_fault(type_, self.context.definitions)
        kind = "Resource" if fault is not None else str(type_)
        place = Place(parent, rule.name, index, value, kind, kind, is_resource=True)
        if fault is not None:
            shape.wrong_value(rule, place, fault, self.context)
            return
        self.resource(place)
        self._check(rule.checks, place)

    def _check(self, checks: tuple[Check, ...], place: Place) -> None:
        if self._has_checks:
            for check in checks:
                check(place, self.context)
