"""Running what may take long: outside the event loop, and no longer than so many seconds."""

import asyncio
import contextvars
import inspect
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from pymedplum_runtime.http.callables import is_async
from pymedplum_runtime.http.clock import Clock

T = TypeVar("T")

_SMALL = 8192  # bytes that are read faster than a thread is reached
_READERS = 2  # more would only share the interpreter


class TooLateError(Exception):
    """The time is up."""


class WorkCancelledError(Exception):
    """The work cancelled itself."""


class HandlerEndedError(Exception):
    """A function of the user's ended in a way that would end the server."""


class Runner:
    """Calls functions: `async` ones in the event loop, others in one of a few threads.

    A function that hangs in a thread cannot be ended; it keeps its thread, and no more threads than
    allowed are ever taken. Bodies are read in threads of their own.
    """

    def __init__(self, threads: int) -> None:
        """Take the number of threads, each made when it is first needed."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="cds-service")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="cds-reader")

    async def run(self, function: Callable[[Any], Any], argument: object) -> Any:  # noqa: ANN401
        """Return what a function returns, awaited where that is needed."""
        try:
            if is_async(function):
                return await function(argument)
            context = contextvars.copy_context()
            result = await asyncio.get_running_loop().run_in_executor(
                self._threads, lambda: context.run(_called, function, argument)
            )
            return await result if inspect.isawaitable(result) else result
        except BaseException as error:
            if not _ends_more(error):
                raise
            ended = HandlerEndedError().with_traceback(error.__traceback__)
        raise ended

    async def read(self, size: int, reading: Callable[[], T]) -> T:
        """Return what the reading of so many bytes gives, without holding up other calls."""
        if size <= _SMALL:
            return reading()
        return await asyncio.get_running_loop().run_in_executor(self._readers, reading)


def _called(function: Callable[[Any], Any], argument: object) -> Any:  # noqa: ANN401 - the user's
    """Call a function; what no future can hold becomes an error that it can."""
    try:
        return function(argument)
    except BaseException as error:
        if not _ends_more(error):
            raise
        ended = HandlerEndedError().with_traceback(error.__traceback__)
    raise ended


def _ends_more(error: BaseException) -> bool:
    """Say whether an exception would end more than the function: a loop, the call, the server."""
    if isinstance(error, StopIteration | StopAsyncIteration):
        return True
    return not isinstance(
        error, Exception | asyncio.CancelledError | KeyboardInterrupt | GeneratorExit
    )


async def within(clock: Clock, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Return what the work returns, or raise what it raises.

    When the time is up, the work is cancelled and not waited for: it may refuse to end.

    Raises:
        TooLateError: the time was up first.
        WorkCancelledError: it says that it was cancelled, and nobody did so.
    """
    task = asyncio.ensure_future(work)
    timer = asyncio.ensure_future(clock.asleep(seconds))
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
        if task.cancelled():
            raise WorkCancelledError
        if task.done():
            return task.result()
    finally:
        for each in (task, timer):
            each.add_done_callback(_forget)
            each.cancel()
    raise TooLateError


def _forget(task: "asyncio.Task[Any]") -> None:
    """Take what an abandoned task raises, so that asyncio logs none of it."""
    if not task.cancelled():
        task.exception()
