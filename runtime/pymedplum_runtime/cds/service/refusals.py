"""Answers that say no: a status, what was wrong and where; never a value of the request."""

import json
import logging
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError
    from starlette.responses import Response

logger = logging.getLogger("pymedplum.cds")

_MOST_PROBLEMS = 20
_LONGEST_NAME = 60
_MOST_FRAMES = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a body."""

    path: str
    """Where: `context.patientId`."""
    problem: str
    """What, without the value."""


class Refusal(Exception):  # noqa: N818 - an answer, and no fault of ours
    """Ends a request with an answer."""

    def __init__(
        self,
        status: int,
        error: str,
        problems: Sequence[Problem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.problems = tuple(problems)
        self.headers = dict(headers or {})

    def response(self) -> "Response":
        """Return the answer."""
        from starlette.responses import Response  # noqa: PLC0415 - an extra

        body: dict[str, Any] = {"error": self.error}
        if self.problems:
            body["problems"] = [{"path": p.path, "problem": p.problem} for p in self.problems]
        return Response(
            json.dumps(body),
            status_code=self.status,
            headers={**SAFE_HEADERS, **self.headers},
            media_type="application/json",
        )


SAFE_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""What every answer has: it may be a patient's, and it is JSON."""


def log_failure(what: str, error: BaseException) -> None:
    """Log that a handler failed: class and places, since the text may hold patient data."""
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    places = " < ".join(f"{each.filename}:{each.lineno}" for each in reversed(frames))
    logger.error("%s failed: %s at %s", what, type(error).__name__, places)


def refusal_of(error: "ValidationError", what: str) -> Refusal:
    """Return the answer for a body that breaks the rules of its type.

    Args:
        error: the fault of the body.
        what: its kind, in words.
    """
    found = error.errors(include_url=False, include_context=False, include_input=False)
    problems = [
        Problem(".".join(_short(part) for part in each["loc"]), each["msg"])
        for each in found[:_MOST_PROBLEMS]
    ]
    return Refusal(400, what, problems)


def _short(part: str | int) -> str:
    """Return a part of a path, cut where a caller made it long."""
    text = str(part)
    return text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}..."
