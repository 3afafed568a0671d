"""The managed part of `ProjectMembership.access`, written without losing anybody's change."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from pymedplum_runtime.access import (
    MergeResult,
    build_merged_access,
    merged_equals_remote,
    normalize_access_entry,
    normalize_project_membership_id,
    partition_access,
    validate_managed_access,
)
from pymedplum_runtime.client.calls import NO_OPTIONS, Call, CallOptions
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.types import AccessEntry, ResourceLike
from pymedplum_runtime.flows.updates import rewritten
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.http.urls import id_segment

Entries = list[dict[str, Any]]


def merge_project_membership_access(
    session: Session,
    membership_id: str,
    *,
    managed_access: Sequence[AccessEntry],
    managed_policy_ids: AbstractSet[str],
    force: bool = False,
    max_retries: int = 1,
    allow_unrestricted_fallback: bool = False,
    options: CallOptions = NO_OPTIONS,
) -> Flow[MergeResult]:
    """Make the managed entries these, and leave all others as they are."""
    if isinstance(managed_access, str | Mapping) or not isinstance(managed_access, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"managed_access must be a list, got {type(managed_access).__name__}")
    wanted = [normalize_access_entry(each) for each in managed_access]
    validate_managed_access(wanted, managed_policy_ids)
    merge = _Merge(managed_policy_ids, lambda _: wanted, force, allow_unrestricted_fallback)
    read = _read(session, membership_id, options)
    return merge.run(session, read, max_retries)


def add_project_membership_access_entry(
    session: Session,
    membership_id: str,
    entry: AccessEntry,
    *,
    managed_policy_ids: AbstractSet[str],
    force: bool = False,
    max_retries: int = 1,
    options: CallOptions = NO_OPTIONS,
) -> Flow[MergeResult]:
    """Add one managed entry, unless there is an equal one."""
    validate_managed_access([entry], managed_policy_ids)
    added = normalize_access_entry(entry)

    def change(managed: Entries) -> Entries:
        return managed if _holds(managed, added) else [*managed, added]

    merge = _Merge(managed_policy_ids, change, force, allows_empty=True)
    read = _read(session, membership_id, options)
    return merge.run(session, read, max_retries)


def remove_project_membership_access_entry(
    session: Session,
    membership_id: str,
    entry: AccessEntry,
    *,
    managed_policy_ids: AbstractSet[str],
    force: bool = False,
    max_retries: int = 1,
    allow_unrestricted_fallback: bool = False,
    options: CallOptions = NO_OPTIONS,
) -> Flow[MergeResult]:
    """Remove the managed entry that equals this one, where there is one."""
    validate_managed_access([entry], managed_policy_ids)
    removed = normalize_access_entry(entry)

    def change(managed: Entries) -> Entries:
        return [each for each in managed if not merged_equals_remote([each], [removed])]

    merge = _Merge(managed_policy_ids, change, force, allow_unrestricted_fallback)
    read = _read(session, membership_id, options)
    return merge.run(session, read, max_retries)


def _holds(entries: Entries, entry: dict[str, Any]) -> bool:
    return any(merged_equals_remote([each], [entry]) for each in entries)


def _read(session: Session, membership_id: str, options: CallOptions) -> Call:
    url = session.server.fhir(
        "ProjectMembership", id_segment(normalize_project_membership_id(membership_id))
    )
    return Call(method="GET", url=url, options=options)


class _Merge:
    """One change of the managed entries; carried out anew on whatever is stored then."""

    def __init__(
        self,
        managed_policy_ids: AbstractSet[str],
        change_managed: Callable[[Entries], Entries],
        force: bool,
        allows_empty: bool,
    ) -> None:
        self._policy_ids = managed_policy_ids
        self._change_managed = change_managed
        self._force = force
        self._allows_empty = allows_empty
        self._counts = 0, 0

    def run(self, session: Session, read: Call, max_retries: int) -> Flow[MergeResult]:
        result = yield from rewritten(session, read, self._changed, max_retries, is_idempotent=True)
        managed, untouched = self._counts
        return MergeResult(
            updated=result.wrote,
            version_id=result.version_id,
            managed_count=managed,
            untouched_count=untouched,
        )

    def _changed(self, stored: dict[str, Any]) -> Flow[ResourceLike | None]:
        yield from ()
        remote: Entries = stored.get("access") or []
        managed, untouched = partition_access(remote, self._policy_ids)
        wanted = self._change_managed(managed)
        merged = build_merged_access(untouched, wanted)
        self._counts = len(wanted), len(untouched)
        if not merged and not self._allows_empty and not stored.get("accessPolicy"):
            raise ValueError(
                "no access entry would be left, which Medplum takes for unrestricted access; "
                "pass allow_unrestricted_fallback=True if that is meant"
            )
        if merged_equals_remote(merged, remote) and not self._force:
            return None
        return {**stored, "access": merged}
