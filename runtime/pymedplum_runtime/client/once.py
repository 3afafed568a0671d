"""A value that the calls of a client share: got once, for all of its threads and tasks."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from pymedplum_runtime.errors import MedplumError, copied
from pymedplum_runtime.http.flow import Flow, Wait

T = TypeVar("T")
_Flight = Future[Any]  # of T, of a MedplumError, or of None; a Future of T is not one of T | None

_led: ContextVar[_Flight | None] = ContextVar("led", default=None)


class Once(Generic[T]):
    """Holds a value; whoever finds it missing gets it, and the others wait for that."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value: T | None = None
        self._flight: _Flight | None = None

    @property
    def is_leading(self) -> bool:
        """Whether this thread or task is inside of getting the value: in a hook, say."""
        flight = self._flight
        return flight is not None and _led.get() is flight

    def get(self, obtain: Callable[[], Flow[T]], *, refresh: bool = False) -> Flow[T]:
        """Return the value, got now where there is none.

        Args:
            obtain: the flow that gets it; its failure reaches all who wait, and is not kept.
            refresh: whether to get it again; it joins a getting that is under way.

        Raises:
            MedplumError: whatever `obtain` raises; or it was asked for while getting it.
        """
        while True:
            with self._lock:
                if self._value is not None and not refresh:
                    return self._value
                is_leader = self._flight is None
                flight = self._flight = self._flight or _Flight()
            if is_leader:
                return (yield from self._lead(flight, obtain))
            if self.is_leading:
                raise MedplumError("a hook asked for what is being fetched; let that call pass")
            result: T | MedplumError | None = yield Wait(flight)
            if isinstance(result, MedplumError):
                raise copied(result)
            if result is not None:
                return result

    def _lead(self, flight: _Flight, obtain: Callable[[], Flow[T]]) -> Flow[T]:
        before = _led.get()
        _led.set(flight)
        try:
            value = yield from obtain()
        except MedplumError as error:
            self._land(flight, copied(error))
            raise
        except BaseException:
            self._land(flight, None)  # cancelled: another one leads
            raise
        finally:
            _led.set(before)  # no reset(): a flow may be closed in another context
        self._land(flight, value)
        return value

    def _land(self, flight: _Flight, result: T | MedplumError | None) -> None:
        with self._lock:
            if result is not None and not isinstance(result, MedplumError):
                self._value = result
            self._flight = None
        flight.set_result(result)
