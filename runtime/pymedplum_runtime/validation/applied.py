"""Profiles that are applied: those asked for, those that resources name, and those of types."""

from collections.abc import Sequence
from typing import Any

from pymedplum_runtime.profiles.tables import DefinitionTable
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.json_values import as_list, as_object

_META = "http://hl7.org/fhir/StructureDefinition/Meta"


def check_profile(place: Place, table: DefinitionTable, context: Context) -> None:
    """Hold a value against a profile; one that was is left alone."""
    from pymedplum_runtime.validation.profile_pass import (  # noqa: PLC0415 - loaded for profiles
        check,
    )

    check(place.value, place, table, context)


def conforms(canonical: str, place: Place, context: Context) -> bool | None:
    """Tell whether a value satisfies a profile; None where that is not known."""
    from pymedplum_runtime.validation import (  # noqa: PLC0415 - as above
        profile_conformance,
    )

    return profile_conformance.conforms(place, canonical, context)


def check_profiles(
    profiles: Sequence[str], place: Place, context: Context, rule: tuple[str, str]
) -> None:
    """Hold a value against the profiles of its type, one of which it has to satisfy."""
    if len(profiles) == 1:
        table = context.definitions.table(profiles[0])
        if table is not None and table.get("profile"):
            check_profile(place, table, context)
        return
    answers = [conforms(canonical, place, context) for canonical in profiles]
    if any(answer is not False for answer in answers):
        return
    message = f"satisfies none of {', '.join(profiles)}"
    context.report("error", "structure", place, message, definition=rule[0], element=rule[1])


def apply_asked(canonicals: Sequence[str], place: Place, context: Context) -> None:
    """Apply the profiles that the caller asked for; one that is not known is an error."""
    for canonical in canonicals:
        table = context.definitions.table(canonical)
        if table is None:
            message = f"the profile {canonical} is not known{_other(canonical, context)}"
            context.report(
                "error", "not-found", place, message, definition=canonical, element=place.type
            )
        elif not _is_applied(canonical, place, context):
            _apply(canonical, table, place, context)


def apply_named(place: Place, context: Context) -> None:
    """Apply the profiles in `meta.profile`; one that is not known is left unchecked."""
    meta = place.value.get("meta")
    for index, canonical in enumerate(as_list(as_object(meta).get("profile"))):
        if not isinstance(canonical, str) or _is_applied(canonical, place, context):
            continue
        table = context.definitions.table(canonical)
        if table is not None:
            _apply(canonical, table, place, context)
            continue
        where = place.child("meta", None, meta, "Meta").child(
            "profile", index, canonical, "canonical"
        )
        message = f"the profile is not known{_other(canonical, context)}"
        context.report(
            "warning", "not-found", where, message, definition=_META, element="Meta.profile"
        )
        context.leave_unchecked(where, canonical, "the profile is not known")


def _other(canonical: str, context: Context) -> str:
    url, _, version = canonical.partition("|")
    table = context.definitions.table(url) if version else None
    if table is None:
        return "; load it with load_profile()"
    return f" in version {version}; version {table.get('version', 'without a name')} is"


def _is_applied(canonical: str, place: Place, context: Context) -> bool:
    return (canonical.partition("|")[0], id(place.value)) in context.applied


def _apply(canonical: str, table: DefinitionTable, place: Place, context: Context) -> None:
    context.applied.add((table["url"], id(place.value)))
    if place.parent is None:
        context.profiles[table["url"]] = None
    if not _is_of_type(place, table, context):
        message = f"the profile {canonical} is for {table['type']}, not for {place.type}"
        context.report(
            "error",
            "structure",
            place,
            message,
            definition=table["url"],
            element=table["type"],
            profile=table["url"],
        )
    elif table.get("profile"):
        check_profile(place, table, context)


def _is_of_type(place: Place, table: DefinitionTable, context: Context) -> bool:
    return context.definitions.is_subtype(place.type, table["type"])


def named_profiles(profile: Any) -> tuple[str, ...]:  # noqa: ANN401 - what a caller passed
    """Return the canonicals that the argument `profile` names.

    Raises:
        TypeError: it is neither a canonical URL nor several of them.
    """
    given: tuple[Any, ...] = (profile,) if isinstance(profile, str) else tuple(profile or ())
    if not all(isinstance(each, str) for each in given):
        raise TypeError("profile takes a canonical URL, or a list of them")
    return given
