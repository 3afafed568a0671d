"""Send resources in batches, for as long as it takes: the server may be busy, or away for a while.

Every batch may be sent twice without harm, so whatever was lost is simply sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from pymedplum_runtime.client.calls import CallOptions
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import MedplumError, RateLimitError
from pymedplum_runtime.flows.conditions import if_none_exist_query
from pymedplum_runtime.flows.throttled import run_batch
from pymedplum_runtime.http.flow import Flow, Invoke, Sleep
from pymedplum_runtime.http.limits import outcome_delay
from pymedplum_runtime.loading.entries import Preparation, Prepared
from pymedplum_runtime.loading.keys import tag_of
from pymedplum_runtime.loading.outcomes import THROTTLED, Outcome, failed, is_passing, outcomes_of
from pymedplum_runtime.loading.rows import State
from pymedplum_runtime.search.entries import list_of

_TRIES = 4
_LONGEST_WAIT = 30.0
_THROTTLING = "the server throttles every entry; start the load again later, with its journal"
_TOO_LARGE = frozenset({400, 413, 422})
"""Answers to a batch as a whole that may be about its size, or about one of its entries."""


@dataclass(slots=True)
class Patience:
    """How long to wait for a server that answers nothing."""

    seconds: float
    waited: float = field(default=0.0, init=False)

    def delay(self, tries: int, chance: float, asked: float | None = None) -> float | None:
        """Return the seconds until the next try, longer each time; `None` when it is enough.

        Args:
            tries: how many there were, from 1.
            chance: from 0 to 1.
            asked: what the server asks for.
        """
        backoff = min(2.0 ** min(tries, 10), _LONGEST_WAIT) * (1 + chance / 4)
        seconds = max(backoff, asked or 0.0)
        if self.waited + seconds > self.seconds:
            return None
        self.waited += seconds
        return seconds


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends the batches of one load."""

    session: Session
    preparation: Preparation
    patience: Patience
    options: CallOptions

    def send(self, part: Sequence[Prepared]) -> Flow[list[Outcome]]:
        """Send a batch until the server answers it; in halves where it refuses it as a whole.

        Raises:
            MedplumError: it does not answer in time, or refuses whatever comes.
        """
        members = yield from self._members(part)
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "batch", "entry": members}
        try:
            answer = yield from self._patiently(bundle, _TRIES)
        except MedplumError as error:
            if error.status_code not in {*_TOO_LARGE, HTTPStatus.INTERNAL_SERVER_ERROR}:
                raise
            if len(part) == 1:
                return [_alone(part[0], error)]
        else:
            ours = self.preparation
            tags = [None if ours.is_update else tag_of(ours.load_id, e.entry.n) for e in part]
            return outcomes_of(part, answer, tags)
        half = len(part) // 2
        first = yield from self.send(part[:half])
        return first + (yield from self.send(part[half:]))

    def _members(self, part: Sequence[Prepared]) -> Flow[list[dict[str, Any]]]:
        queries: list[str | None] = []
        for each in part:
            queries += [(yield from self._query(each))]
        return [each.member(query) for each, query in zip(part, queries, strict=True)]

    def _query(self, each: Prepared) -> Flow[str | None]:
        match = self.preparation.match
        if each.original is None or not callable(match):
            return None
        query: str = yield Invoke(match, (each.original,))
        return if_none_exist_query(self.session, query)

    def _patiently(self, bundle: dict[str, Any], failures: int) -> Flow[dict[str, Any]]:
        """Send a bundle; a server that fails (500) at it several times will fail for ever."""
        tries = 0
        while True:
            try:
                return (yield from self._answered(bundle))
            except MedplumError as error:
                tries += 1
                is_broken = error.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
                if not is_passing(error) or (is_broken and tries >= failures):
                    raise
                delay = self.delay_after(error, tries)
                if delay is None:
                    raise
            yield Sleep(delay)

    def _answered(self, bundle: dict[str, Any]) -> Flow[dict[str, Any]]:
        """Send a bundle.

        Raises:
            MedplumError: there is no answer for each of its entries.
        """
        batch = run_batch(self.session, bundle, options=self.options, replay_safe=True)
        answer = yield from batch
        found, expected = len(list_of(answer.get("entry"))), len(bundle["entry"])
        if found == expected:
            return answer
        raise MedplumError(
            f"the server answered {found} entries to a batch of {expected}",
            possibly_committed=True,
        )

    def delay_after(self, error: MedplumError, tries: int) -> float | None:
        """Return the seconds until the next try; `None` for no further."""
        asked = error.retry_after if isinstance(error, RateLimitError) else None
        return self.patience.delay(tries, self.session.clock.random(), asked)

    def again(self, outcomes: Sequence[Outcome], tries: int) -> tuple[list[Outcome], float]:
        """Return what to send again of what may succeed later, and after how many seconds.

        Throttled entries are waited for as long as the patience lasts, others a few times.

        Raises:
            RateLimitError: the patience is over, and entries are throttled still.
        """
        kept = [e for e in outcomes if e.fate.status == THROTTLED or tries < _TRIES]
        asked = max((outcome_delay(each.outcome) or 0.0 for each in kept), default=None)
        delay = self.patience.delay(tries, self.session.clock.random(), asked) if kept else None
        if delay is not None:
            return kept, delay
        for each in kept:
            if each.fate.status == THROTTLED:  # the next batch would fare no better
                raise RateLimitError(_THROTTLING, THROTTLED, each.outcome)
        return [], 0.0


def _alone(sent: Prepared, error: MedplumError) -> Outcome:
    """Return the outcome of a batch of one that was refused as a whole."""
    fate = failed(sent.entry.n, error.status_code, error.outcome)
    if error.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
        fate = replace(fate, state=State.UNANSWERED)
    return Outcome(fate, outcome=error.outcome)
