"""The values that a profile fixes: `fixed[x]`, `pattern[x]`, `minValue[x]`, `maxValue[x]`.

Messages name the element and the types. The values are the profile's, and still are not quoted.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.profiles.definitions import Definitions
from pymedplum_runtime.profiles.layers import capitalised, choice_of, codes_of, stated
from pymedplum_runtime.profiles.ordering import compare
from pymedplum_runtime.profiles.rules import Setting
from pymedplum_runtime.profiles.tables import PrimitiveTable

_PYTHON: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "Decimal": (int, float, Decimal),
    "str": (str,),
}
_AS_STRING = frozenset({"id", "uri"})
_DEEPEST = 20
_LONGEST = 500  # characters that are held against a type's pattern
_KINDS = (("fixed", "fixed"), ("pattern", "pattern"))
_OF_QUANTITIES = {("minValue", "Quantity"), ("maxValue", "Quantity")}
_BOUNDS = (("minValue", "min_value"), ("maxValue", "max_value"))


def read_values(setting: Setting) -> None:
    """Read what an element's value must be, or must contain, or must lie between."""
    for prefix, member in (*_KINDS, *_BOUNDS):
        found = _given(setting, prefix)
        if found is not None and _is_possible(setting, prefix, *found):
            _write(setting, member, found[1])


def _given(setting: Setting, prefix: str) -> tuple[str, Any] | None:
    """Return the type and the value of the member that begins so."""
    own = len(prefix)
    names = [n for n in setting.definition if n.startswith(prefix) and n[own : own + 1].isupper()]
    if len(names) > 1:
        setting.problem(f"has several of {prefix}[x]: {', '.join(sorted(names))}")
    return (names[0][own:], setting.definition[names[0]]) if names else None


def _is_possible(setting: Setting, prefix: str, kind: str, value: Any) -> bool:  # noqa: ANN401 - any JSON value
    codes = codes_of(setting.layers)
    code = next((c for c in codes if kind in _kinds_of(c)), None)
    if code is None and (prefix, kind) in _OF_QUANTITIES:  # there is no minValueAge
        code = next((c for c in codes if setting.definitions.is_subtype(c, kind)), None)
    if code is None:
        setting.problem(f"{prefix}{kind} is given to an element of the type {', '.join(codes)}")
        return False
    wrong = what_is_wrong(setting.definitions, code, value)
    if wrong:
        setting.problem(f"the value of {prefix}{kind} {wrong}")
    return not wrong


def _kinds_of(code: str) -> tuple[str, ...]:
    """Return what the members for values of a type end in: ids and urls also go as strings."""
    return (capitalised(code), "String") if code in _AS_STRING else (capitalised(code),)


def what_is_wrong(definitions: Definitions, code: str, value: Any, depth: int = 0) -> str:  # noqa: ANN401 - any JSON value
    """Say why a JSON value is none of a type, as a predicate; empty where nothing is wrong."""
    if depth > _DEEPEST:
        return "is nested too deep"
    table = definitions.type_table(code)
    if table is not None and "primitive" in table:
        return _wrong_primitive(code, table["primitive"], value)
    if not isinstance(value, Mapping):
        return f"is no {code}: that is an object in JSON"
    return _wrong_members(definitions, code, cast("Mapping[str, Any]", value), depth)


def _wrong_primitive(code: str, primitive: PrimitiveTable, value: object) -> str:
    python = _PYTHON.get(str(primitive.get("python")), (str,))
    if not isinstance(value, python) or (isinstance(value, bool) and bool not in python):
        return f"is no {code}"
    pattern = primitive.get("pattern")
    if pattern and isinstance(value, str) and len(value) <= _LONGEST:
        return "" if re.fullmatch(pattern, value) else f"is no {code}"
    return ""


