"""The token endpoint: reached without token, hooks that change requests, and retries."""

from collections.abc import Mapping

import httpx

from pymedplum_runtime.auth.tokens import Grant, encode_form, read_grant
from pymedplum_runtime.client.clock import Clock
from pymedplum_runtime.client.flow import Flow
from pymedplum_runtime.client.records import Record
from pymedplum_runtime.client.urls import Server
from pymedplum_runtime.client.wire import JSON, WireRequest
from pymedplum_runtime.errors import NetworkError
from pymedplum_runtime.hooks import AsyncOnRequestCompleteHook, OnRequestCompleteHook

_FORM = "application/x-www-form-urlencoded"


class MedplumTokenEndpoint:
    """The `TokenEndpoint` of a Medplum server."""

    def __init__(
        self,
        server: Server,
        clock: Clock,
        timeout: httpx.Timeout,
        hook: OnRequestCompleteHook | AsyncOnRequestCompleteHook | None,
    ) -> None:
        self.url = f"{server.base_url}oauth2/token"
        self._fhir_url = server.fhir_url
        self._clock = clock
        self._timeout = timeout
        self._hook = hook

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return self._clock.now()

    def request(self, form: Mapping[str, str], *, basic: str | None = None) -> Flow[Grant]:
        """Ask for a token; see `TokenEndpoint`."""
        headers = {"Accept": JSON, "Content-Type": _FORM}
        if basic:
            headers["Authorization"] = f"Basic {basic}"
        record = Record("POST", self.url, self._fhir_url, self._clock)
        try:
            answer = yield from record.sent(
                WireRequest("POST", self.url, headers, self._timeout, encode_form(form))
            )
            grant = read_grant(answer, self._clock.now())
        except GeneratorExit:
            raise
        except BaseException as error:
            if isinstance(error, NetworkError):
                error.possibly_committed = False  # no data is written by asking for a token
            yield from record.report(self._hook, error)
            raise
        yield from record.report(self._hook)
        return grant
