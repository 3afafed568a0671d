"""Whether a value satisfies a profile that a type, a reference or a discriminator names."""

from collections.abc import Sequence

from pymedplum_runtime.profiles.tables import DefinitionTable
from pymedplum_runtime.validation.context import Context, Place, Question, Trial

Rule = tuple[str, str, "str | None"]
_ELSEWHERE = "resolve()"
_UNKNOWN = "the profile is not known"
_OPEN = "whether the profile is satisfied cannot be told"


def apply(place: Place, canonicals: Sequence[str], context: Context, rule: Rule) -> None:
    """Check a value against a profile, or against several of which one is enough.

    Args:
        place: the value.
        canonicals: the profiles.
        context: where issues go.
        rule: whose rule it is: definition, element and, if it is one's, profile.
    """
    if len(canonicals) == 1:
        _apply_one(place, canonicals[0], context)
        return
    outcomes = {canonical: conforms(place, canonical, context) for canonical in canonicals}
    message = f"satisfies none of {', '.join(canonicals)}"
    judge(outcomes, place, context, message, rule)


def judge(
    outcomes: "dict[str, bool | None]",
    place: Place,
    context: Context,
    message: str,
    rule: Rule,
) -> None:
    """Report that a value satisfies none of several profiles, or that this cannot be told."""
    if True in outcomes.values():
        return
    still_open = [canonical for canonical, outcome in outcomes.items() if outcome is None]
    for canonical in still_open:
        known = context.definitions.table(canonical)
        context.leave_unchecked(place, canonical, _OPEN if known else _UNKNOWN)
    if not still_open:
        definition, element, profile = rule
        context.report(
            "error",
            "structure",
            place,
            message,
            definition=definition,
            element=element,
            profile=profile,
        )


def _apply_one(place: Place, canonical: str, context: Context) -> None:
    from pymedplum_runtime.validation import profile_pass  # noqa: PLC0415 - a cycle

    table = context.definitions.table(canonical)
    if table is None:
        context.leave_unchecked(place, canonical, _UNKNOWN)
    elif table.get("profile"):
        profile_pass.check(place.value, place, table, context)


def conforms(place: Place, canonical: str, context: Context) -> bool | None:
    """Tell whether a value satisfies a profile; None if that cannot be told.

    A value that is being tried against the same profile is taken to satisfy it: profiles may
    refer to themselves.
    """
    table = context.definitions.table(canonical)
    if table is None:
        return None
    if not context.definitions.is_subtype(place.type, table["type"]):
        return False
    if not table.get("profile"):
        return True
    if is_elsewhere(place):
        return None
    key = (table["url"], id(place.value))
    if not isinstance(place.value, dict):
        return _tried(place, table, context)
    if key not in context.outcomes:
        context.outcomes[key] = True
        context.outcomes[key] = _tried(place, table, context)
    return context.outcomes[key]


def _tried(place: Place, table: DefinitionTable, context: Context) -> bool | None:
    from pymedplum_runtime.validation import profile_pass  # noqa: PLC0415 - a cycle

    trial = context.trial()
    profile_pass.check(place.value, place, table, trial)
    return verdict(trial)


def elsewhere(place: Place, type_: str) -> Place:
    """Return the place of a resource that a reference means and that is not at hand."""
    return Place(place, _ELSEWHERE, None, None, type_, type_, is_resource=True)


def is_elsewhere(place: Place) -> bool:
    """Tell whether nothing but the type of a resource is known."""
    return place.value is None and place.name == _ELSEWHERE


def verdict(trial: Trial) -> bool | None:
    """Return what a trial found out; None if it left something open.

    A code of an extensible binding breaks nothing, whatever is found out about it.
    """
    if trial.failed:
        return False
    is_open = trial.unchecked or any(_may_fail(question) for question in trial.questions)
    return None if is_open else True


def _may_fail(question: Question) -> bool:
    return bool(question.asked.strength == "required")
