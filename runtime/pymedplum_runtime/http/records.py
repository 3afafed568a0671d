"""The record of one call while it is made, and the event that it becomes."""

import logging
from datetime import datetime, timezone
from http import HTTPStatus

from pymedplum_runtime.errors import NetworkError
from pymedplum_runtime.hooks import (
    AsyncOnRequestCompleteHook,
    OnRequestCompleteHook,
    RequestAttempt,
    RequestEvent,
)
from pymedplum_runtime.http.clock import Clock
from pymedplum_runtime.http.flow import Flow, Invoke, Send
from pymedplum_runtime.http.shape import Shape, shape_of
from pymedplum_runtime.http.wire import Answer, WireRequest

logger = logging.getLogger("pymedplum.hooks")


class Record:
    """What happened so far in a call."""

    def __init__(
        self, method: str, url: str, fhir_url: str, clock: Clock, *, form: str = ""
    ) -> None:
        """Begin a record.

        Args:
            method: of the call.
            url: of the call.
            fhir_url: the FHIR base URL.
            clock: tells when it began.
            form: the query of a search that is sent in the body.
        """
        self.method = method
        self._url = f"{url}?{form}" if form else url
        self._fhir_url = fhir_url
        self._clock = clock
        self._started_at = clock.now()
        self._attempts: list[RequestAttempt] = []

    def shape(self) -> Shape:
        """Return what the call is about."""
        return shape_of(self.method, self._url, self._fhir_url)

    def sent(self, wire: WireRequest, on_behalf_of: str | None = None) -> Flow[Answer]:
        """Send a request, and note how it went."""
        started = self._clock.monotonic()
        try:
            answer: Answer = yield Send(wire)
        except BaseException as error:
            if isinstance(error, NetworkError):
                error.args = (f"{self.method} {self.shape().template}: {error}",)
            self.note(None, started, on_behalf_of, error)
            raise
        self.note(answer.status, started, on_behalf_of)
        return answer

    def note(
        self,
        status: int | None,
        started: float,
        on_behalf_of: str | None = None,
        error: BaseException | None = None,
    ) -> None:
        """Note how a request went that began at a time of the monotonic clock."""
        number, duration = len(self._attempts) + 1, self._clock.monotonic() - started
        self._attempts.append(RequestAttempt(number, status, duration, on_behalf_of, error))

    def failed_with(self, error: BaseException) -> bool:
        """Say whether the last request of this call failed so, and not one for a token."""
        return bool(self._attempts) and self._attempts[-1].exception is error

    def is_ambiguous(self) -> bool:
        """Say whether the server may have acted, whatever the last answer was."""
        return any(
            (isinstance(each.exception, NetworkError) and each.exception.possibly_committed)
            or (each.status_code or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
            for each in self._attempts
        )

    def report(
        self,
        hook: OnRequestCompleteHook | AsyncOnRequestCompleteHook | None,
        exception: BaseException | None = None,
    ) -> Flow[None]:
        """Tell the completion hook; what it raises is logged by its type and goes no further."""
        if hook is None:
            return
        try:
            yield Invoke(hook, (self._event(exception),))
        except Exception as error:  # noqa: BLE001 - the hook boundary
            logger.warning("on_request_complete raised %s: ignored", type(error).__name__)

    def _event(self, exception: BaseException | None) -> RequestEvent:
        shape = self.shape()
        status = self._attempts[-1].status_code if self._attempts else None
        is_success = exception is None and status is not None and status < HTTPStatus.BAD_REQUEST
        return RequestEvent(
            method=self.method,
            path=shape.path,
            path_template=shape.template,
            query_params=shape.query,
            resource_type=shape.resource_type,
            resource_id=shape.resource_id,
            operation=shape.operation,
            started_at=_utc(self._started_at),
            ended_at=_utc(self._clock.now()),
            attempts=self._attempts,
            final_status_code=status,
            final_exception=exception,
            action=shape.action,
            outcome="success" if is_success else "error",
        )


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)
