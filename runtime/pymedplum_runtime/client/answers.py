"""From an answer to the exception it means; the texts hold codes and templates alone."""

from http import HTTPStatus
from typing import Any, cast

import httpx

from pymedplum_runtime.errors import (
    AuthenticationError,
    AuthorizationError,
    BadRequestError,
    ConflictError,
    GoneError,
    MedplumError,
    NotFoundError,
    OperationOutcomeError,
    PreconditionFailedError,
    RateLimitError,
    ServerError,
    UnsafeRedirectError,
    ValidationError,
)
from pymedplum_runtime.http.limits import delay_asked_for
from pymedplum_runtime.http.shape import Shape
from pymedplum_runtime.http.urls import Server
from pymedplum_runtime.http.wire import Answer
from pymedplum_runtime.outcomes import issue_codes

_CLASSES: dict[int, type[MedplumError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: AuthorizationError,
    404: NotFoundError,
    409: ConflictError,
    410: GoneError,
    412: PreconditionFailedError,
    429: RateLimitError,
}
_FIRST_ERROR = 400
_SERVER_ERROR = 500


def raise_for_status(answer: Answer, method: str, shape: Shape, server: Server, now: float) -> None:
    """Raise what an answer means; a 2xx and a 304 are results.

    Args:
        answer: what came back.
        method: of the request.
        shape: what the request was about.
        server: the one that answered.
        now: seconds since the epoch.

    Raises:
        MedplumError: the class that the status stands for.
    """
    if answer.is_success or answer.status == HTTPStatus.NOT_MODIFIED:
        return
    if answer.status < _FIRST_ERROR:
        raise _redirect(answer, method, shape, server)
    outcome = _outcome(answer)
    error = _error_class(answer.status, outcome)(
        f"{method} {shape.template}: {_status_text(answer.status)}{_codes(outcome)}",
        answer.status,
        outcome if outcome is not None else answer.json_or_none(),
    )
    if isinstance(error, ServerError):
        error.method, error.path_template = method, shape.template
        error.response = _detached(answer)
    if isinstance(error, RateLimitError):
        error.retry_after = delay_asked_for(answer, now)
    raise error


def _error_class(status: int, outcome: dict[str, Any] | None) -> type[MedplumError]:
    if status >= _SERVER_ERROR:
        return ServerError
    if status == HTTPStatus.BAD_REQUEST and outcome is not None:
        return ValidationError
    return _CLASSES.get(status) or (MedplumError if outcome is None else OperationOutcomeError)


def _redirect(answer: Answer, method: str, shape: Shape, server: Server) -> MedplumError:
    where = f"{method} {shape.template}: {_status_text(answer.status)}"
    try:
        server.locate(answer.headers.get("Location", ""))
    except UnsafeRedirectError:
        return UnsafeRedirectError(f"{where} to another server; nothing was sent there")
    return MedplumError(f"{where}: redirects are not followed; check base_url", answer.status)


def _outcome(answer: Answer) -> dict[str, Any] | None:
    decoded = answer.json_or_none()
    if not isinstance(decoded, dict):
        return None
    members = cast("dict[str, Any]", decoded)
    return members if members.get("resourceType") == "OperationOutcome" else None


def _codes(outcome: dict[str, Any] | None) -> str:
    codes = ", ".join(code for _, code in issue_codes(outcome) if code)
    return f" ({codes})" if codes else ""


def _status_text(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _detached(answer: Answer) -> httpx.Response:
    """Return the answer without its request, whose headers hold the token."""
    kept = {k: v for k, v in answer.headers.items() if k.lower() in _SHOWN}
    return httpx.Response(answer.status, headers=kept, content=answer.content)


_SHOWN = frozenset({"content-type", "date", "retry-after", "ratelimit", "etag", "location"})
