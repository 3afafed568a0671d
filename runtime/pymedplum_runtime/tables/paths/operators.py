"""Resolving operators: which of them a plan can say, and of what type the others are."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from pymedplum_runtime.fhirpath import syntax as tree
from pymedplum_runtime.fhirpath.syntax import Fault, Syntax
from pymedplum_runtime.tables import plan
from pymedplum_runtime.tables.paths.fields import is_a
from pymedplum_runtime.tables.paths.resolve import Found, Resolver
from pymedplum_runtime.tables.paths.type_families import NUMBERS, family_of

_TEXTS = frozenset(("text", "moment", "time"))


def resolve_operation(resolver: Resolver, part: tree.Operation, focus: plan.Focus) -> Found:
    """Return what two operands with an operator between them give.

    Raises:
        Fault: an operand is at fault, as `Resolver.value`, or the two do not go together.
    """
    if part.operator in CHAINED:
        return _chain(resolver, part, focus)
    left = resolver.value(part.left, focus)
    if part.operator == "in":
        found = _among(resolver, part, left, focus)
        if found is not None:
            return found
    right = resolver.value(part.right, focus)
    if part.operator in _ORDERING and not _have_an_order(left.type, right.type):
        raise Fault(_no_order(left.type, right.type), part.position)
    if part.operator in _CALCULATING and not _fit_each_other(part.operator, left.type, right.type):
        said = f"'{part.operator}' takes no {left.type} and {right.type}"
        raise Fault(said, part.position)
    if part.operator in _COMPARING:
        found = compared(part.operator, left, right)
    else:
        found = _logic(part.operator, left, right) if part.operator in _LOGIC else None
    type_name = _type_of(part.operator, left, right)
    return found or resolver.opaque(part, focus, type_name, many=False)


CHAINED = frozenset(("and", "or", "|"))
"""Operators of which many may stand in a row, in whatever order they are applied."""


def _chain(resolver: Resolver, part: tree.Operation, focus: plan.Focus) -> plan.Value:
    operands = [resolver.value(each, focus) for each in operands_of(part, part.operator)]
    if part.operator != "|":
        if all(map(is_condition, operands)):
            return balanced(part.operator, operands)
        return resolver.opaque(part, focus, "boolean", many=False)
    types = {operand.type for operand in operands}
    return resolver.opaque(part, focus, types.pop() if len(types) == 1 else "", many=True)


def operands_of(part: Syntax, operator: str) -> list[Syntax]:
    """Return the operands of one operator in a row, from left to right; else the part itself."""
    found: list[Syntax] = []
    while isinstance(part, tree.Operation) and part.operator == operator:
        found.append(part.right)
        part = part.left
    return [part, *reversed(found)]


_MOST_LEVELS = 80


def check_levels(syntax: Syntax) -> None:
    """Refuse a path whose plan would be nested too deeply to be worked on.

    Raises:
        Fault: it is.
    """
    pending: list[tuple[object, int]] = [(syntax, 1)]
    while pending:
        part, level = pending.pop()
        if level > _MOST_LEVELS:
            raise Fault(f"it nests more than {_MOST_LEVELS} parts")
        if isinstance(part, tree.Operation) and part.operator in CHAINED:
            pending += [(each, level + 1) for each in operands_of(part, part.operator)]
        elif isinstance(part, tuple):
            members = cast("tuple[object, ...]", part)
            step = hasattr(members, "_fields")  # a plain tuple holds the arguments of a call
            pending += [(each, level + step) for each in members]


def balanced(operator: str, conditions: Sequence[plan.Value]) -> plan.Value:
    """Join conditions by `and` or `or`, nested no deeper than they must be."""
    if len(conditions) == 1:
        return conditions[0]
    middle = (len(conditions) + 1) // 2
    left, right = conditions[:middle], conditions[middle:]
    return plan.Logic(cast("Any", operator), balanced(operator, left), balanced(operator, right))


_LOGIC = frozenset(("and", "or", "xor", "implies"))
_ORDERING = frozenset(("<", "<=", ">", ">="))
_COMPARING = _ORDERING | {"=", "!="}
_CLAIMS = _LOGIC | _COMPARING | {"~", "!~", "in", "contains"}


def is_condition(value: plan.Value) -> bool:
    """Tell whether a value is true, false or nothing, and never several."""
    return value.type == "boolean" and not value.many


def _logic(operator: str, left: plan.Value, right: plan.Value) -> plan.Value | None:
    if not is_condition(left) or not is_condition(right):
        return None
    return plan.Logic(cast("Any", operator), left, right)


def compared(operator: str, left: plan.Value, right: plan.Value) -> plan.Compare | None:
    """Return a comparison that a plan can say, or None."""
    kind = _kind(left, right)
    is_equality = operator in ("=", "!=")
    if not kind or (kind != "number" and not is_equality):
        return None
    if is_equality and right.many and not left.many:
        left, right = right, left
    if right.many or (left.many and not is_equality):
        return None
    return plan.Compare(cast("Any", operator), left, right, cast("Any", kind))


def _kind(left: plan.Value, right: plan.Value) -> str:
    one, other = family_of(left.type), family_of(right.type)
    if one == other:
        return one if one in ("text", "number", "boolean") else ""
    # A date is the same as a text when they are written alike.
    is_text = {one, other} <= _TEXTS and (_is_text(left) or _is_text(right))
    return "text" if is_text else ""


def _is_text(value: plan.Value) -> bool:
    return isinstance(value, plan.Literal) and value.type == "string"


def _have_an_order(left: str, right: str) -> bool:
    if not left or not right:
        return True
    if is_a(left, "Quantity") or is_a(right, "Quantity"):
        return all(is_a(each, "Quantity") or each in NUMBERS for each in (left, right))
    family = family_of(left)
    return family not in ("", "boolean") and family == family_of(right)


_CALCULATING = frozenset(("+", "-", "*", "/", "div", "mod"))


def _fit_each_other(operator: str, left: str, right: str) -> bool:
    """Tell whether single values of two types can be calculated with; others may be Quantities."""
    families = {family_of(left), family_of(right)}
    return "" in families or families == {"number"} or (operator == "+" and families == {"text"})


def _no_order(left: str, right: str) -> str:
    is_text = "text" in (family_of(left), family_of(right))
    is_moment = "moment" in (family_of(left), family_of(right))
    hint = "; a date is written as @2024-05-01" if is_text and is_moment else ""
    return f"{left} and {right} have no order{hint}"


def _among(
    resolver: Resolver, part: tree.Operation, left: plan.Value, focus: plan.Focus
) -> plan.Value | None:
    """Say `x in (a | b)` as `x = a or x = b` where a and b are written out."""
    members = [resolver.value(each, focus) for each in operands_of(part.right, "|")]
    family = family_of(left.type)
    if left.many or family not in ("text", "number", "boolean"):
        return None
    found: list[plan.Value] = []
    for member in members:
        same = compared("=", left, member) if isinstance(member, plan.Literal) else None
        if same is None or family_of(member.type) != family:
            return None
        found.append(same)
    return balanced("or", found)


def _sum(left: str, right: str) -> str:
    families = (family_of(left), family_of(right))
    if families == ("text", "text"):
        return "string"
    return left if families[0] in ("moment", "time") else _number(left, right)


def _number(left: str, right: str) -> str:
    if "Quantity" in (left, right):
        return "Quantity"
    families = (family_of(left), family_of(right))
    if families != ("number", "number"):
        return ""
    widest = [each for each in ("decimal", "integer64") if each in (left, right)]
    return widest[0] if widest else "integer"


def _text(_left: str, _right: str) -> str:
    return "string"


_RESULTS: Mapping[str, Callable[[str, str], str]] = {
    "+": _sum,
    "-": _sum,
    "*": _number,
    "/": lambda left, right: "decimal" if _number(left, right) else "",
    "div": lambda left, right: "integer" if _number(left, right) else "",
    "mod": _number,
    "&": _text,
}


def _type_of(operator: str, left: plan.Value, right: plan.Value) -> str:
    return "boolean" if operator in _CLAIMS else _RESULTS[operator](left.type, right.type)
