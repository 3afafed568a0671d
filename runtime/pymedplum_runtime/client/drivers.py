"""Carry out flows: one driver over `httpx.Client`, its twin over `httpx.AsyncClient`.

All that differs between the two clients stands here.
"""

import inspect
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from typing import Any, TypeVar

import httpx

from pymedplum_runtime.client.pages import Pages
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.transport import Origin, is_ours, network_error, origin, outgoing
from pymedplum_runtime.http.flow import Effect, Flow, Invoke, Send, Sleep, Work
from pymedplum_runtime.http.wire import Answer, BoundedContent, WireRequest

T = TypeVar("T")


class SyncDriver:
    """Carries out flows in the calling thread."""

    def __init__(self, session: Session, http: httpx.Client) -> None:
        self.session = session
        self._http = http
        self._home: Origin = origin(httpx.URL(session.server.base_url))

    def run(self, flow: Flow[T]) -> T:
        """Return what a flow returns."""
        try:
            effect = next(flow)
            while True:
                try:
                    result = self._perform(effect)
                except BaseException as error:  # noqa: BLE001 - the flow decides
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]

    def iterate(self, pages: Pages[T]) -> Iterator[T]:
        """Give the items of all pages, holding one page at a time."""
        while pages.has_next:
            yield from self.run(pages.next_page())

    def _perform(self, effect: Effect) -> Any:  # noqa: ANN401 - depends on the effect
        if isinstance(effect, Send):
            is_ours.set(True)
            try:
                return self._send(effect.request)
            finally:
                is_ours.set(False)
        if isinstance(effect, Invoke):
            return _plain(effect.function(*effect.arguments))
        if isinstance(effect, Work):
            return effect.function(*effect.arguments)
        if isinstance(effect, Sleep):
            return self.session.clock.sleep(effect.seconds)
        return effect.future.result()

    def _send(self, request: WireRequest) -> Answer:
        built = outgoing(self._http, request, self._home)
        try:
            response = self._http.send(built, auth=None, stream=True, follow_redirects=False)
            try:
                if request.sink and response.is_success:
                    request.sink.restart()
                    for chunk in response.iter_bytes():
                        request.sink(chunk)
                    content = b""
                elif request.most is not None:
                    bounded = BoundedContent(request.most)
                    for chunk in response.iter_bytes():
                        bounded(chunk)
                    content = bounded.whole()
                else:
                    content = response.read()
                return Answer(response.status_code, response.headers, content, request.is_write)
            finally:
                response.close()
        except (httpx.TransportError, httpx.DecodingError) as error:
            failure = network_error(error)
        raise failure


def _plain(result: object) -> object:
    if not inspect.isawaitable(result):
        return result
    if inspect.iscoroutine(result):
        result.close()
    raise TypeError("a function given to MedplumClient is asynchronous, and it cannot await it")


class AsyncDriver:
    """Carries out flows in the calling task."""

    def __init__(
        self, session: Session, http: httpx.AsyncClient, connections: int | None = None
    ) -> None:
        """Take an HTTP client, and how many requests may be in it at once.

        httpx looks through all of its connections for every request that waits for one, each time
        that anything changes: a thousand waiting cost it seconds. So they wait here.
        """
        import asyncio  # noqa: PLC0415 - the synchronous client does without

        self.session = session
        self._http = http
        self._gate = asyncio.Semaphore(connections) if connections else nullcontext()
        self._home: Origin = origin(httpx.URL(session.server.base_url))

    async def run(self, flow: Flow[T]) -> T:
        """Return what a flow returns."""
        try:
            effect = next(flow)
            while True:
                try:
                    result = await self._perform(effect)
                except BaseException as error:  # noqa: BLE001 - the flow decides
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]

    async def iterate(self, pages: Pages[T]) -> AsyncIterator[T]:
        """Give the items of all pages, holding one page at a time."""
        while pages.has_next:
            for item in await self.run(pages.next_page()):
                yield item

    async def _perform(self, effect: Effect) -> Any:  # noqa: ANN401 - depends on the effect
        if isinstance(effect, Send):
            is_ours.set(True)
            try:
                return await self._send(effect.request)
            finally:
                is_ours.set(False)
        if isinstance(effect, Invoke):
            result = effect.function(*effect.arguments)
            return await result if inspect.isawaitable(result) else result
        if isinstance(effect, Sleep):
            return await self.session.clock.asleep(effect.seconds)
        import asyncio  # noqa: PLC0415 - the same

        if isinstance(effect, Work):
            return await asyncio.to_thread(effect.function, *effect.arguments)
        # Shielded, since cancelling one waiter must not cancel the future that all wait for.
        return await asyncio.shield(asyncio.wrap_future(effect.future))

    async def _send(self, request: WireRequest) -> Answer:
        async with self._gate:
            return await self._exchange(request)

    async def _exchange(self, request: WireRequest) -> Answer:
        built = outgoing(self._http, request, self._home)
        try:
            response = await self._http.send(built, auth=None, stream=True, follow_redirects=False)
            try:
                if request.sink and response.is_success:
                    request.sink.restart()
                    async for chunk in response.aiter_bytes():
                        request.sink(chunk)
                    content = b""
                elif request.most is not None:
                    bounded = BoundedContent(request.most)
                    async for chunk in response.aiter_bytes():
                        bounded(chunk)
                    content = bounded.whole()
                else:
                    content = await response.aread()
                return Answer(response.status_code, response.headers, content, request.is_write)
            finally:
                await response.aclose()
        except (httpx.TransportError, httpx.DecodingError) as error:
            failure = network_error(error)
        raise failure
