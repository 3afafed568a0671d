"""Flows: generators that ask for effects and do no I/O themselves.

A flow yields an effect and receives its result; the drivers carry effects out. So whatever is
written as a flow serves threads and tasks alike, and is tested without a socket.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.http.wire import WireRequest

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request; the result is an `Answer`. Raises `NetworkError`."""

    request: WireRequest


@dataclass(frozen=True, slots=True)
class Sleep:
    """Let time pass; no result."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for what another thread or task is doing; the result is the future's."""

    future: "Future[Any]"


@dataclass(frozen=True, slots=True)
class Invoke:
    """Call a function of the user's; the result is its own, awaited where it is awaitable."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Work:
    """Call a function of ours that blocks: disks, other servers' files; the result is its own.

    In the calling thread, or beside the event loop, whose other tasks go on.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = field(default=(), repr=False)


Effect: TypeAlias = Send | Sleep | Wait | Invoke | Work
Flow: TypeAlias = Generator[Effect, Any, T]


def after_writing(rest: Flow[T]) -> Flow[T]:
    """Run the rest of what has written something already: its failures say so."""
    try:
        return (yield from rest)
    except MedplumError as error:
        error.possibly_committed = True
        raise
