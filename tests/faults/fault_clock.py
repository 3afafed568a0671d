"""A clock for many threads and tasks: sleeping moves it and costs no time."""

import asyncio
import random
import threading
import time
from collections.abc import Callable


class SharedClock:
    """Moves when somebody sleeps, and when a test says so."""

    on_sleep: Callable[[], object]

    def __init__(self, seed: int = 1) -> None:
        self._elapsed = 0.0
        self._lock = threading.Lock()
        self._started = time.time()
        self._random = random.Random(seed)  # noqa: S311 - jitter
        self.on_sleep = lambda: None

    def now(self) -> float:
        return self._started + self._elapsed

    def monotonic(self) -> float:
        return 1000.0 + self._elapsed

    def random(self) -> float:
        return self._random.random()

    def move(self, seconds: float) -> None:
        with self._lock:
            self._elapsed += seconds

    def sleep(self, seconds: float) -> None:
        self.move(seconds)
        self.on_sleep()
        time.sleep(0)  # lets another thread run

    async def asleep(self, seconds: float) -> None:
        self.move(seconds)
        self.on_sleep()
        await asyncio.sleep(0)
