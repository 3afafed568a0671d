"""Codes held against the value sets that definitions bind them to.

https://hl7.org/fhir/R4/terminologies.html#strength: of a required binding one coding has to be in
the value set; of an extensible one it should be, if the set has a code for what is meant.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from pymedplum_runtime.profiles.tables import BindingTable
from pymedplum_runtime.terminology import CodeQuestion, check
from pymedplum_runtime.terminology.questions import Coding
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.json_values import as_list, as_object, as_text

Check = Callable[[Place, Context], None]
_NAMED = 8  # codes that a message lists

_TEXTS = frozenset({"code", "string", "uri", "url", "canonical", "id"})
_QUANTITIES = frozenset({"Quantity", "Age", "Count", "Distance", "Duration", "MoneyQuantity"})


class BindingRule(NamedTuple):
    """A binding and whose it is."""

    strength: str
    value_set: str
    definition: str
    element: str
    profile: str | None
    is_maximum: bool = False
    """Whether it is the outer limit of an extensible binding, beyond which no code may be."""


def binding_check(
    binding: BindingTable,
    code: str,
    definition: str,
    element: str,
    profile: str | None = None,
) -> Iterator[Check]:
    """Give the checks of a binding for an element's values of one type."""
    codings_of = _codings_of(code)
    value_set = binding.get("value_set", "")
    strength = binding.get("strength", "")
    if codings_of is None or not value_set:
        return
    if strength in ("required", "extensible"):
        rule = BindingRule(strength, value_set, definition, element, profile)
        yield lambda place, context: check_codings(codings_of(place.value), rule, place, context)
    if "max_value_set" in binding:
        widest = BindingRule(
            "required", binding["max_value_set"], definition, element, profile, is_maximum=True
        )
        yield lambda place, context: check_codings(codings_of(place.value), widest, place, context)


def check_codings(
    codings: list[Coding] | None, rule: BindingRule, place: Place, context: Context
) -> None:
    """Report codings none of which is in the value set, or ask about those nobody knows here.

    None stands for a value that has no readable code, which the walk reports.
    """
    if codings is None:
        return
    if not codings:
        if not (rule.is_maximum or _is_explained(place)):
            _report(rule, place, context, f"has no code, {_expected(rule, context)}", "required")
        return
    unknown: list[Coding] = []
    for system, code in codings:
        answer = check(context.definitions, rule.value_set, system, code)
        if answer == "in":
            return
        if answer == "unknown":
            unknown.append((system, code))
    if unknown:
        question = CodeQuestion(rule.value_set, tuple(unknown), rule.strength)
        context.ask(
            question, place, definition=rule.definition, element=rule.element, profile=rule.profile
        )
    else:
        refuse(rule, place, context)


def refuse(rule: BindingRule, place: Place, context: Context) -> None:
    """Report that none of a value's codes is in the value set."""
    _report(rule, place, context, f"has no code of the value set, {_expected(rule, context)}")


def _report(
    rule: BindingRule, place: Place, context: Context, message: str, code: str = "code-invalid"
) -> None:
    severity: Literal["error", "warning"] = "error" if rule.strength == "required" else "warning"
    context.report(
        severity,
        code,
        place,
        message,
        definition=rule.definition,
        element=rule.element,
        profile=rule.profile,
    )


def _expected(rule: BindingRule, context: Context) -> str:
    words = "is required" if rule.strength == "required" else "should be used where one fits"
    table = context.definitions.value_set(rule.value_set)
    # A table that is open, or has grammars, has more codes than it lists.
    is_whole = table and not table.get("open") and not table.get("grammars")
    systems = table["systems"] if table and is_whole else {}
    codes = [code for listed in systems.values() for code in listed]
    listed = f": {', '.join(codes)}" if 0 < len(codes) <= _NAMED else ""
    return f"one of {rule.value_set.partition('|')[0]} {words}{listed}"


def _is_explained(place: Place) -> bool:
    """Tell whether an extension says why there is no code, as data-absent-reason does."""
    return as_object(place.value).keys() == {"extension"}


def _codings_of(type_: str) -> Callable[[Any], list[Coding] | None] | None:
    if type_ in _TEXTS:
        return _of_text
    if type_ == "Coding":
        return _of_coding
    if type_ == "CodeableConcept":
        return _of_concept
    return _of_quantity if type_ in _QUANTITIES else None


def codings_in(value: Any) -> list[Coding]:  # noqa: ANN401 - any JSON value
    """Return the codes of a value by its own shape, for expressions."""
    if isinstance(value, dict) and "coding" in value:
        return _of_concept(value) or []
    return _of_text(value) or _of_coding(value) or []


def _of_text(value: Any) -> list[Coding] | None:  # noqa: ANN401 - any JSON value
    return [(None, value)] if isinstance(value, str) else None


def _of_coding(value: Any) -> list[Coding] | None:  # noqa: ANN401 - any JSON value
    if not isinstance(value, dict):
        return None
    code, system = as_text(as_object(value).get("code")), as_text(as_object(value).get("system"))
    return [] if code is None else [(system or "", code)]  # None is a code's own system


def _of_concept(value: Any) -> list[Coding] | None:  # noqa: ANN401 - any JSON value
    if not isinstance(value, dict):
        return None
    codings = as_list(as_object(value).get("coding"))
    return [coding for each in codings for coding in _of_coding(each) or ()]


def _of_quantity(value: Any) -> list[Coding] | None:  # noqa: ANN401 - any JSON value
    """A quantity without a unit's code is for its constraints to judge."""
    return _of_coding(value) or None
