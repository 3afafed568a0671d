"""Resources that name the profiles which a caller wants applied: a copy, for validation alone."""

from collections.abc import Mapping
from typing import Any, cast

from pymedplum_runtime.errors import ProfileError
from pymedplum_runtime.helpers.members import FHIRData, is_data, member, members_of
from pymedplum_runtime.profiles.definitions import packaged
from pymedplum_runtime.profiles.hints import hint_for


def with_profiles(resource: FHIRData, canonicals: tuple[str, ...]) -> dict[str, Any]:
    """Return a resource that names the profiles of its type, and so for those in a Bundle.

    Args:
        resource: a dict or a model; a model becomes a dict, in a Bundle too.
        canonicals: the profiles; each is applied to the resources of its type.

    Raises:
        ProfileError: one of them is not known.
    """
    types = [(canonical, _type_for(canonical)) for canonical in canonicals]
    members = _members(resource)
    listed: object = members.get("entry")
    if members.get("resourceType") == "Bundle" and isinstance(listed, list):
        members["entry"] = [_entry(each, types) for each in cast("list[object]", listed)]
    return _naming(members, types)


def _entry(each: object, types: list[tuple[str, str]]) -> object:
    entry = members_of(each if is_data(each) else None)
    resource: object = entry.get("resource")
    return {**entry, "resource": _naming(_members(resource), types)} if is_data(resource) else each


def _members(resource: FHIRData) -> dict[str, Any]:
    """Return a resource as a dict of its own with FHIR's names."""
    if isinstance(resource, Mapping):
        return {**resource}
    from pymedplum_runtime.models import codec  # noqa: PLC0415 - dicts need neither
    from pymedplum_runtime.models.strict_json import encode  # noqa: PLC0415 - the same

    return cast("dict[str, Any]", codec.decode(encode(resource)))


def _naming(members: dict[str, Any], types: list[tuple[str, str]]) -> dict[str, Any]:
    """Add profiles to `meta.profile`, unless that is broken, which the validator will say."""
    fitting = [canonical for canonical, type_ in types if type_ == members.get("resourceType")]
    meta: object = members.get("meta", {})
    named: object = member(meta, "profile") or []
    if not fitting or not isinstance(meta, Mapping) or not isinstance(named, list):
        return members
    known = cast("list[object]", named)
    more = [each for each in fitting if each not in known]
    return {**members, "meta": {**cast("Mapping[str, Any]", meta), "profile": [*known, *more]}}


def _type_for(canonical: str) -> str:
    table = packaged().table(canonical)
    if table is None or "type" not in table:
        hint = hint_for(canonical, packaged())
        hint = hint or "; profiles of implementation guides are loaded first"
        raise ProfileError(f"it is not known here{hint}", canonical)
    return table["type"]
