"""What the hooks receive: a request before it is sent, and the record of a completed call."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias, cast

RequestAction: TypeAlias = Literal[
    "read", "search", "create", "update", "patch", "delete", "operation", "batch_or_transaction"
]
RequestOutcome: TypeAlias = Literal["success", "error"]


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A request as a `before_request` hook sees it: without credentials."""

    method: str
    """The HTTP method; it may be changed to one that writes nothing (`GET`, `HEAD`, `OPTIONS`)."""
    url: str
    """The absolute URL; a changed one must stay on the same server."""
    headers: dict[str, str]
    """All headers but `Authorization` and `X-Medplum-On-Behalf-Of`."""
    json_body: Any | None
    """The decoded JSON body, where there is one; a copy, so that changes need `replace()`."""

    def __repr__(self) -> str:
        return f"PreparedRequest({self.method} {self.url.partition('?')[0]})"


@dataclass(frozen=True, slots=True)
class RequestAttempt:
    """One request on the wire."""

    attempt_number: int
    """Counted from 1 within the call."""
    status_code: int | None
    """`None` where no answer came."""
    duration_seconds: float
    on_behalf_of: str | None
    """The membership that was sent; `None` for token requests."""
    exception: BaseException | None


@dataclass(frozen=True, slots=True)
class RequestEvent:
    """A completed call, retries folded into `attempts`.

    Bodies, headers and tokens are not part of it; `path`, `resource_id` and `query_params` are
    patient data.
    """

    method: str
    path: str
    path_template: str
    query_params: dict[str, list[str]] | None
    resource_type: str | None
    resource_id: str | None
    operation: str | None
    started_at: datetime
    ended_at: datetime
    attempts: list[RequestAttempt]
    final_status_code: int | None
    final_exception: BaseException | None
    action: RequestAction | None = None
    """What was done to FHIR data; `None` for calls that are not FHIR, such as token requests."""
    outcome: RequestOutcome = "error"
    """`success` for a 2xx or 3xx without an exception."""

    def __repr__(self) -> str:
        return f"RequestEvent({self.method} {self.path_template}, {self.outcome})"

    def to_phi_audit_dict(self, *, include_query_params: bool = False) -> dict[str, Any]:
        """Return everything as JSON values, for an audit log that may hold patient data.

        Args:
            include_query_params: the search parameters too.

        Example:
            >>> event.to_phi_audit_dict()["resource_id"]
            '123'
        """
        audit = {
            "method": self.method,
            "path": self.path,
            "path_template": self.path_template,
            "resource_type": self.resource_type,
            "resource_id": self.resource_id,
            "operation": self.operation,
            "action": self.action,
            "outcome": self.outcome,
            "started_at": self.started_at.isoformat(),
            "ended_at": self.ended_at.isoformat(),
            "attempts": [_attempt(each) for each in self.attempts],
            "final_status_code": self.final_status_code,
            "final_exception": serialize_exception(self.final_exception),
        }
        return audit | {"query_params": self.query_params} if include_query_params else audit

    def to_non_phi_dict(self) -> dict[str, Any]:
        """Return what metrics need as JSON values: shapes, codes and times, nothing of a patient.

        Example:
            >>> event.to_non_phi_dict()["path_template"]
            '/fhir/R4/Patient/{id}'
        """
        return {
            "method": self.method,
            "path_template": self.path_template,
            "resource_type": self.resource_type,
            "operation": self.operation,
            "action": self.action,
            "outcome": self.outcome,
            "started_at": self.started_at.isoformat(),
            "ended_at": self.ended_at.isoformat(),
            "attempt_count": len(self.attempts),
            "attempts": [
                {
                    "attempt_number": each.attempt_number,
                    "status_code": each.status_code,
                    "duration_seconds": each.duration_seconds,
                    "exception_type": _type_name(each.exception),
                }
                for each in self.attempts
            ],
            "final_status_code": self.final_status_code,
            "final_exception_type": _type_name(self.final_exception),
        }


BeforeRequestHook: TypeAlias = Callable[[PreparedRequest], PreparedRequest | None]
OnRequestCompleteHook: TypeAlias = Callable[[RequestEvent], None]
AsyncOnRequestCompleteHook: TypeAlias = Callable[[RequestEvent], Awaitable[None]]


def serialize_exception(exc: BaseException | None) -> dict[str, Any] | None:
    """Reduce an exception to what a log may hold.

    An exception with `sanitize_for_logging()`, as all of this package have, decides itself; of any
    other the type and the text are given, so what the text holds is up to whoever raised it.

    Example:
        >>> serialize_exception(KeyError("x"))
        {'type': 'KeyError', 'message': "'x'"}
    """
    if exc is None:
        return None
    sanitize = getattr(exc, "sanitize_for_logging", None)
    if callable(sanitize):
        safe = sanitize()
        if isinstance(safe, dict):
            return cast("dict[str, Any]", safe)
    return {"type": type(exc).__name__, "message": str(exc)}


def _attempt(attempt: RequestAttempt) -> dict[str, Any]:
    return {
        "attempt_number": attempt.attempt_number,
        "status_code": attempt.status_code,
        "duration_seconds": attempt.duration_seconds,
        "on_behalf_of": attempt.on_behalf_of,
        "exception": serialize_exception(attempt.exception),
    }


def _type_name(exception: BaseException | None) -> str | None:
    return type(exception).__name__ if exception else None
