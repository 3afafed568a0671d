"""Read a source once: enter its resources in a new journal, or compare them with a known one."""

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from pymedplum_runtime.errors import LoadError, NdjsonError
from pymedplum_runtime.http.flow import Flow, Work
from pymedplum_runtime.loading.journal import Journal
from pymedplum_runtime.loading.sources import Item, Items, digest_of, row_of
from pymedplum_runtime.loading.spool import Spool

_AT_ONCE = 500
Check = Callable[[Mapping[str, Any]], None]


class Index:
    """Goes through the items of a source."""

    def __init__(self, journal: Journal, spool: Spool, check: Check, *, is_strict: bool) -> None:
        """Take where items go, and whether one that is no resource ends it all."""
        self._journal = journal
        self._spool = spool
        self._check = check
        self._is_strict = is_strict
        self._count = 0

    def read(self, items: Items) -> Flow[int]:
        """Read all items; return how many there are.

        Raises:
            LoadError: they are not those of the journal.
            NdjsonError: one is no resource.
        """
        while chunk := (yield from _chunk(items)):
            yield Work(self._take, (chunk,))
        if not self._journal.is_new:
            yield Work(self._end)
        return self._count

    def _take(self, chunk: list[Item]) -> None:
        first = self._count + 1
        if self._journal.is_new:
            rows = [row_of(n, item, self._check) for n, item in enumerate(chunk, first)]
            for row in rows:
                if row.problem and self._is_strict:
                    raise NdjsonError(row.problem, row.source, row.line)
            self._journal.enter(rows)
            needed = [not row.problem for row in rows]
        else:
            needed = self._compared(first, chunk)
        pairs = zip(chunk, needed, strict=True)
        self._spool.add(item.content if is_needed else b"" for item, is_needed in pairs)
        self._count += len(chunk)

    def _compared(self, first: int, chunk: list[Item]) -> list[bool]:
        known = self._journal.digests(first, len(chunk))
        for (digest, _), item in zip(known, chunk, strict=False):
            if digest != digest_of(item):
                raise self._changed(f"{item.source}, line {item.line}: changed since")
        if len(known) < len(chunk):
            item = chunk[len(known)]
            raise self._changed(f"{item.source}, line {item.line}: not there when")
        return [is_pending for _, is_pending in known]

    def _end(self) -> None:
        if self._journal.digests(self._count + 1, 1):
            raise self._changed(
                f"the source ends after {self._count} resources: more were there when"
            )

    def _changed(self, what: str) -> LoadError:
        return LoadError(
            f"{what} the load began whose journal is {self._journal.path}; "
            "give the same source, or another journal"
        )


def _chunk(items: Items) -> Flow[list[Item]]:
    if not items.is_ours:
        return list(islice(items.each, _AT_ONCE))
    chunk: list[Item] = yield Work(_take, (items,))
    return chunk


def _take(items: Items) -> list[Item]:
    return list(islice(items.each, _AT_ONCE))
