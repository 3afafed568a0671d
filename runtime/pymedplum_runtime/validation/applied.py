"""Profiles that are applied: those asked for, those that resources name, and those of types."""

import re
from collections.abc import Sequence
from typing import Any

from pymedplum_runtime.profiles.hints import hint_for, version_hint
from pymedplum_runtime.profiles.tables import DefinitionTable
from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.json_values import as_list, as_object

LOAD = "; load it with load_profile()"
_ADDRESS = re.compile(r"https?://\S+")
_META = "http://hl7.org/fhir/StructureDefinition/Meta"


def check_profile(place: Place, table: DefinitionTable, context: Context) -> None:
    """Hold a value against a profile; one that was is left alone."""
    from pymedplum_runtime.validation.profile_pass import (  # noqa: PLC0415 - loaded for profiles
        check,
    )

    check(place.value, place, table, context)


def apply_asked(canonicals: Sequence[str], place: Place, context: Context) -> None:
    """Apply the profiles that the caller asked for; one that is not known is an error."""
    for canonical in canonicals:
        table = context.definitions.table(canonical)
        if table is None:
            hint = hint_for(canonical, context.definitions) or LOAD
            message = f"the profile {canonical} is not known{hint}"
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
        # No suggestion here: it is looked for in all profiles, and data may name thousands.
        message = f"the profile is not known{version_hint(canonical, context.definitions) or LOAD}"
        context.report(
            "warning", "not-found", where, message, definition=_META, element="Meta.profile"
        )
        # What is not the address of a definition may be anything, so it is not quoted.
        shown = canonical if _ADDRESS.fullmatch(canonical) else "(no URL)"
        context.leave_unchecked(where, shown, "the profile is not known")


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
