"""Resolving functions: which of them a plan can say, and of what type the others are."""

from collections.abc import Callable, Mapping
from typing import cast

from pymedplum_runtime.fhirpath import syntax as tree
from pymedplum_runtime.fhirpath.functions import NAMES, find_function
from pymedplum_runtime.fhirpath.syntax import Fault, Syntax
from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.tables import plan
from pymedplum_runtime.tables.paths.function_results import (
    GATHERED,
    ON_ITEMS,
    RESULT_TYPES,
    SAME,
    SEVERAL,
    TERMINOLOGY,
)
from pymedplum_runtime.tables.paths.keys import (
    base_value,
    resolve_extension,
    resolve_reference_key,
    resolve_resource_key,
)
from pymedplum_runtime.tables.paths.operators import is_condition
from pymedplum_runtime.tables.paths.repeats import reached
from pymedplum_runtime.tables.paths.resolve import Choice, Found, Resolver, is_opaque
from pymedplum_runtime.tables.paths.type_families import family_of
from pymedplum_runtime.tables.paths.types import resolve_type_call

Resolve = Callable[[Resolver, tree.Call, plan.Focus], Found]


def resolve_call(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found:
    """Return what a function gives.

    Raises:
        Fault: there is no such function, it does not take these arguments or what it is called
            on, or an argument is at fault.
    """
    function = find_function(call.name)
    if function is None:
        hint = did_you_mean(call.name, set(NAMES))
        raise Fault(f"there is no function '{call.name}()'{hint}", call.position)
    if call.name in TERMINOLOGY:
        raise Fault(f"{call.name}() needs a terminology, and views ask none", call.position)
    if not function.least <= len(call.arguments) <= function.most:
        resolver.opaque(call, focus, "", many=False)  # the engine says what it takes
    found = _BY_NAME[call.name](resolver, call, focus) if call.name in _BY_NAME else None
    return _other(resolver, call, focus) if found is None else found


def _base(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found:
    return focus if call.target is None else resolver.found(call.target, focus)


_OUTER = frozenset(("$index", "$total", "%context"))


def _needs_outer(part: object) -> bool:
    """Tell whether a condition looks at more than its item and the resource."""
    if isinstance(part, tree.Variable):
        return part.name in _OUTER
    return isinstance(part, tuple) and any(map(_needs_outer, cast("tuple[object, ...]", part)))


def _filtered(resolver: Resolver, call: tree.Call, base: plan.Value) -> plan.Value | None:
    """Return the items for which the first argument is true, or None where a plan cannot."""
    criteria = call.arguments[0]
    item = plan.Focus(base.type)
    condition = _condition(resolver, criteria, item)
    if isinstance(base, plan.Opaque) or _needs_outer(criteria):
        return None
    return plan.Filter(base, condition, base.type, base.many)


def _condition(resolver: Resolver, criteria: Syntax, item: plan.Focus) -> plan.Value:
    found = resolver.value(criteria, item)
    if is_condition(found):
        return found
    # A single item that is no boolean is true.
    if found.type not in ("", "boolean") and not found.many and isinstance(found, plan.Member):
        return plan.Exists(found)
    return resolver.opaque(criteria, item, "boolean", many=False)


def _where(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found:
    base = base_value(resolver, call, focus)
    found = _filtered(resolver, call, base)
    return found or resolver.opaque(call, focus, base.type, many=base.many)


def _exists(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found | None:
    base = _base(resolver, call, focus)
    if call.arguments:
        filtered = _filtered(resolver, call, base_value(resolver, call, focus))
        return None if filtered is None else plan.Exists(filtered)
    return _existing(base, is_negated=False)


def _empty(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found | None:
    return _existing(_base(resolver, call, focus), is_negated=True)


def _existing(base: Found, *, is_negated: bool) -> plan.Value | None:
    if not isinstance(base, Choice):
        return None if isinstance(base, plan.Opaque) else plan.Exists(base, is_negated)
    if is_opaque(base.base):
        return None
    found: plan.Value | None = None
    for key, type_name, repeats in base.field.options:
        member = plan.Member(base.base, key, type_name, repeats, base.many)
        one = plan.Exists(member, is_negated)
        found = one if found is None else plan.Logic("and" if is_negated else "or", found, one)
    return found


def _count(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found | None:
    base = base_value(resolver, call, focus)
    return None if isinstance(base, plan.Opaque) else plan.Count(base)


def _not(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found | None:
    base = base_value(resolver, call, focus)
    return plan.Not(base) if is_condition(base) else None


def _item(position: int) -> Resolve:
    def resolve(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found | None:
        base = _base(resolver, call, focus)
        if not base.many:
            return base
        if isinstance(base, Choice | plan.Opaque):
            return resolver.opaque(call, focus, base.type, many=False)
        return plan.Item(base, position, base.type)

    return resolve  # type: ignore[return-value]


def _single(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found:
    base = _base(resolver, call, focus)
    return resolver.opaque(call, focus, base.type, many=False) if base.many else base


def _join(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found | None:
    base = base_value(resolver, call, focus)
    if base.type and family_of(base.type) not in ("text", "moment", "time"):
        raise Fault(f"join() takes texts, not {base.type}", call.position)
    mark = resolver.value(call.arguments[0], focus) if call.arguments else None
    if isinstance(base, plan.Opaque) or not (mark is None or isinstance(mark, plan.Literal)):
        return None
    separator = "" if mark is None else mark.value
    return plan.Join(base, separator) if isinstance(separator, str) else None


def _repeat(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found:
    base, path = base_value(resolver, call, focus), call.arguments[0]
    # What is reached may have elements that the beginning has not.
    Resolver(resolver.text, resolver.root, is_lenient=True).value(path, plan.Focus(base.type))
    types = reached([(resolver.text, path)], plan.Focus(base.type), resolver.root)
    return resolver.opaque(call, focus, types[0] if len(types) == 1 else "", many=True)


def _select(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> Found:
    base = base_value(resolver, call, focus)
    projected = resolver.value(call.arguments[0], plan.Focus(base.type))
    many = base.many or projected.many
    if not isinstance(base, plan.Opaque):
        found = _onto(projected, base)
        if found is not None:
            return found
    return resolver.opaque(call, focus, projected.type, many=many)


def _onto(value: plan.Value, base: plan.Value) -> plan.Value | None:
    """Return a path of elements as it goes on from `base`; None for what is no such path."""
    if isinstance(value, plan.Focus):
        return base
    if not isinstance(value, plan.Member):
        return None
    before = _onto(value.base, base)
    if before is None:
        return None
    many = before.many or value.repeats
    return plan.Member(before, value.name, value.type, value.repeats, many)


def _other(resolver: Resolver, call: tree.Call, focus: plan.Focus) -> plan.Opaque:
    """Leave a function to the engine, with its arguments checked."""
    base = base_value(resolver, call, focus)
    on_items = call.name in ON_ITEMS and call.target is not None
    item = plan.Focus(base.type) if on_items else focus
    arguments = [resolver.value(each, item) for each in call.arguments]
    if call.name in SAME:
        return resolver.opaque(call, focus, base.type, many=base.many)
    if call.name not in GATHERED:
        type_name, many = RESULT_TYPES.get(call.name, ""), call.name in SEVERAL
        return resolver.opaque(call, focus, type_name, many=many)
    pairs = zip(call.arguments, arguments, strict=True)
    parts = [each for syntax, each in pairs if not _is_nothing(syntax)]
    parts = {"iif": parts[1:], "coalesce": parts}.get(call.name) or [base, *parts]
    types = {part.type for part in parts}
    many = call.name in SEVERAL or any(part.many for part in parts)
    return resolver.opaque(call, focus, types.pop() if len(types) == 1 else "", many=many)


def _is_nothing(syntax: Syntax) -> bool:
    return isinstance(syntax, tree.Literal) and not syntax.type


_BY_NAME: Mapping[str, Callable[..., Found | None]] = {
    "where": _where,
    "exists": _exists,
    "empty": _empty,
    "count": _count,
    "not": _not,
    "first": _item(0),
    "last": _item(-1),
    "single": _single,
    "select": _select,
    "repeat": _repeat,
    "repeatAll": _repeat,
    "join": _join,
    "extension": resolve_extension,
    "getResourceKey": resolve_resource_key,
    "getReferenceKey": resolve_reference_key,
    "ofType": resolve_type_call,
    "as": resolve_type_call,
    "is": resolve_type_call,
}
