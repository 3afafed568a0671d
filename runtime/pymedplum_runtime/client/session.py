"""The layers of one call, outermost first: event, acting for, retries, hook, token.

A session holds what all calls of a client share; it does no I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from pymedplum_runtime.auth.cache import TokenCache
from pymedplum_runtime.auth.tokens import AccessToken
from pymedplum_runtime.client.acting import OnBehalfOf
from pymedplum_runtime.client.answers import raise_for_status
from pymedplum_runtime.client.calls import Call
from pymedplum_runtime.client.once import Once
from pymedplum_runtime.client.prepared import accepted, shown
from pymedplum_runtime.client.write_validation import WriteValidation
from pymedplum_runtime.errors import ClientClosedError, MedplumError, NetworkError
from pymedplum_runtime.hooks import (
    AsyncOnRequestCompleteHook,
    BeforeRequestHook,
    OnRequestCompleteHook,
)
from pymedplum_runtime.http.clock import Clock
from pymedplum_runtime.http.flow import Flow, Invoke, Sleep
from pymedplum_runtime.http.headers import ON_BEHALF_OF, merge_headers
from pymedplum_runtime.http.records import Record
from pymedplum_runtime.http.retry import Retries, RetryPolicy
from pymedplum_runtime.http.timeouts import seconds
from pymedplum_runtime.http.urls import Server
from pymedplum_runtime.http.wire import Answer, WireRequest

_UNAUTHORIZED = 401


@dataclass(slots=True, eq=False, repr=False)
class Session:
    """What the calls of one client share."""

    server: Server
    acting: OnBehalfOf
    tokens: TokenCache
    clock: Clock
    retry: RetryPolicy
    before_request: BeforeRequestHook | None
    on_complete: OnRequestCompleteHook | AsyncOnRequestCompleteHook | None
    headers: Mapping[str, str]
    """Sent with every call."""
    timeout: httpx.Timeout
    project_id: str | None
    exact_decimals: bool
    preflight: bool = False
    """Whether searches are held to what the server lists before they are sent."""
    validation: WriteValidation | None = None
    """How resources are validated before they are written, where a call does not say."""
    capabilities: Once[Any] = field(default_factory=Once[Any])
    """What the server says that it can do; a later layer reads it."""
    is_closed: bool = False

    def call(self, call: Call) -> Flow[Answer]:
        """Make a call: through all layers, to an answer that is a 2xx or a 304.

        Raises:
            MedplumError: the class that the failure stands for.
        """
        if self.is_closed:
            raise ClientClosedError("the client is closed; make a new one")
        explicit = call.options.on_behalf_of
        if explicit is None:
            explicit = call.options.header(ON_BEHALF_OF)
        acting = self.acting.resolve(explicit)
        request = self._request(call)
        record = Record(
            call.method, call.url, self.server.fhir_url, self.clock, form=call.search_form
        )
        try:
            answer = yield from self._retried(call, request, acting, record)
            if not answer.is_success:
                raise_for_status(answer, call.method, record.shape(), self.server, self.clock.now())
        except GeneratorExit:
            raise
        except BaseException as error:
            if isinstance(error, MedplumError) and call.is_write and record.is_ambiguous():
                error.possibly_committed = True  # whatever ended the call: a new token, say
            yield from record.report(self.on_complete, error)
            raise
        yield from record.report(self.on_complete)
        return answer

    def _request(self, call: Call) -> WireRequest:
        defaults = {"Accept": call.accept, **self.headers}
        content = call.content()
        if content is not None:
            defaults["Content-Type"] = call.content_type
        headers = merge_headers(defaults, call.options.headers)
        given = call.options.timeout
        timeout = self.timeout if given is None else seconds(given)
        return WireRequest(
            call.method, call.url, headers, timeout, content, call.sink, call.is_write
        )

    def _retried(
        self, call: Call, request: WireRequest, acting: str | None, record: Record
    ) -> Flow[Answer]:
        clock = self.clock
        retries = Retries(self.retry, is_replay_safe=call.is_replay_safe)
        while True:
            try:
                answer = yield from self._authenticated(request, acting, record)
            except NetworkError as error:
                if not record.failed_with(error):
                    raise
                delay = retries.delay_after_failure(
                    was_sent=error.possibly_committed, chance=clock.random()
                )
                if delay is None:
                    error.possibly_committed = call.is_write and record.is_ambiguous()
                    raise
            else:
                if answer.is_success:
                    return answer
                delay = retries.delay_after_answer(answer, now=clock.now(), chance=clock.random())
                if delay is None:
                    return answer
            yield Sleep(delay)

    def _authenticated(
        self, request: WireRequest, acting: str | None, record: Record
    ) -> Flow[Answer]:
        if self.before_request is not None:  # first, so that one that raises lets nothing out
            changed: object = yield Invoke(self.before_request, (shown(request),))
            request = accepted(request, changed, self.server)
        token = yield from self.tokens.current()
        answer = yield from self._sent(request, token, acting, record)
        if answer.status == _UNAUTHORIZED and token is not None and self.tokens.is_renewable:
            token = yield from self.tokens.replacement(token)
            answer = yield from self._sent(request, token, acting, record)
        return answer

    def _sent(
        self, request: WireRequest, token: AccessToken | None, acting: str | None, record: Record
    ) -> Flow[Answer]:
        credentials = {"Authorization": token.header} if token else {}
        if acting:
            credentials[ON_BEHALF_OF] = acting
        wire = request.with_headers(credentials)
        answer: Answer = yield from record.sent(wire, acting)
        return answer if answer.is_success or token is None else answer.without(token.value)
