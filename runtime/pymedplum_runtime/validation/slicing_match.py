"""Whether an item of a list belongs to a slice: what the discriminators' paths give in it.

A matcher answers True, False, or None where that cannot be told.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pymedplum_runtime.profiles.tables import BindingTable, ElementTable, MatchTable
from pymedplum_runtime.validation.bindings import binding_check
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.profile_conformance import conforms, is_elsewhere, verdict
from pymedplum_runtime.validation.profile_plans import Plan
from pymedplum_runtime.validation.profile_values import equals, matches
from pymedplum_runtime.validation.slicing_paths import Step, follow, steps_of

Matcher = Callable[[Place, Context], "bool | None"]
Test = Callable[[Place, Context], "bool | None"]
Value = Any  # a JSON value


def matcher_of(table: ElementTable, plan: Plan, satisfies: Matcher) -> Matcher:
    """Return the matcher of a slice.

    Args:
        table: the slice's table, with `match`.
        plan: the profile's plan.
        satisfies: tells whether an item satisfies the slice's own rules.
    """
    matchers = [_row_matcher(row, plan, satisfies) for row in table.get("match", ())]
    if len(matchers) == 1:
        return matchers[0]
    return lambda place, context: all_of(matcher(place, context) for matcher in matchers)


def _row_matcher(row: MatchTable, plan: Plan, satisfies: Matcher) -> Matcher:
    if row.get("conforms"):
        return satisfies
    steps = steps_of(row.get("path", "$this"), plan)
    if steps is None:
        return _nobody_knows
    if "exists" in row:
        return _existence(steps, expected=row["exists"])
    test = _test(row)

    def match(place: Place, context: Context) -> bool | None:
        found = follow(steps, place, context)
        return None if found is None else any_of(test(each, context) for each in found)

    return match


def _existence(steps: Sequence[Step], *, expected: bool) -> Matcher:
    def match(place: Place, context: Context) -> bool | None:
        found = follow(list(steps), place, context)
        return None if found is None else bool(found) == expected

    return match


def _test(row: MatchTable) -> Test:
    if "fixed" in row:
        return _value_test(equals, row["fixed"])
    if "pattern" in row:
        return _value_test(matches, row["pattern"])
    if "binding" in row:
        return _binding_test(row["binding"])
    if "types" in row:
        return _types_test(row["types"])
    if "profiles" in row:
        return _profiles_test(row["profiles"])
    return _nobody_knows


def _value_test(same: Callable[[Value, Value], bool], expected: Value) -> Test:
    def test(place: Place, context: Context) -> bool | None:
        del context
        if is_elsewhere(place):
            return None
        return same(place.value, expected)

    return test


def _binding_test(value_set: str) -> Test:
    binding: BindingTable = {"strength": "required", "value_set": value_set}

    def test(place: Place, context: Context) -> bool | None:
        trial = context.trial()
        for check in binding_check(binding, place.type, value_set, place.element):
            check(place, trial)
        return verdict(trial)

    return test


def _types_test(codes: Sequence[str]) -> Test:
    def test(place: Place, context: Context) -> bool | None:
        is_subtype = context.definitions.is_subtype
        return place.type in codes or any(is_subtype(place.type, code) for code in codes)

    return test


def _profiles_test(profiles: Sequence[str]) -> Test:
    def test(place: Place, context: Context) -> bool | None:
        return any_of(conforms(place, profile, context) for profile in profiles)

    return test


def _nobody_knows(place: Place, context: Context) -> bool | None:
    del place, context
    return None


def any_of(answers: "Iterable[bool | None]") -> bool | None:
    """Return whether one of several is true, if that can be told."""
    found: bool | None = False
    for answer in answers:
        if answer:
            return True
        found = None if answer is None else found
    return found


def all_of(answers: "Iterable[bool | None]") -> bool | None:
    """Return whether all are true, if that can be told."""
    found: bool | None = True
    for answer in answers:
        if answer is False:
            return False
        found = None if answer is None else found
    return found
