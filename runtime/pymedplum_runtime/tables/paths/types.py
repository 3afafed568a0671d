"""Resolving `ofType()`, `as` and `is`: which of an element's types is meant."""

from collections.abc import Sequence

from pymedplum_runtime.fhirpath import syntax as tree
from pymedplum_runtime.fhirpath.syntax import Fault, Syntax
from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.tables import plan
from pymedplum_runtime.tables.paths.fields import (
    Field,
    is_a,
    is_known,
    is_primitive,
    type_names,
)
from pymedplum_runtime.tables.paths.resolve import Choice, Found, Resolver, is_opaque

_SYSTEM = "System."
_KEPT = (plan.Focus, plan.Resource, plan.Member, plan.Item, plan.Filter)


def resolve_type_call(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found:
    """Return what `ofType(type)`, `as(type)` or `is(type)` gives.

    Raises:
        Fault: there is no such type, or what it is asked of is never of it.
    """
    name = named(call.arguments[0]) if len(call.arguments) == 1 else ""
    if not name:
        raise Fault(f"{call.name}() takes the name of a type", call.position)
    found: Found = focus if call.target is None else resolver.found(call.target, focus)
    return resolve_type(resolver, call, name, found, focus)


def resolve_type_operation(
    resolver: Resolver, part: tree.TypeOperation, focus: plan.Focus
) -> Found:
    """Return what `operand as type` or `operand is type` gives.

    Raises:
        Fault: as `resolve_type_call`.
    """
    return resolve_type(resolver, part, part.type, resolver.found(part.operand, focus), focus)


def named(syntax: Syntax | None) -> str:
    """Return the name of a type that was parsed as a path; empty if it is none."""
    names: list[str] = []
    while isinstance(syntax, tree.Name):
        names.insert(0, syntax.name)
        syntax = syntax.target
    return ".".join(names) if syntax is None else ""


def resolve_type(
    resolver: Resolver,
    part: tree.Call | tree.TypeOperation,
    name: str,
    found: Found,
    focus: plan.Focus,
) -> Found:
    """Return what is of a type, or whether it is.

    Raises:
        Fault: as `resolve_type_call`.
    """
    operator = part.name if isinstance(part, tree.Call) else part.operator
    if name.startswith(_SYSTEM):
        type_name = "boolean" if operator == "is" else ""
        return resolver.opaque(part, focus, type_name, many=operator != "is" and found.many)
    name = name.removeprefix("FHIR.")
    if not is_known(name):
        raise Fault(f"there is no type '{name}'{did_you_mean(name, type_names())}", part.position)
    if operator == "is":
        return resolver.opaque(part, focus, "boolean", many=False)
    if isinstance(found, Choice):
        return _chosen(resolver, part, name, found, focus)
    return _narrowed(resolver, part, name, found, focus)


def _chosen(
    resolver: Resolver, part: Syntax, name: str, choice: Choice, focus: plan.Focus
) -> plan.Value:
    options = [option for option in choice.field.options if _passes(option.type, name)]
    if not options and not resolver.is_lenient:
        raise Fault(_never(choice.field.name, choice.field.options, name), part.position)
    if len(options) != 1 or is_opaque(choice.base):
        return resolver.opaque(part, focus, name, many=choice.many)
    key, type_name, repeats = options[0]
    return plan.Member(choice.base, key, type_name, repeats, choice.many)


def _narrowed(
    resolver: Resolver, part: Syntax, name: str, found: plan.Value, focus: plan.Focus
) -> plan.Value:
    if isinstance(found, _KEPT) and found.type and _passes(found.type, name):
        return found
    is_settled = isinstance(found, _KEPT) and bool(found.type) and not resolver.is_lenient
    if is_settled and not is_a(name, found.type):
        raise Fault(f"{found.type} is never {name}", part.position)
    return resolver.opaque(part, focus, name, many=found.many)


def _passes(type_name: str, wanted: str) -> bool:
    """Tell whether items of a type pass: of a primitive only its own type counts."""
    return type_name == wanted if is_primitive(type_name) else is_a(type_name, wanted)


_MOST_NAMED = 12


def _never(element: str, options: Sequence[Field], name: str) -> str:
    types = [option.type for option in options]
    hint = did_you_mean(name, set(types))
    if not hint and len(types) <= _MOST_NAMED:
        hint = f"; it may be {', '.join(types)}"
    return f"'{element}[x]' is never {name}{hint}"
