"""Processes that do chunks of work, each with a thread of ours that waits for it.

`concurrent.futures` has such processes too, but Python 3.10 waits for ever where one of them dies.
"""

import multiprocessing
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from pymedplum_runtime.ndjson.lines import Block
from pymedplum_runtime.ndjson.work import run


class ProcessDiedError(Exception):
    """A process ended before its work was done."""


class Processes:
    """So many processes at most; one starts when there is work and none is idle."""

    def __init__(self, count: int, job: bytes) -> None:
        # Not "fork": a copy of a process with threads can hang.
        methods = multiprocessing.get_all_start_methods()
        method = "forkserver" if "forkserver" in methods else "spawn"
        self._context: Any = multiprocessing.get_context(method)
        self._job = job
        self._is_over = self._context.RawValue("b", 0)
        self._threads = ThreadPoolExecutor(count)
        self._own = threading.local()
        self._started: list[tuple[Any, Connection]] = []

    def submit(self, block: Block) -> "Future[bytes]":
        """Have `run` done in one of them.

        The future raises `ProcessDiedError` where that ends early.
        """
        return self._threads.submit(self._done, block)

    def close(self) -> None:
        """Let each process finish the line that it is at, and end."""
        self._is_over.value = 1
        self._threads.shutdown(cancel_futures=True)
        for _, connection in self._started:
            connection.close()
        for process, _ in self._started:
            process.join()

    def _done(self, block: Block) -> bytes:
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._start()
        try:
            connection.send(block)
            return connection.recv_bytes()
        except (EOFError, OSError):
            pass
        raise ProcessDiedError

    def _start(self) -> Connection:
        ours, theirs = self._context.Pipe()
        try:
            arguments = (theirs, self._job, self._is_over)
            process = self._context.Process(target=_serve, args=arguments, daemon=True)
            process.start()
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()  # so that its end is heard of when the process dies
        self._started.append((process, ours))
        return ours  # type: ignore[no-any-return]


def _serve(connection: Connection, job: bytes, is_over: Any) -> None:  # noqa: ANN401 - of a class made by multiprocessing
    with suppress(EOFError, OSError, KeyboardInterrupt), connection:
        while True:
            connection.send_bytes(run(job, connection.recv(), is_over))
