"""The rules that hold between the properties of one object, as one function per class.

Pydantic calls it with the properties that were read, under their Python names; it gives what a
model is made of: its `__dict__`, no extras, and the names that count as set.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from pymedplum_runtime.models.problems import from_lines, line, refuse
from pymedplum_runtime.models.property import Property

Values = dict[str, Any]
Parts = tuple[Values, None, set[str]]


def make_check(title: str, properties: Sequence[Property]) -> Callable[[Values], Parts]:
    """Build the check of a class from all its properties, inherited ones included."""
    # Absent properties are not stored, so every stored one was set: the set is shared. It is
    # what Pydantic's `exclude_unset` asks.
    names = (
        {"resource_type"}
        | {p.name for p in properties}
        | {f"_{p.name}" for p in properties if p.sibling}
    )
    between = _make_between(title, properties)

    if between is None:

        def check_any(values: Values) -> Parts:
            if values:
                return values, None, names
            raise _empty(title)

        return check_any

    def check_all(values: Values) -> Parts:
        if not values:
            raise _empty(title)
        between(values)
        return values, None, names

    return check_all


def _empty(title: str) -> Exception:
    return refuse(title, "fhir_empty", "expected at least one property: FHIR has no empty objects")


def _make_between(title: str, properties: Sequence[Property]) -> Callable[[Values], None] | None:
    required = tuple((p.name, f"_{p.name}") for p in properties if p.is_primitive and p.is_required)
    choices = {p.name: p for p in properties if p.choice}
    choices |= {f"_{p.name}": p for p in choices.values() if p.sibling}
    needed = {p.choice for p in choices.values() if p.min > 0}
    lists = tuple((p.name, f"_{p.name}") for p in properties if p.many and p.is_primitive)
    if not (required or choices or lists):
        return None
    chosen = frozenset(choices)
    fhir_names = {p.name: p.fhir_name for p in properties}

    def between(values: Values) -> None:
        missing: list[str] = []
        for name, sibling in required:
            if name not in values and not _describes(values.get(sibling)):
                missing.append(fhir_names[name])
        if chosen and (needed or not chosen.isdisjoint(values)):
            found = chosen.intersection(values)
            if len(found) > 1 or needed:
                said = {n for n in found if n[0] != "_" or _describes(values[n])}
                missing += _check_choices(title, choices, found, needed - _groups(choices, said))
        if missing:
            raise from_lines(title, [line("missing", "Field required", (m,)) for m in missing])
        for name, sibling in lists:
            if sibling in values or None in values.get(name, ()):
                _check_nulls(title, values, name, fhir_names[name])

    return between


def _check_choices(
    title: str, choices: Mapping[str, Property], found: frozenset[str], needed: set[str | None]
) -> list[str]:
    """Refuse two values of one choice; return the needed choices that lack theirs."""
    # A value and its own sibling are one; `choices` gives the same property for both.
    given = {choices[name].fhir_name: choices[name].choice for name in found}
    groups = set(given.values())
    if len(given) > len(groups):
        choice = next(group for group in groups if list(given.values()).count(group) > 1)
        names = sorted(name for name, group in given.items() if group == choice)
        message = f"expected one {choice}[x], got {' and '.join(names)}"
        raise refuse(title, "fhir_choice", message, (f"{choice}[x]",))
    return [f"{choice}[x]" for choice in needed]


def _groups(choices: Mapping[str, Property], names: set[str]) -> set[str | None]:
    return {choices[name].choice for name in names}


def _describes(sibling: Any) -> bool:  # noqa: ANN401 - an Element, a list of them, or nothing
    """Tell whether a sibling may stand for a missing value: it says why in an extension.

    https://hl7.org/fhir/R4/element.html#ele-1
    """
    if type(sibling) is list:
        return True  # its members are checked one by one
    return sibling is not None and sibling.extension is not None


def _check_nulls(title: str, values: Values, name: str, fhir_name: str) -> None:
    """A null in a list of primitives stands for a value that its sibling describes, or back.

    https://hl7.org/fhir/R4/json.html#primitive
    """
    pairs = zip_longest(values.get(name, ()), values.get(f"_{name}", ()))
    for index, (value, described) in enumerate(pairs):
        if value is None and not _describes(described):
            message = f"expected a value, or its extensions in _{fhir_name}"
            raise refuse(title, "fhir_null", message, (fhir_name, index))
