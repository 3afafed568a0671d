"""The entries of `ProjectMembership.access`: built, read, told apart and merged.

An entry binds a member to an AccessPolicy with parameters, such as the organization of a tenant.
Takes dicts and models, changes neither, and gives plain FHIR JSON. Knows no client; errors name
positions, parameters and references, never other values.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, cast

from pymedplum_runtime.helpers.members import FHIRData, is_data, members_of, objects, text
from pymedplum_runtime.plain_json import plain_json

_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What merging the access of a membership did."""

    updated: bool
    """Whether the membership was written; not where nothing would have changed."""

    version_id: str
    """`meta.versionId` after the merge."""

    managed_count: int
    """The managed entries after the merge."""

    untouched_count: int
    """The entries of others, left as they were."""


def make_project_membership_access(
    policy: str | FHIRData, parameters: Mapping[str, str | FHIRData]
) -> dict[str, Any]:
    """Build an entry of `ProjectMembership.access`.

    Args:
        policy: the AccessPolicy: a bare id, `AccessPolicy/<id>`, or a Reference.
        parameters: values by parameter name. A Reference, or a text of the shape
            `ResourceType/id`, becomes a `valueReference`; other texts, `n/a` and URLs among them,
            a `valueString`.

    Raises:
        TypeError: an argument of another type.
        ValueError: the policy is no AccessPolicy, or a name or a value is empty.

    Example:
        >>> make_project_membership_access("practice", {"organization": "Organization/a"})
        {'policy': {'reference': 'AccessPolicy/practice'}, 'parameter': [{'name': 'organization', \
'valueReference': {'reference': 'Organization/a'}}]}
    """
    entry: dict[str, Any] = {"policy": normalize_access_policy_reference(policy)}
    if not isinstance(parameters, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - callers err
        raise TypeError(f"parameters must be a mapping, got {type(parameters).__name__}")
    made = [_parameter(name, value) for name, value in parameters.items()]
    return {**entry, "parameter": made} if made else entry


def normalize_access_policy_reference(policy: str | FHIRData) -> dict[str, Any]:
    """Return a Reference to an AccessPolicy as a dict, with the reference alone.

    Args:
        policy: a bare id, `AccessPolicy/<id>`, or a Reference.

    Raises:
        TypeError: the policy is none of these.
        ValueError: it is empty, or refers to something else.

    Example:
        >>> normalize_access_policy_reference("practice")
        {'reference': 'AccessPolicy/practice'}
    """
    return {"reference": f"AccessPolicy/{normalize_access_policy_id(policy)}"}


def normalize_access_policy_id(policy: str | FHIRData) -> str:
    """Return the bare id of an AccessPolicy; takes and raises the same.

    Example:
        >>> normalize_access_policy_id({"reference": "AccessPolicy/practice"})
        'practice'
    """
    if isinstance(policy, str):
        return _bare_id(policy, "AccessPolicy")
    if not is_data(policy):
        raise TypeError(f"an AccessPolicy is a str, a dict or a model, not {type(policy).__name__}")
    reference = text(members_of(policy).get("reference"))
    if reference is None:
        raise ValueError("expected a Reference to an AccessPolicy: it has no reference")
    return _bare_id(reference, "AccessPolicy")


def normalize_project_membership_id(membership_id: str) -> str:
    """Return the bare id of a ProjectMembership.

    Args:
        membership_id: the id, or `ProjectMembership/<id>`.

    Raises:
        TypeError: it is no text.
        ValueError: it is empty, or refers to something else.
    """
    if not isinstance(membership_id, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers err
        raise TypeError(f"membership_id must be a str, not {type(membership_id).__name__}")
    return _bare_id(membership_id, "ProjectMembership")


def get_project_membership_access_policy_id(entry: FHIRData) -> str | None:
    """Return the bare id of an entry's AccessPolicy; `None` where the entry is malformed.

    Example:
        >>> get_project_membership_access_policy_id({"policy": {"reference": "AccessPolicy/p"}})
        'p'
    """
    if not is_data(entry):
        return None
    policy = members_of(entry).get("policy")
    try:
        return normalize_access_policy_id(policy) if is_data(policy) else None
    except ValueError:
        return None


def get_project_membership_access_parameter(entry: FHIRData, name: str) -> dict[str, Any] | None:
    """Return an entry's parameter as a dict: its name and its value; `None` where it has none.

    Example:
        >>> entry = make_project_membership_access("practice", {"level": "read"})
        >>> get_project_membership_access_parameter(entry, "level")
        {'name': 'level', 'valueString': 'read'}
    """
    parameters = objects(members_of(entry).get("parameter")) if is_data(entry) else []
    found = next((each for each in parameters if each.get("name") == name), None)
    return None if found is None else normalize_access_entry(found)


def normalize_access_entry(entry: FHIRData) -> dict[str, Any]:
    """Return an entry as FHIR JSON of its own, which shares nothing with the entry.

    Raises:
        TypeError: the entry is neither a dict nor a model, or holds what JSON has not.
    """
    if not is_data(entry):
        raise TypeError(f"an access entry is a dict or a model, not {type(entry).__name__}")
    return cast("dict[str, Any]", plain_json(entry))


def partition_access(
    current: Sequence[FHIRData] | None, managed_policy_ids: AbstractSet[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Split a membership's access into the entries that are managed and those left untouched.

    Args:
        current: `ProjectMembership.access`; `None` is an empty one.
        managed_policy_ids: the AccessPolicies whose entries are managed. Malformed entries are
            untouched, so that nothing is dropped that was not understood.

    Raises:
        TypeError: the ids are no set.
        ValueError: there are none.

    Example:
        >>> mine = {"policy": {"reference": "AccessPolicy/mine"}}
        >>> partition_access([mine, {"policy": {"reference": "AccessPolicy/other"}}], {"mine"})
        ([{'policy': {'reference': 'AccessPolicy/mine'}}], \
[{'policy': {'reference': 'AccessPolicy/other'}}])
    """
    ids = _managed(managed_policy_ids)
    managed: list[dict[str, Any]] = []
    untouched: list[dict[str, Any]] = []
    for entry in map(normalize_access_entry, current or ()):
        ours = get_project_membership_access_policy_id(entry) in ids
        (managed if ours else untouched).append(entry)
    return managed, untouched


def build_merged_access(
    untouched: Sequence[FHIRData], managed_access: Sequence[FHIRData]
) -> list[dict[str, Any]]:
    """Return the new access: the untouched entries, then the managed ones, each in their order."""
    return [normalize_access_entry(entry) for entry in (*untouched, *managed_access)]


def merged_equals_remote(merged: Sequence[FHIRData], remote: Sequence[FHIRData] | None) -> bool:
    """Say whether two lists of entries are the same JSON; the order of members does not count."""
    return _canonical(merged) == _canonical(remote or ())


def validate_managed_access(
    managed_access: Sequence[FHIRData], managed_policy_ids: AbstractSet[str]
) -> None:
    """Refuse entries of policies that are not managed: a later merge could not remove them.

    Raises:
        TypeError: an entry is neither a dict nor a model, or the ids are no set.
        ValueError: an entry has no AccessPolicy or one outside of the ids, or there are no ids;
            the message names the first such entry.
    """
    ids = _managed(managed_policy_ids)
    for index, entry in enumerate(map(normalize_access_entry, managed_access)):
        policy_id = get_project_membership_access_policy_id(entry)
        if policy_id is None:
            raise ValueError(f"managed_access[{index}] has no reference to an AccessPolicy")
        if policy_id not in ids:
            raise ValueError(
                f"managed_access[{index}] refers to AccessPolicy/{policy_id}, "
                "which is not among managed_policy_ids"
            )


def _parameter(name: object, value: object) -> dict[str, Any]:
    if not isinstance(name, str) or not name.strip():
        raise ValueError("a parameter's name must be a text that is not empty")
    if isinstance(value, str):
        if not value.strip():
            raise ValueError(f"parameter {name}: the value must not be empty")
        if _REFERENCE.fullmatch(value):
            return {"name": name, "valueReference": {"reference": value}}
        return {"name": name, "valueString": value}
    if not is_data(value):
        raise TypeError(
            f"parameter {name}: the value is a str or a Reference, not {type(value).__name__}"
        )
    reference = cast("dict[str, Any]", plain_json(value))
    if not text(reference.get("reference")):
        raise ValueError(f"parameter {name}: the value is neither a text nor has a reference")
    return {"name": name, "valueReference": reference}


def _bare_id(given: str, resource_type: str) -> str:
    found = given.strip()
    resource_id = found.removeprefix(f"{resource_type}/")
    if not _ID.fullmatch(resource_id) or resource_id.strip(".") == "":
        shown = f", not {found}" if _REFERENCE.fullmatch(found) else ""
        raise ValueError(f"expected an id or {resource_type}/<id>{shown}")
    return resource_id


def _managed(policy_ids: object) -> frozenset[str]:
    if isinstance(policy_ids, str) or not isinstance(policy_ids, Collection):
        raise TypeError(f"managed_policy_ids must be a set, not {type(policy_ids).__name__}")
    if not policy_ids:
        raise ValueError("managed_policy_ids must not be empty: no entry would be managed")
    return frozenset(
        normalize_access_policy_id(each) for each in cast("Collection[str]", policy_ids)
    )


def _canonical(entries: Sequence[FHIRData]) -> str:
    return json.dumps([normalize_access_entry(entry) for entry in entries], sort_keys=True)
