"""How long a throttling server asks to wait.

Medplum sends no Retry-After with a 429; it gives the time in a `RateLimit` header, in the
diagnostics of the OperationOutcome, or in an extension of it.
"""

import re
from collections.abc import Mapping
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any, cast

import msgspec

from pymedplum_runtime.http.wire import Answer

_LONGEST = 1e9  # seconds or milliseconds; a JSON integer may be larger than any float
_LIMIT = re.compile(r";\s*r=(?P<left>\d+)[^,]*?;\s*t=(?P<seconds>\d+(?:\.\d+)?)")


def delay_asked_for(answer: Answer, now: float) -> float | None:
    """Return the seconds that a 429 or 503 asks to wait; `None` where it does not say.

    `Retry-After` comes first (seconds or an HTTP date, RFC 9110, section 10.2.3), then what is
    said in the body, then the `RateLimit` headers.
    """
    after = retry_after(answer.headers.get("Retry-After", ""), now)
    if after is not None:
        return after
    said = outcome_delay(answer.json_or_none())
    return said if said is not None else _rate_limit(answer.headers.get_list("RateLimit"))


def outcome_delay(outcome: object) -> float | None:
    """Return the seconds that an OperationOutcome asks to wait."""
    if not isinstance(outcome, Mapping):
        return None
    members = cast("Mapping[str, Any]", outcome)
    for extension in _objects(members.get("extension")):
        if str(extension.get("url")).endswith("/rate-limit-reset"):
            return _number(extension.get("valueUnsignedInt"))
    for issue in _objects(members.get("issue")):
        milliseconds = _number(_diagnostics(issue.get("diagnostics")).get("_msBeforeNext"))
        if milliseconds is not None:
            return milliseconds / 1000
    return None


def retry_after(text: str, now: float) -> float | None:
    """Return the seconds that a `Retry-After` header asks to wait; `None` where it says nothing.

    Args:
        text: seconds or an HTTP date: RFC 9110, section 10.2.3.
        now: seconds since the epoch.
    """
    text = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return max(0.0, when.timestamp() - now)


def _rate_limit(headers: list[str]) -> float | None:
    """Return the longest wait of the limits that are used up, or of all where none says so."""
    limits = [(float(m["left"]), float(m["seconds"])) for m in _LIMIT.finditer(", ".join(headers))]
    spent = [seconds for left, seconds in limits if left == 0]
    return max(spent or [seconds for _, seconds in limits], default=None)


def _diagnostics(text: object) -> Mapping[str, Any]:
    if not isinstance(text, str) or "_msBeforeNext" not in text:
        return {}
    try:
        decoded = msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError):
        return {}
    return cast("Mapping[str, Any]", decoded) if isinstance(decoded, Mapping) else {}


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(min(max(cast("float", value), 0), _LONGEST)) if is_number else None


def _objects(value: object) -> list[Mapping[str, Any]]:
    listed = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("Mapping[str, Any]", each) for each in listed if isinstance(each, Mapping)]
