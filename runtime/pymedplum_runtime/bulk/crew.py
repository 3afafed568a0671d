"""Threads that fetch files, and the errands that they have done by the flow which waits for them.

Only the flow speaks to the server through the session, so that tokens, hooks and fresh manifests
go the same way on both clients; the threads read from sockets and write to the disk.
"""

import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from pymedplum_runtime.client.transport import is_ours
from pymedplum_runtime.http.clock import Clock
from pymedplum_runtime.http.flow import Flow, Wait

T = TypeVar("T")
_NAP = 1.0  # seconds: how long a thread that waits may fail to notice that all is over


class StoppedError(Exception):
    """The download ends: a thread gives up what it is doing."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A flow that a thread wants to be run, and where its result goes."""

    flow: Flow[Any]
    result: "Future[Any]" = field(default_factory=Future[Any])

    def carry_out(self) -> Flow[None]:
        """Run the flow; the thread, if it still waits, receives what it returns or raises."""
        try:
            result = yield from self.flow
        except Exception as error:  # noqa: BLE001 - raised again, in the thread
            with suppress(InvalidStateError):
                self.result.set_exception(error)
        else:
            with suppress(InvalidStateError):
                self.result.set_result(result)


class Crew:
    """A few threads; give them work with `start`, then `serve` them until they are done."""

    def __init__(self, size: int, clock: Clock) -> None:
        self._size = size
        self._clock = clock
        self._lock = threading.Lock()
        self._errands: deque[Errand | None] = deque()
        self._asked: Future[Errand | None] | None = None
        self._open: set[Future[Any]] = set()
        self._sockets: list[socket.socket] = []
        self._working = 0
        self._ended: Future[None] = Future()
        self._failure: BaseException | None = None
        self._is_stopping = False

    def start(self, work: Callable[[], bool]) -> None:
        """Let every thread do the work again and again, until it says that none is left.

        The threads are daemons: the process may end at any moment, as files may be begun and
        never finished.
        """
        self._working = self._size
        for number in range(self._size):
            run = copy_context().run
            name = f"pymedplum-export-{number}"
            threading.Thread(target=run, args=(self._work, work), name=name, daemon=True).start()

    def serve(self) -> Flow[None]:
        """Carry out errands until the threads have ended; whatever stops this stops them.

        Raises:
            BaseException: what a thread failed with that no file is to blame for.
        """
        try:
            while (errand := (yield Wait(self._next()))) is not None:
                yield from errand.carry_out()
        except GeneratorExit:
            self.stop()
            raise
        except BaseException:
            self.stop()
            yield Wait(self._ended)  # so that no thread touches the folder any more
            raise
        if self._failure is not None:
            raise self._failure

    def ask(self, flow: Flow[T]) -> T:
        """Have a flow run, and return what it returns; called by the threads.

        Raises:
            StoppedError: the download ends.
        """
        errand = Errand(flow)
        with self._lock:
            self.check()
            self._open.add(errand.result)
            self._post(errand)
        try:
            result: T = errand.result.result()
            return result
        finally:
            with self._lock:
                self._open.discard(errand.result)

    def check(self) -> None:
        """Go on only if the download does.

        Raises:
            StoppedError: it does not.
        """
        if self._is_stopping:
            raise StoppedError

    def sleep(self, seconds: float) -> None:
        """Let time pass in a thread.

        Raises:
            StoppedError: the download ends.
        """
        while seconds > 0:
            self.check()
            self._clock.sleep(min(seconds, _NAP))
            seconds -= _NAP
        self.check()

    def watch(self, event: str, told: Mapping[str, Any]) -> None:
        """Remember every connection that is opened, to cut it off when the download ends.

        This is a `trace` of httpcore: https://www.encode.io/httpcore/extensions/#trace
        """
        if not event.endswith(("connect_tcp.complete", "start_tls.complete")):
            return
        found = told["return_value"].get_extra_info("socket")
        if isinstance(found, socket.socket):
            with self._lock:
                self._sockets = [each for each in self._sockets if each.fileno() >= 0]
                self._sockets.append(found)
                if self._is_stopping:
                    _cut_off(found)

    def stop(self) -> None:
        """Tell the threads to end, and wake those that wait."""
        with self._lock:
            self._is_stopping = True
            for each in self._open:
                with suppress(InvalidStateError):
                    each.set_exception(StoppedError())
            for connection in self._sockets:
                _cut_off(connection)

    def give_up(self, error: BaseException) -> NoReturn:
        """End the download with an error that no file is to blame for; called by the threads.

        Raises:
            StoppedError: the download ends.
        """
        self._failure = self._failure or error
        self.stop()
        raise StoppedError

    def _work(self, work: Callable[[], bool]) -> None:
        is_ours.set(True)
        with suppress(StoppedError):
            try:
                while not self._is_stopping and work():
                    pass
            except StoppedError:
                raise
            except BaseException as error:  # noqa: BLE001 - raised again, by the flow
                self.give_up(error)
        with self._lock:
            self._working -= 1
            if self._working == 0:
                self._post(None)
                self._ended.set_result(None)

    def _next(self) -> "Future[Errand | None]":
        """Return the next errand; `None` once the threads have ended."""
        asked: Future[Errand | None] = Future()
        with self._lock:
            if self._errands:
                asked.set_result(self._errands.popleft())
            else:
                self._asked = asked
        return asked

    def _post(self, errand: Errand | None) -> None:
        if self._asked is None:
            self._errands.append(errand)
        else:
            self._asked.set_result(errand)
            self._asked = None


def _cut_off(connection: socket.socket) -> None:
    """End a connection, which wakes the thread that waits for it."""
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
