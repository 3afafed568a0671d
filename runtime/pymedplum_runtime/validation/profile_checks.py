"""The checks of a profile's element at one value: what it fixes, limits, binds and restricts."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from pymedplum_runtime.profiles.ordering import compare
from pymedplum_runtime.profiles.tables import ElementTable
from pymedplum_runtime.validation import profile_types
from pymedplum_runtime.validation.bindings import binding_check
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.invariants import constraint_checks
from pymedplum_runtime.validation.profile_values import equals, matches

Value = Any  # a JSON value
Check = Callable[[Place, Context], None]

_LONGEST = 100  # characters of a definition's value that a message shows


def node_checks(table: ElementTable, type_: str, element: str, url: str) -> Iterator[Check]:
    """Give the checks of a profile's element, for its values of one type."""
    if "types" in table:
        yield from profile_types.type_checks(table["types"], type_, element, url)
    if "fixed" in table:
        yield _value_check(equals, table["fixed"], ("must be exactly", element, url))
    if "pattern" in table:
        yield _value_check(matches, table["pattern"], ("must have", element, url))
    if "min_value" in table:
        yield _bound_check(table["min_value"], -1, element, url)
    if "max_value" in table:
        yield _bound_check(table["max_value"], 1, element, url)
    if "max_length" in table:
        yield _length_check(table["max_length"], element, url)
    if "binding" in table:
        yield from binding_check(table["binding"], type_, url, element, url)
    yield from constraint_checks(table, url, element, url)


def _value_check(
    test: Callable[[Value, Value], bool], expected: Value, rule: tuple[str, str, str]
) -> Check:
    words, element, url = rule

    def check(place: Place, context: Context) -> None:
        if place.value is None or test(place.value, expected):
            return
        message = f"{words} {_shown(expected)}"
        context.report(
            "error", "value", place, message, definition=url, element=element, profile=url
        )

    return check


def _bound_check(bound: Value, wrong: int, element: str, url: str) -> Check:
    words = "must not be less than" if wrong < 0 else "must not be greater than"

    def check(place: Place, context: Context) -> None:
        if place.value is None:
            return
        order = compare(place.value, bound)
        if order is None:
            reason = "the value cannot be compared with the profile's bound"
            context.leave_unchecked(place, url, reason)
        elif order == wrong:
            message = f"{words} {_shown(bound)}"
            context.report(
                "error", "value", place, message, definition=url, element=element, profile=url
            )

    return check


def _length_check(most: int, element: str, url: str) -> Check:
    def check(place: Place, context: Context) -> None:
        if isinstance(place.value, str) and len(place.value) > most:
            message = f"must have at most {most} characters"
            context.report(
                "error", "too-long", place, message, definition=url, element=element, profile=url
            )

    return check


def _shown(expected: Value) -> str:
    """Write a definition's value for a message: it is no value of a resource."""
    if isinstance(expected, dict):
        members = cast("dict[str, Value]", expected).items()
        text = ", ".join(f"{name} {_shown(member)}" for name, member in members)
        return _cut(text)
    if isinstance(expected, list):
        return _cut(" and ".join(map(_shown, cast("Sequence[Value]", expected))))
    if isinstance(expected, bool):
        return str(expected).lower()
    return _cut(f"'{expected}'" if isinstance(expected, str) else str(expected))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
