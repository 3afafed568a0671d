"""Wave after wave: what is pending is sent, what became of it is kept, knots are seen to."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pymedplum_runtime.client.calls import Call
from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.flows.updates import rewritten
from pymedplum_runtime.http.flow import Flow, Invoke, Sleep, Work
from pymedplum_runtime.loading.entries import Preparation, Prepared, Wanted, parts
from pymedplum_runtime.loading.journal import Journal
from pymedplum_runtime.loading.keys import is_tagged, tag_of
from pymedplum_runtime.loading.links import correct, references_at
from pymedplum_runtime.loading.outcomes import Outcome, failed, is_passing, words_of
from pymedplum_runtime.loading.report import LoadFailure, LoadProgress, LoadReport
from pymedplum_runtime.loading.rows import FAILED, Entry, Fate, State
from pymedplum_runtime.loading.sending import Sender

_COLLISIONS = 5


@dataclass(slots=True)
class Run:
    """One run of a load, from the first pending resource to the report."""

    sender: Sender
    total: int
    chunk_size: int
    max_bytes: int
    progress: Callable[[LoadProgress], object] | None
    has_stored: bool = field(default=False, init=False)
    _words: dict[int, str] = field(default_factory=dict[int, str], init=False)
    _shown: dict[int, dict[str, str]] = field(default_factory=dict[int, dict[str, str]], init=False)
    """The references of stored resources of knots, by JSON Pointer."""

    @property
    def _journal(self) -> Journal:
        return self._preparation.journal

    @property
    def _preparation(self) -> Preparation:
        return self.sender.preparation

    def all(self) -> Flow[LoadReport]:
        """Send all that is pending, and report."""
        turn: list[Entry] = yield Work(self._journal.turn, (None, self.chunk_size))
        while turn:
            yield from self._settle(turn)
            turn = yield Work(self._journal.turn, (turn[-1], self.chunk_size))
        report: LoadReport = yield Work(self._report)
        return report

    def _settle(self, turn: Sequence[Entry]) -> Flow[None]:
        """Send resources until each has succeeded or failed."""
        entries = list(turn)
        tries = 0
        while entries:
            passing: list[Outcome] = []
            for piece in _pieces(entries, self.chunk_size):
                ready: list[Prepared] = yield Work(self._prepare, (piece,))
                for part in parts(ready, self.chunk_size, self.max_bytes):
                    passing += yield from self._send(part)
            tries += 1
            again, delay = self.sender.again(passing, tries)
            numbers = {each.fate.n for each in again}
            if given_up := [each for each in passing if each.fate.n not in numbers]:
                yield Work(self._record, (given_up,))
            entries = [each for each in entries if each.n in numbers]
            if entries:
                yield Sleep(delay)
        knotted = [each.n for each in turn if each.knot]
        if knotted and not self._preparation.is_update:
            yield from self._verify(knotted)

    def _prepare(self, piece: Sequence[Entry]) -> list[Prepared]:
        ready, orphans = self._preparation.prepare(piece)
        if orphans:
            self._journal.record(orphans)
        return ready

    def _send(self, part: Sequence[Prepared]) -> Flow[list[Outcome]]:
        """Send a batch, keep what is certain, and return what may succeed later."""
        outcomes = yield from self.sender.send(part)
        certain = [each for each in outcomes if not each.is_passing]
        if certain:
            self.sender.patience.waited = 0.0
            yield Work(self._record, (certain,))
        yield from self._tell()
        return [each for each in outcomes if each.is_passing]

    def _record(self, outcomes: Sequence[Outcome]) -> None:
        kept = self._journal.record(each.fate for each in outcomes)
        for fate, outcome in zip(kept, outcomes, strict=True):
            self.has_stored = self.has_stored or fate.state not in FAILED
            if fate.state == State.UNVERIFIED and outcome.resource:
                self._shown[fate.n] = references_at(outcome.resource)
            elif words := words_of(outcome.outcome):
                self._words[fate.n] = words

    def _tell(self) -> Flow[None]:
        if self.progress is not None:
            counts = self._journal.counts
            waiting = counts[State.PENDING] + counts[State.UNVERIFIED]
            broken = sum(counts[state] for state in FAILED)
            yield Invoke(self.progress, (LoadProgress(self.total - waiting, self.total, broken),))

    def _verify(self, numbers: Sequence[int]) -> Flow[None]:
        """Correct references within knots that lead nowhere.

        They do where a resource was refused or throttled whose new id the server had given to
        others in the batch, or where two batches with the same resources ran at once.
        """
        for piece in _pieces(numbers, self.chunk_size):
            found: list[Wanted] = yield Work(self._wanted, (piece,))
            fates: list[Fate] = []
            for wanted in found:
                fates += [(yield from self._verified(wanted))]
            yield Work(self._journal.record, (fates,))
        yield from self._tell()

    def _wanted(self, numbers: Iterable[int]) -> list[Wanted]:
        found = (self._preparation.wanted(n) for n in numbers)
        return [each for each in found if each.entry.state == State.UNVERIFIED]

    def _verified(self, wanted: Wanted) -> Flow[Fate]:
        entry = wanted.entry
        shown = self._shown.pop(entry.n, None)
        if wanted.orphan:
            return wanted.orphan
        if shown is not None and wanted.references.items() <= shown.items():
            return Fate(entry.n, State.CREATED, entry.new_id)
        tries = 0
        while True:
            try:
                return (yield from self._corrected(wanted))
            except MedplumError as error:
                tries += 1
                delay = self.sender.delay_after(error, tries) if is_passing(error) else None
                if delay is None:
                    if is_passing(error):
                        raise
                    fate = failed(entry.n, error.status_code, error.outcome)
                    return replace(fate, new_id=entry.new_id)
            yield Sleep(delay)

    def _corrected(self, wanted: Wanted) -> Flow[Fate]:
        """Read a resource of this load, and write it where its references are wrong."""
        entry, session = wanted.entry, self.sender.session
        tag = tag_of(self._preparation.load_id, entry.n)
        state = State.CREATED

        def change(stored: dict[str, Any]) -> Flow[Mapping[str, Any] | None]:
            nonlocal state
            yield from ()
            if not is_tagged(stored, tag):
                state = State.EXISTED
                return None
            return stored if correct(stored, wanted.references) else None

        url = session.server.fhir(entry.resource_type, entry.new_id or "")
        read = Call(method="GET", url=url, options=self.sender.options)
        yield from rewritten(session, read, change, _COLLISIONS, is_idempotent=True)
        return Fate(entry.n, state, entry.new_id)

    def _report(self) -> LoadReport:
        counts = self._journal.counts
        failures: list[LoadFailure] = [
            replace(failure, detail=self._words.get(n)) for n, failure in self._journal.failures()
        ]
        return LoadReport(
            created=counts[State.CREATED],
            existed=counts[State.EXISTED],
            updated=counts[State.UPDATED],
            failed=tuple(failures),
            references=self._journal.references(),
        )


def _pieces(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))
