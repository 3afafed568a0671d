"""Flows carried out by hand: what they send is kept, what they get is scripted, time is a clock's.

Knows the effects of flows, and no driver, no socket and no thread.
"""

import json
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from pymedplum_runtime.client.calls import Call, CallOptions
from pymedplum_runtime.client.options import Options
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.http.flow import Effect, Flow, Invoke, Send, Sleep, Wait
from pymedplum_runtime.http.wire import Answer, WireRequest
from tests.api.api_calls import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")
BASE = "https://medplum.test/"
FHIR = f"{BASE}fhir/R4/"
PATIENT_URL = f"{FHIR}Patient/1"
CREDENTIALS = {"client_id": "client", "client_secret": "hush", "access_token": None}
OPTIONS = {"headers", "on_behalf_of", "timeout"}
__all__ = ["FakeClock"]


def session_of(clock: FakeClock | None = None, **options: Any) -> Session:
    chosen: dict[str, Any] = {"base_url": BASE, "access_token": "token", "clock": clock}
    return Options(**{**chosen, **options}).session(is_async=False)


def answer_of(
    status: int = 200, body: object = None, headers: dict[str, str] | None = None
) -> Answer:
    content = (
        body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    )
    return Answer(status, httpx.Headers(headers), content)


def token_of(text: str, seconds: float | None = 3600, **more: object) -> Answer:
    given = {"access_token": text, "token_type": "Bearer", **more}
    return answer_of(200, given if seconds is None else {**given, "expires_in": seconds})


class Caller:
    """A flow of a thread or task of its own, taken step by step."""

    def __init__(self, flow: Flow[Any]) -> None:
        self._flow = flow
        self._context = copy_context()

    def next(self) -> Effect:
        return self._context.run(next, self._flow)

    def send(self, answer: object) -> Effect:
        return self._context.run(self._flow.send, answer)

    def throw(self, error: BaseException) -> Effect:
        return self._context.run(self._flow.throw, error)

    def close(self) -> None:
        self._context.run(self._flow.close)

    def end(self, answer: object) -> Any:
        try:
            self.send(answer)
        except StopIteration as stop:
            return stop.value
        raise AssertionError("the flow goes on")


class Hand:
    """Carries out flows: answers come in order, and what was asked for is remembered."""

    def __init__(self, *answers: Answer | BaseException, clock: FakeClock | None = None) -> None:
        self._answers: Iterator[Answer | BaseException] = iter(answers)
        self.clock = clock or FakeClock()
        self.sent: list[WireRequest] = []

    def run(self, flow: Flow[T]) -> T:
        try:
            effect = next(flow)
            while True:
                try:
                    result = self._perform(effect)
                except BaseException as error:  # noqa: BLE001 - whatever it is, the test judges it
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as stop:
            found: T = stop.value
            return found

    def call(
        self,
        session: Session,
        method: str = "GET",
        url: str = PATIENT_URL,
        **more: Any,
    ) -> Answer:
        given = {name: more.pop(name) for name in OPTIONS & more.keys()}
        call = Call(method=method, url=url, options=CallOptions(**given), **more)
        return self.run(session.call(call))

    @property
    def sleeps(self) -> list[float]:
        return self.clock.sleeps

    def _perform(self, effect: Effect) -> object:
        if isinstance(effect, Send):
            self.sent.append(effect.request)
            answer = next(self._answers)
            if isinstance(answer, BaseException):
                raise answer
            return answer
        if isinstance(effect, Sleep):
            return self.clock.sleep(effect.seconds)
        if isinstance(effect, Invoke):
            return effect.function(*effect.arguments)
        assert isinstance(effect, Wait)
        return effect.future.result(timeout=0)
