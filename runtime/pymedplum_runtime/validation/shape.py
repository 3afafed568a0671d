"""The issues of a resource's shape: what is missing, unknown, doubled or of the wrong kind."""

from typing import Any

from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.validation.context import DEEPEST, Context, Message, Place
from pymedplum_runtime.validation.json_values import as_object
from pymedplum_runtime.validation.plans import Plan, Required, Rule
from pymedplum_runtime.validation.primitives import kind_of

_LONGEST_NAME = 64  # characters of an unknown member's name that a message shows
_MOST_NAMES = 8  # members of a choice that a message names
_ELEMENT = "http://hl7.org/fhir/StructureDefinition/Element"


def unknown(name: object, place: Place, plan: Plan, context: Context) -> None:
    """Report a member that the type does not have."""
    where, said = place, "a member whose name is no text"
    if isinstance(name, str):
        said = f"'{name[:_LONGEST_NAME]}'" if name.isprintable() else "an unprintable name"
        if name.isidentifier():
            where = place.child(name[:_LONGEST_NAME], None, None, "")

    def message() -> str:
        return f"{said} is not an element of {plan.type}{_hint(name, plan)}"

    context.report(
        "error", "structure", where, message, definition=plan.definition, element=plan.type
    )


def _hint(name: object, plan: Plan) -> str:
    if not isinstance(name, str):
        return ""
    choices = sorted(r.member for r in plan.rules.values() if r.choice == name)
    if choices:
        return f"; its name says its type, as in '{choices[0]}'"
    if name[:1] == "_" and name[1:] in plan.rules:
        return "; only primitives have such a sibling"
    return did_you_mean(name[:_LONGEST_NAME], set(plan.rules))


def missing(
    required: Required, value: dict[str, Any], place: Place, plan: Plan, context: Context
) -> None:
    """Report an element that has to be there, unless its extensions say why it is not."""
    for name in required.members:
        rule = plan.rules[name]
        if rule.sibling is not None and _explains(value.get(rule.sibling)):
            return
    names = required.members
    choices = f" as one of {', '.join(names[:_MOST_NAMES])}" if len(names) > 1 else ""
    message = f"is missing{choices}: {plan.type} needs it"
    _report(required, place.child(required.name, None, None, ""), message, context, "required")


def _explains(sibling: object) -> bool:
    if type(sibling) is list:
        return True  # its members are checked one by one
    return "extension" in as_object(sibling)


def several_choices(chosen: list[Rule], place: Place, context: Context) -> None:
    """Report a second value where one of several types belongs."""
    first: dict[str | None, Rule] = {}
    for rule in chosen:
        # A value and what stands beside it have the same rule.
        other = first.setdefault(rule.choice, rule)
        if other is not rule:
            message = f"has {other.member} and {rule.member}; one value belongs here"
            _report(rule, place.child(rule.name, None, None, ""), message, context)


def wrong_value(rule: Rule, place: Place, message: Message, context: Context) -> None:
    """Report a value that is not of its type."""
    _report(rule, place, message, context, "value" if rule.problem is not None else "structure")


def wrong_primitive(rule: Rule, place: Place, message: str, context: Context) -> None:
    """Report a primitive that does not keep the rules of its type."""
    value: object = place.value
    if isinstance(value, list) and not rule.many:
        message = f"{message}: one value belongs here"
    elif value is None and place.index is not None:
        message = f"expected a value, or its extensions in {rule.sibling}"
    wrong_value(rule, place, message, context)


def no_sibling(rule: Rule, place: Place, sibling: object, context: Context) -> None:
    """Report what is no object beside a primitive."""
    message = f"{rule.sibling} is an object with id and extension, got {kind_of(sibling)}"
    _report(rule, place, message, context)


def no_list(rule: Rule, items: object, parent: Place, context: Context, *, is_beside: bool) -> None:
    """Report what stands where a list belongs."""
    name = rule.sibling if is_beside else rule.member
    if type(items) is list:
        message = f"{name} is an empty array: FHIR has none; leave it out"
    else:
        message = f"{name} is an array, got {kind_of(items)}"
    _report(rule, parent.child(rule.name, None, None, ""), message, context)


def wrong_number(rule: Rule, count: int, parent: Place, context: Context) -> None:
    """Report a list that is longer than its maximum, or shorter than its minimum."""
    bound = f"at least {rule.minimum}" if count < rule.minimum else f"at most {rule.maximum}"
    message = f"has {count} values, {bound}"
    _report(rule, parent.child(rule.name, None, None, ""), message, context)


def empty(place: Place, plan: Plan, context: Context) -> None:
    """Report an object without members."""
    context.report(
        "error",
        "structure",
        place,
        "is an empty object: FHIR has none; leave it out",
        definition=plan.definition,
        element=plan.type,
    )


def unexplained(rule: Rule, place: Place, context: Context) -> None:
    """Report a null of a list that stands for nothing, or a primitive that is an id alone."""
    if place.index is not None:
        message = f"expected a value, or its extensions in {rule.sibling}"
        _report(rule, place, message, context)
    elif context.level != "structure":
        context.report(
            "error",
            "invariant",
            place,
            "ele-1: has neither a value nor extensions",
            definition=_ELEMENT,
            element="Element",
            key="ele-1",
        )


def no_plan(rule: Rule, place: Place, context: Context) -> None:
    """Report a type that the definitions do not have."""
    message = f"is of the type {rule.type}, which is not known; it was not checked"
    context.report(
        "warning",
        "not-supported",
        place,
        message,
        definition=rule.definition,
        element=rule.element,
    )


def too_deep(place: Place, plan: Plan, context: Context) -> None:
    """Report, once, that the walk ends where it is."""
    if not context.is_cut:
        context.is_cut = True
        context.report(
            "error",
            "too-costly",
            place,
            f"is nested more than {DEEPEST} levels deep; what is inside was not checked",
            definition=plan.definition,
            element=plan.type,
        )


def _report(
    rule: Rule | Required,
    place: Place,
    message: Message,
    context: Context,
    code: str = "structure",
) -> None:
    context.report("error", code, place, message, definition=rule.definition, element=rule.element)
