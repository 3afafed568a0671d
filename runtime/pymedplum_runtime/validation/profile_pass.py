"""One pass over a value with the table of a profile, which holds only what is tighter.

The base walk has seen the value and reported what is broken in its structure, so the pass leaves
out what has the wrong JSON type.
"""

from collections.abc import Mapping
from typing import Any

from pymedplum_runtime.profiles.tables import DefinitionTable
from pymedplum_runtime.validation.context import DEEPEST, Context, Place
from pymedplum_runtime.validation.json_values import as_object
from pymedplum_runtime.validation.profile_plans import Edge, Node, Plan, plan_of
from pymedplum_runtime.validation.slicing import check_slices

# Profiles inside profiles, and trials of a reference's target: the stack is not endless.
MOST_NESTED = 16

Value = Any  # a JSON value
Object = Mapping[str, Value]


def check(value: Value, place: Place, table: DefinitionTable, context: Context) -> None:
    """Check a value against a profile; a value that was checked against it is left alone.

    Args:
        value: the JSON value that the profile is about: a resource, an extension, a datatype.
        place: where it stands.
        table: the profile.
        context: what is shared; issues, questions and absent must-support elements go there.
    """
    if not _is_first(value, place, table, context):
        return
    if not context.definitions.is_subtype(place.type, table["type"]):
        url = table["url"]
        message = f"the profile is for {table['type']}, not for {place.type}"
        context.report(
            "error",
            "structure",
            place,
            message,
            definition=url,
            element=table["type"],
            profile=url,
        )
        return
    if context.nesting >= MOST_NESTED:
        context.leave_unchecked(place, table["url"], "too many profiles lead to each other")
        return
    plan = plan_of(table, context.definitions)
    context.nesting += 1
    check_node(plan.root(place.type), place, plan, context)
    context.nesting -= 1


def _is_first(value: Value, place: Place, table: DefinitionTable, context: Context) -> bool:
    """Tell whether the profile is new to the value.

    An object that the caller put in several places is one object, so its place counts too.
    """
    around = None if place.parent is None else id(place.parent.value)
    key = (table["url"], id(value), around, place.name, place.index)
    if not isinstance(value, dict):
        return True
    if key in context.passed:
        return False
    context.passed.add(key)
    return True


def check_node(node: Node, place: Place, plan: Plan, context: Context) -> None:
    """Check one value and what is inside it."""
    if place.depth > DEEPEST:
        return  # the base walk says so
    for each in node.checks:
        each(place, context)
    if not node.edges:
        return
    if node.is_primitive:
        inside = {**as_object(place.sibling), "value": place.value}
    else:
        inside = as_object(place.value)
        if not isinstance(place.value, dict):
            return
    for edge in node.edges:
        if not edge.only_counts:
            _check_edge(edge, inside, place, plan, context)
        elif inside.get(edge.names.member) is None and not edge.names.is_in(inside):
            _check_count(edge, 0, place, plan, context)


def _check_edge(edge: Edge, inside: Object, place: Place, plan: Plan, context: Context) -> None:
    places = edge.names.places(inside, place, edge.element)
    if not places:
        if not edge.names.is_in(inside):
            _check_count(edge, 0, place, plan, context)
    elif edge.maximum is not None or len(places) < edge.minimum:
        _check_count(edge, len(places), place, plan, context)
    for each in places:
        node = edge.node(each.type)
        if node.has_rules:
            check_node(node, each, plan, context)
    if edge.is_sliced:
        check_slices(edge.table, edge.element, place, places, plan, context)


def _check_count(edge: Edge, count: int, place: Place, plan: Plan, context: Context) -> None:
    if not count and edge.table.get("must_support") and edge.maximum != 0:
        context.must_support(plan.url, edge.element)
    if count < edge.minimum:
        needs = "it" if edge.minimum == 1 else f"at least {edge.minimum}"
        code, message = "required", f"{_found(count)}: the profile needs {needs}"
    elif edge.maximum is not None and count > edge.maximum:
        allows = "none" if edge.maximum == 0 else f"at most {edge.maximum}"
        code, message = "structure", f"{_found(count)}: the profile allows {allows}"
    else:
        return
    context.report(
        "error",
        code,
        place.child(edge.names.name, None, None, ""),
        message,
        definition=plan.url,
        element=edge.element,
        profile=plan.url,
    )


def _found(count: int) -> str:
    few = "has a value" if count else "is missing"
    return f"has {count} values" if count > 1 else few
