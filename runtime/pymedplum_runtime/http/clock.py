"""Time and chance, so that tests need neither."""

import random
import time
from typing import Protocol


class Clock(Protocol):
    """What the client asks of time: give your own to test code that waits."""

    def now(self) -> float:
        """Return the seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Return the seconds of a clock that never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Block the thread."""
        ...

    async def asleep(self, seconds: float) -> None:
        """Suspend the task."""
        ...

    def random(self) -> float:
        """Return a number from 0 up to, not including, 1: the jitter of delays."""
        ...


class SystemClock:
    """The machine's time."""

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return the seconds of a clock that never goes back."""
        return time.monotonic()

    def random(self) -> float:
        """Return a number from 0 up to 1."""
        return random.random()  # noqa: S311 - jitter needs no secrecy

    def sleep(self, seconds: float) -> None:
        """Block the thread."""
        time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        """Suspend the task."""
        import asyncio  # noqa: PLC0415 - the synchronous client does without

        await asyncio.sleep(seconds)
