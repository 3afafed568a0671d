"""Whether a request is sent again, and after how long. Pure: no clock, no sleeping.

A rejection before any work (429) is repeated for every request. Where the server may have acted
(502, 503, 504, a connection that broke), only a request that does no harm twice is.
"""

from dataclasses import dataclass
from typing import Any, cast

from pymedplum_runtime.http.limits import delay_asked_for
from pymedplum_runtime.http.wire import Answer

MAX_RETRY_DELAY_SECONDS = 60.0

_MOST_DOUBLINGS = 64  # far beyond any wait; a float has no more than 1023
TOO_MANY_REQUESTS = 429
CONFLICT = 409
GATEWAY_ERRORS = frozenset({502, 503, 504})
SERIALIZATION_FAILURE = "40001"
"""PostgreSQL's code, which Medplum passes on: the transaction was rolled back."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently requests are repeated.

    Example:
        >>> client = MedplumClient(retry=RetryPolicy(max_retries=0))
    """

    max_retries: int = 2
    """After broken connections, gateway errors and serialisation failures."""
    max_rate_limit_retries: int = 5
    """After a 429."""
    base_delay: float = 0.25
    """Seconds before the first retry; doubled for each further one."""
    max_backoff: float = 2.0
    """Seconds beyond which the doubling stops."""
    jitter: float = 0.2
    """Seconds of chance on top, at most, so that clients do not come back together."""
    max_delay: float = MAX_RETRY_DELAY_SECONDS
    """Seconds beyond which a server's own wish is cut short."""

    def wait(self, asked: float | None, tries: int, chance: float) -> float:
        """Return the seconds until the next try: what the server asks for, or the backoff.

        Args:
            asked: by the server; `None` where it does not say.
            tries: how many there were, from 1.
            chance: from 0 to 1.
        """
        if asked is not None:
            return min(asked, self.max_delay)
        doublings = min(tries - 1, _MOST_DOUBLINGS)
        doubled = min(self.base_delay * 2.0**doublings, self.max_backoff)
        return min(doubled + self.jitter * chance, self.max_delay)


class Retries:
    """The retries of one call."""

    def __init__(self, policy: RetryPolicy, *, is_replay_safe: bool) -> None:
        self._policy = policy
        self._is_replay_safe = is_replay_safe
        self._failures = 0
        self._rejections = 0

    def delay_after_failure(self, *, was_sent: bool, chance: float) -> float | None:
        """Return the seconds until the next try after no answer came; `None` for no further."""
        self._failures += 1
        if self._failures > self._policy.max_retries or (was_sent and not self._is_replay_safe):
            return None
        return self._policy.wait(None, self._failures, chance)

    def delay_after_answer(self, answer: Answer, *, now: float, chance: float) -> float | None:
        """Return the seconds until the next try after an answer; `None` for no further.

        Args:
            answer: what came back.
            now: seconds since the epoch, for answers that name a date.
            chance: from 0 to 1.
        """
        if answer.status == TOO_MANY_REQUESTS:
            self._rejections += 1
            tries, limit = self._rejections, self._policy.max_rate_limit_retries
        elif self._is_worth_repeating(answer):
            self._failures += 1
            tries, limit = self._failures, self._policy.max_retries
        else:
            return None
        if tries > limit:
            return None
        asked = None if answer.status == CONFLICT else delay_asked_for(answer, now)
        return self._policy.wait(asked, tries, chance)

    def _is_worth_repeating(self, answer: Answer) -> bool:
        if answer.status in GATEWAY_ERRORS:
            return self._is_replay_safe
        return answer.status == CONFLICT and is_rolled_back(answer.json_or_none())


def is_rolled_back(outcome: Any) -> bool:  # noqa: ANN401 - decoded JSON
    """Say whether an OperationOutcome reports a serialisation failure: nothing was written."""
    try:
        codings = cast("list[dict[str, Any]]", outcome["issue"][0]["details"]["coding"])
        return codings[0].get("code") == SERIALIZATION_FAILURE
    except (AttributeError, IndexError, KeyError, TypeError):
        return False
