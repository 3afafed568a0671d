"""The answers of a terminology service, kept for the next time, and what no answer means."""

import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

from pymedplum_runtime.errors import (
    BadRequestError,
    MedplumError,
    NetworkError,
    NotFoundError,
    RateLimitError,
    ServerError,
)

# What a server does that has no answer. Any other error is raised: one of signing in or of access
# would come for every code.
NO_ANSWER = (BadRequestError, NotFoundError, NetworkError, RateLimitError, ServerError)
_UNKNOWN_THERE = (BadRequestError, NotFoundError)

Key = tuple[str, str | None, str, str | None]
"""A value set, a system, a code and a display."""


class Answer(NamedTuple):
    """What a service said of a code, and where it said nothing, why."""

    is_in: bool | None
    reason: str | None = None
    is_lasting: bool = True
    """Whether asking again would give the same."""


class AnswerCache:
    """The last answers, the least used forgotten first. Any number of threads may share it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: dict[Key, Answer] = {}
        self._lock = threading.Lock()

    def get(self, key: Key) -> Answer | None:
        """Return an answer, which is now the last used."""
        with self._lock:
            answer = self._answers.pop(key, None)
            if answer is not None:
                self._answers[key] = answer
            return answer

    def put(self, key: Key, answer: Answer) -> None:
        """Keep an answer, if it lasts."""
        if not answer.is_lasting:
            return
        with self._lock:
            self._answers.pop(key, None)
            self._answers[key] = answer
            while len(self._answers) > self._size:
                del self._answers[next(iter(self._answers))]

    def clear(self) -> None:
        """Forget all answers."""
        with self._lock:
            self._answers.clear()

    def __len__(self) -> int:
        return len(self._answers)


def read_answer(parameters: Mapping[str, Any], system: str | None) -> Answer:
    """Read the `Parameters` that a `$validate-code` answers with."""
    try:
        entries: list[Any] = parameters.get("parameter") or []
        results = [entry.get("valueBoolean") for entry in entries if entry.get("name") == "result"]
    except (AttributeError, TypeError):  # no Parameters
        results = []
    result = results[0] if results else None
    if not isinstance(result, bool):
        return Answer(None, "the server's answer has no result")
    if not result and system is None:
        # Medplum compares the system with those of the value set, and infers none.
        return Answer(None, "the server cannot judge codes that have no system")
    return Answer(result)


def no_answer(error: MedplumError) -> Answer:
    """Say why there is no answer; the server's own words stay with the error."""
    if isinstance(error, _UNKNOWN_THERE):
        return Answer(None, "the server does not know the value set, or a code system of it")
    status = "" if error.status_code is None else f" ({error.status_code})"
    reason = f"the server could not be asked: {type(error).__name__}{status}"
    return Answer(None, reason, is_lasting=False)