def _wrong_members(
    definitions: Definitions, code: str, value: Mapping[str, Any], depth: int
) -> str:
    known = definitions.elements(code)
    for name, member in value.items():
        if name.startswith("_") or not known:
            continue
        choice = choice_of(known, name)
        if choice is None and name not in known:
            return f"has '{name}', which no {code} has{did_you_mean(name, known)}"
        codes = [choice[1]] if choice else codes_of((known[name],))
        if len(codes) != 1:
            continue
        for item in cast("list[object]", member) if isinstance(member, list) else [member]:
            wrong = what_is_wrong(definitions, codes[0], item, depth + 1)
            if wrong:
                return f"is wrong at {name}: it {wrong}"
    return ""


def _write(setting: Setting, member: str, value: Any) -> None:  # noqa: ANN401 - any JSON value
    clash = _clash(setting, member, value)
    if clash:
        setting.problem(f"contradicts {clash} of the base")
        return
    table = cast("dict[str, Any]", setting.table)
    if member == "pattern" and member in table:  # of the base profile, which holds as well
        value = both(table[member], value)
    if any(same(layer.get(member), value) for layer in setting.below if member in layer):
        table.pop(member, None)
    else:
        table[member] = value


def _clash(setting: Setting, member: str, value: Any) -> str:  # noqa: ANN401 - any JSON value
    fixed, pattern = stated(setting.layers, "fixed"), stated(setting.layers, "pattern")
    if member == "fixed" and fixed is not None and not same(fixed, value):
        return "fixed[x]"
    if member == "fixed" and pattern is not None and not contains(value, pattern):
        return "pattern[x]"
    if member == "pattern" and fixed is not None and not contains(fixed, value):
        return "fixed[x]"
    if member == "pattern" and pattern is not None and not _agree(value, pattern):
        return "pattern[x]"
    return _out_of_bounds(setting, member, value)


def _out_of_bounds(setting: Setting, member: str, value: Any) -> str:  # noqa: ANN401 - any JSON value
    least, most = (stated(setting.layers, name) for _, name in _BOUNDS)
    if member == "min_value":
        if _is_less(value, least):
            return "minValue[x]"
        return "maxValue[x]" if _is_less(most, value) else ""
    if member == "max_value":
        if _is_less(most, value):
            return "maxValue[x]"
        return "minValue[x]" if _is_less(value, least) else ""
    return ""


def _is_less(one: object, other: object) -> bool:
    """Tell whether a value is less than another; what cannot be compared is not."""
    return one is not None and other is not None and compare(one, other) == -1


def same(one: object, other: object) -> bool:
    """Tell whether two JSON values are equal; true is not 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        a, b = cast("Mapping[str, Any]", one), cast("Mapping[str, Any]", other)
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(one, list) and isinstance(other, list):
        c, d = cast("list[object]", one), cast("list[object]", other)
        return len(c) == len(d) and all(map(same, c, d))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def contains(value: object, pattern: object) -> bool:
    """Tell whether a value has all that a pattern has: https://hl7.org/fhir/R4/elementdefinition.html."""
    if isinstance(pattern, Mapping):
        members = cast("Mapping[str, Any]", pattern)
        if not isinstance(value, Mapping):
            return False
        has = cast("Mapping[str, Any]", value)
        return all(name in has and contains(has[name], members[name]) for name in members)
    if isinstance(pattern, list):
        items = cast("list[object]", value) if isinstance(value, list) else []
        return all(any(contains(i, p) for i in items) for p in cast("list[object]", pattern))
    return same(value, pattern)


def both(one: Any, other: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the pattern that asks for all of two patterns that agree."""
    a, b = _members(one), _members(other)
    if a is not None and b is not None:
        shared = {name: both(a[name], b[name]) for name in a.keys() & b.keys()}
        return {**a, **b, **shared}
    if isinstance(one, list) and isinstance(other, list):
        items, more = cast("list[object]", one), cast("list[object]", other)
        return [*items, *(m for m in more if not any(same(m, i) for i in items))]
    return other


def _agree(one: object, other: object) -> bool:
    """Tell whether a value can have all of two patterns."""
    a, b = _members(one), _members(other)
    if a is not None and b is not None:
        return all(_agree(a[name], b[name]) for name in a.keys() & b.keys())
    # Items of two lists: each may stand for another.
    return {type(one), type(other)} == {list} or same(one, other)


def _members(value: object) -> Mapping[str, Any] | None:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else None
