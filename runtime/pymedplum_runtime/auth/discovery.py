"""The server's smart-configuration, read without a token and kept.

https://hl7.org/fhir/smart-app-launch/conformance.html
"""

from collections.abc import Mapping
from typing import Any, cast

import httpx

from pymedplum_runtime.errors import AuthenticationError, NetworkError
from pymedplum_runtime.http.clock import Clock
from pymedplum_runtime.http.flow import Flow, Sleep
from pymedplum_runtime.http.records import Record
from pymedplum_runtime.http.retry import TOO_MANY_REQUESTS, Retries, RetryPolicy
from pymedplum_runtime.http.urls import Server
from pymedplum_runtime.http.wire import JSON, Answer, WireRequest

_WELL_KNOWN = (".well-known", "smart-configuration")
_SERVER_ERROR = 500


class Discovery:
    """Reads the configuration; never at another server, and no redirect is followed."""

    def __init__(
        self,
        server: Server,
        clock: Clock,
        timeout: httpx.Timeout,
        retry: RetryPolicy,
        ended: list[tuple[Record, BaseException | None]],
    ) -> None:
        """Take what requests are made with.

        Args:
            server: the one that is asked.
            clock: tells the time.
            timeout: of each request.
            retry: how often they are repeated.
            ended: receives the record of each request that has ended.
        """
        self._server = server
        self._clock = clock
        self._timeout = timeout
        self._retry = retry
        self._ended = ended
        self._known: Mapping[str, Any] | None = None

    def configuration(self, *, refresh: bool = False) -> Flow[Mapping[str, Any]]:
        """Return the members; none where the server has no such document.

        Raises:
            AuthenticationError: the server fails to tell.
            NetworkError: no answer came.
        """
        if self._known is None or refresh:
            found = yield from self._read(self._server.fhir(*_WELL_KNOWN))
            if found is None:
                found = yield from self._read(self._server.plain(*_WELL_KNOWN))
            self._known = found or {}
        return self._known

    def _read(self, url: str) -> Flow[Mapping[str, Any] | None]:
        """Return the document at a URL; `None` where there is none."""
        record = Record("GET", url, self._server.fhir_url, self._clock)
        try:
            answer = yield from self._answered(record, url)
            _check(answer)
        except GeneratorExit:
            raise
        except BaseException as error:
            self._ended.append((record, error))
            raise
        self._ended.append((record, None))
        members = answer.json_or_none() if answer.is_success else None
        return cast("dict[str, Any]", members) if isinstance(members, dict) else None

    def _answered(self, record: Record, url: str) -> Flow[Answer]:
        retries = Retries(self._retry, is_replay_safe=True)
        clock = self._clock
        while True:
            try:
                answer = yield from record.sent(
                    WireRequest("GET", url, {"Accept": JSON}, self._timeout)
                )
            except NetworkError:
                delay = retries.delay_after_failure(was_sent=True, chance=clock.random())
                if delay is None:
                    raise
            else:
                delay = retries.delay_after_answer(answer, now=clock.now(), chance=clock.random())
                if delay is None:
                    return answer
            yield Sleep(delay)


def _check(answer: Answer) -> None:
    if answer.status >= _SERVER_ERROR or answer.status == TOO_MANY_REQUESTS:
        raise AuthenticationError(
            f"the server answered its smart-configuration with {answer.status}; try again later",
            answer.status,
        )
