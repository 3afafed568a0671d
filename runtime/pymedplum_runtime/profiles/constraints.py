"""The constraints of an element: those that are new, and can be read."""

from collections.abc import Iterator
from typing import Any, cast

from pymedplum_runtime.profiles.expressions import what_is_broken
from pymedplum_runtime.profiles.layers import referred_to, types_of
from pymedplum_runtime.profiles.rules import Setting

_SEVERITIES = ("error", "warning")
_NO_ROW = ["", ""]


def read_constraints(setting: Setting, profile: str) -> None:
    """Read `constraint`: what neither the type nor the base element says under the same key."""
    given = setting.definition.get("constraint")
    if not isinstance(given, list):
        return
    known = dict(_known_constraints(setting))
    # A rule of the base profile holds on beside another one of the same key.
    own = {(c[0], _squeezed(c[3])): c for c in setting.table.get("constraints", ())}
    inherited = {key for key, _ in own}
    for each in cast("list[dict[str, Any]]", given):
        key, expression = each.get("key"), each.get("expression")
        if not isinstance(key, str) or not isinstance(expression, str):
            continue  # in XPath alone; FHIR's FHIRPath is what can be checked
        if key in known and _is_repeated(each, known[key], profile):
            continue
        if key in inherited and _is_from_elsewhere(each, profile):
            continue
        same = key, _squeezed(expression)
        if _compiles(setting, key, expression) and own.get(same, _NO_ROW)[1] != "error":
            severity = each.get("severity")
            named = severity if severity in _SEVERITIES else "error"
            own[same] = [key, cast("str", named), str(each.get("human", "")), expression]
    if own:
        setting.table["constraints"] = list(own.values())


def _is_repeated(constraint: dict[str, Any], expression: str, profile: str) -> bool:
    """Tell whether a snapshot repeats a constraint; publishers repair some of them on the way."""
    is_same = _squeezed(cast("str", constraint["expression"])) == expression
    return is_same or _is_from_elsewhere(constraint, profile)


def _is_from_elsewhere(constraint: dict[str, Any], profile: str) -> bool:
    source = constraint.get("source")
    return isinstance(source, str) and source != profile


def _known_constraints(setting: Setting) -> Iterator[tuple[str, str]]:
    """Give keys and expressions that hold already: of the element, its types, their profiles."""
    referred = (*setting.below[:-1], referred_to(setting.definitions, setting.below[-1]))
    found = [c for layer in reversed(referred) for c in layer.get("constraints", ())]
    types = types_of((setting.table, *referred))
    for type_ in types:
        found += [c for _, c in setting.definitions.constraints(type_.get("code", ""))]
    for profile in (p for t in types for p in t.get("profiles", ())):
        table = setting.table_of(profile)
        found += table.get("root", {}).get("constraints", ()) if table else ()
    yield from ((c[0], _squeezed(c[3])) for c in found)


def _squeezed(expression: str) -> str:
    return "".join(expression.split())


def _compiles(setting: Setting, key: str, expression: str) -> bool:
    wrong = what_is_broken(expression)
    if wrong:
        setting.problem(f"the constraint {key} is no FHIRPath: {wrong}", expression)
    return not wrong
