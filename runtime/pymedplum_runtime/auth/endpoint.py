"""The token endpoint: reached without token, hooks that change requests, and retries."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from pymedplum_runtime.auth.discovery import Discovery
from pymedplum_runtime.auth.tokens import Form, Grant, read_grant
from pymedplum_runtime.errors import InsecureTransportError, NetworkError, UnsafeRedirectError
from pymedplum_runtime.hooks import AsyncOnRequestCompleteHook, OnRequestCompleteHook
from pymedplum_runtime.http.clock import Clock
from pymedplum_runtime.http.flow import Flow, Sleep
from pymedplum_runtime.http.records import Record
from pymedplum_runtime.http.retry import Retries, RetryPolicy
from pymedplum_runtime.http.urls import Server, is_safe_transport, origin_of
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
        self.fhir_url = server.fhir_url
        self._server = server
        self._clock = clock
        self._timeout = timeout
        self._retry = retry
        self._ended: list[tuple[Record, BaseException | None]] = []
        self._hook = hook
        self._discovery = Discovery(server, clock, timeout, retry, self._ended)

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return self._clock.now()

    def configuration(self, *, refresh: bool = False) -> Flow[Mapping[str, Any]]:
        """Return the server's smart-configuration; see `TokenEndpoint`.

        Args:
            refresh: read it again.
        """
        return self._discovery.configuration(refresh=refresh)

    def request(
        self,
        form: Form | Callable[[], Flow[Form]],
        *,
        basic: str | None = None,
        url: str | None = None,
    ) -> Flow[Grant]:
        """Ask for a token; see `TokenEndpoint`."""
        address = url or self.url
        is_foreign = self._is_foreign(address)
        headers = {"Accept": JSON, "Content-Type": FORM}
        if basic:
            if is_foreign:
                raise UnsafeRedirectError("HTTP Basic credentials go to the client's server alone")
            headers["Authorization"] = f"Basic {basic}"
        record = Record("POST", address, self._server.fhir_url, self._clock)

        def wire() -> Flow[WireRequest]:
            members = (yield from form()) if callable(form) else form
            return WireRequest(
                "POST",
                address,
                headers,
                self._timeout,
                encode_form(members),
                is_foreign=is_foreign,
            )

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

    def _is_foreign(self, url: str) -> bool:
        if origin_of(url) == self._server.origin:
            return False
        if is_safe_transport(url):
            return True
        raise InsecureTransportError(
            "the token endpoint is at another server, and neither https nor loopback: credentials "
            "would go there in the clear; nothing was sent"
        )

    def _connected(self, record: Record, wire: Callable[[], Flow[WireRequest]]) -> Flow[Answer]:
        """Send a request, again where no connection came about: the server knows of none then."""
        retries = Retries(self._retry, is_replay_safe=False)
        while True:
            try:
                return (yield from record.sent((yield from wire())))
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
        while True:
            try:
                record, error = self._ended.pop(0)
            except IndexError:  # asked beforehand, another thread could take the last one
                return
            yield from record.report(self._hook, error)
