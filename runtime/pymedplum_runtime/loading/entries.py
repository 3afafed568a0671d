"""From a line of the source to an entry of a batch: without its old id, with new references."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymedplum_runtime.flows.bodies import with_accounts
from pymedplum_runtime.loading.journal import Journal
from pymedplum_runtime.loading.keys import Match, full_url, meta_of, query_of, tag_of
from pymedplum_runtime.loading.links import Target, redirect, redirected
from pymedplum_runtime.loading.rows import FAILED, STORED, Entry, Fate, State
from pymedplum_runtime.loading.spool import Spool
from pymedplum_runtime.models import codec

_ENTRY_BYTES = 400  # at most, of what an entry has beside its resource


@dataclass(frozen=True, slots=True)
class Prepared:
    """A resource that is about to be sent."""

    entry: Entry
    resource: dict[str, Any] = field(repr=False)
    request: dict[str, str] = field(repr=False)
    full_url: str | None
    """Where others of its knot may refer to it."""
    original: dict[str, Any] | None = field(repr=False)
    """As it stands in the source, where a function of the caller's is to see it."""
    size: int

    def member(self, query: str | None) -> dict[str, Any]:
        """Return the entry of the bundle."""
        request = self.request if query is None else {**self.request, "ifNoneExist": query}
        address = {"fullUrl": self.full_url} if self.full_url else {}
        return {**address, "resource": self.resource, "request": request}


@dataclass(frozen=True, slots=True)
class Preparation:
    """How the resources of one load become entries."""

    journal: Journal
    spool: Spool
    load_id: str
    match: Match
    is_update: bool
    accounts: Sequence[str] | str | None

    def prepare(self, entries: Iterable[Entry]) -> tuple[list[Prepared], list[Fate]]:
        """Return what can be sent, and the fate of those whose targets failed."""
        ready: list[Prepared] = []
        orphans: list[Fate] = []
        for entry in entries:
            targets = self.journal.targets(entry.n)
            if failed := next((each for each in targets if each.state in FAILED), None):
                orphans.append(orphan(entry, failed))
            else:
                ready.append(self._prepared(entry, targets))
        return ready, orphans

    def _prepared(self, entry: Entry, targets: list[Entry]) -> Prepared:
        resource: dict[str, Any] = codec.decode(self.spool.read(entry.n))
        tag = None if self.is_update else tag_of(self.load_id, entry.n)
        if meta := meta_of(resource.pop("meta", {}), tag):
            resource["meta"] = meta
        if self.accounts is not None:
            resource = with_accounts(resource, self.accounts)
        if tag is None:
            url = f"{entry.resource_type}/{entry.old_id}"
            return self._sized(entry, resource, {"method": "PUT", "url": url})
        query = None if callable(self.match) else query_of(resource, tag, self.match)
        resource.pop("id", None)
        redirect(resource, dict(self._references(targets)))
        request = {"method": "POST", "url": entry.resource_type}
        return self._sized(entry, resource, request | ({"ifNoneExist": query} if query else {}))

    def _sized(self, entry: Entry, resource: dict[str, Any], request: dict[str, str]) -> Prepared:
        address = full_url(self.load_id, entry.n) if entry.knot and not self.is_update else None
        original = codec.decode(self.spool.read(entry.n)) if callable(self.match) else None
        size = len(codec.encode(resource)) + _ENTRY_BYTES
        return Prepared(entry, resource, request, address, original, size)

    def _references(self, targets: Iterable[Entry]) -> Iterator[tuple[Target, str]]:
        for each in targets:
            is_stored = each.state in STORED and each.new_id
            new = f"{each.resource_type}/{each.new_id}" if is_stored else None
            reference = new or full_url(self.load_id, each.n)
            old_id = each.old_id or ""
            yield Target(each.resource_type, old_id), reference
            yield Target(None, old_id), reference

    def wanted(self, number: int) -> "Wanted":
        """Return the references that a stored resource must have within its knot."""
        entry = self.journal.entry(number)
        targets = [each for each in self.journal.targets(number) if each.knot == entry.knot]
        failed = next((each for each in targets if each.state in FAILED), None)
        resource = codec.decode(self.spool.read(number))
        references = redirected(resource, dict(self._references(targets)))
        return Wanted(entry, references, orphan(entry, failed) if failed else None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be seen to in a stored resource of a knot."""

    entry: Entry
    references: dict[str, str] = field(repr=False)
    """By JSON Pointer of what holds them."""
    orphan: Fate | None
    """What it comes to where one of its targets failed."""


def orphan(entry: Entry, failed: Entry) -> Fate:
    """Return the fate of a resource whose target failed."""
    reason = f"what it refers to failed: {failed.resource_type}/{failed.old_id}"
    return Fate(entry.n, State.ORPHANED, entry.new_id, reason=reason)


def parts(ready: Sequence[Prepared], count: int, size: int) -> Iterator[list[Prepared]]:
    """Cut resources into batches: so many of them, and so many bytes; a larger one goes alone."""
    part: list[Prepared] = []
    total = 0
    for each in ready:
        if part and (len(part) == count or total + each.size > size):
            yield part
            part, total = [], 0
        part.append(each)
        total += each.size
    if part:
        yield part
