"""The token endpoint: reached without token, hooks that change requests, and retries."""

from collections.abc import Mapping

import httpx

from pymedplum_runtime.auth.tokens import Grant, read_grant
from pymedplum_runtime.errors import NetworkError
from pymedplum_runtime.hooks import AsyncOnRequestCompleteHook, OnRequestCompleteHook
from pymedplum_runtime.http.clock import Clock
from pymedplum_runtime.http.flow import Flow, Sleep
from pymedplum_runtime.http.records import Record
from pymedplum_runtime.http.retry import Retries, RetryPolicy
from pymedplum_runtime.http.urls import Server
from pymedplum_runtime.http.wire import FORM, JSON, Answer, WireRequest, encode_form


class MedplumTokenEndpoint:
    """The `TokenEndpoint` of a Medplum server."""

    def __init__(
        self,
        server: Server,
        clock: Clock,
        timeout: httpx.Timeout,
        retry: RetryPolicy,
        hook: OnRequestCompleteHook | AsyncOnRequestCompleteHook | None,
    ) -> None:
        self.url = f"{server.base_url}oauth2/token"
        self._fhir_url = server.fhir_url
        self._clock = clock
        self._timeout = timeout
        self._retry = retry
        self._ended: list[tuple[Record, BaseException | None]] = []
        self._hook = hook

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return self._clock.now()

    def request(self, form: Mapping[str, str], *, basic: str | None = None) -> Flow[Grant]:
        """Ask for a token; see `TokenEndpoint`."""
        headers = {"Accept": JSON, "Content-Type": FORM}
        if basic:
            headers["Authorization"] = f"Basic {basic}"
        record = Record("POST", self.url, self._fhir_url, self._clock)
        wire = WireRequest("POST", self.url, headers, self._timeout, encode_form(form))
        try:
            answer = yield from self._connected(record, wire)
            grant = read_grant(answer, self._clock.now())
        except GeneratorExit:
            raise
        except BaseException as error:
            if isinstance(error, NetworkError):
                error.possibly_committed = False  # no data is written by asking for a token
            self._ended.append((record, error))
            raise
        self._ended.append((record, None))
        return grant

    def _connected(self, record: Record, wire: WireRequest) -> Flow[Answer]:
        """Send a request, again where no connection came about: the server knows of none then."""
        retries = Retries(self._retry, is_replay_safe=False)
        while True:
            try:
                return (yield from record.sent(wire))
            except NetworkError as error:
                chance = self._clock.random()
                delay = retries.delay_after_failure(
                    was_sent=error.possibly_committed, chance=chance
                )
                if delay is None:
                    raise
            yield Sleep(delay)

    def report(self) -> Flow[None]:
        """Tell the completion hook of the requests that have ended.

        Only once the token is there: a hook may use the client itself.
        """
        while self._ended:
            record, error = self._ended.pop(0)
            yield from record.report(self._hook, error)
