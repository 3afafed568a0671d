"""Tokens are good for one call: who remembers that one was used, and for how long.

https://cds-hooks.hl7.org/2.0/#trusting-cds-clients, `jti`.
"""

import asyncio
import heapq
import os
import sqlite3
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pymedplum_runtime.errors import CDSHooksError

if TYPE_CHECKING:
    from collections.abc import Callable

_WAIT = 5.0  # seconds for another process that is writing
_PURGE_EVERY = 60.0  # seconds


class ReplayStore(Protocol):
    """Remembers used tokens: one per deployment, so that no two processes take the same token.

    Redis does it with `SET key 1 NX EXAT until`.
    """

    async def add(self, key: str, until: float, now: float) -> bool:
        """Remember a key; say whether it is new. Two calls at once must not both hear yes.

        Args:
            key: 64 hexadecimal digits that stand for issuer and `jti`.
            until: when it may be forgotten, in seconds since the epoch.
            now: the time, in seconds since the epoch.

        Raises:
            CDSHooksError: that cannot be told now; the EHR gets a 503.
        """
        ...


class MemoryReplayStore:
    """Remembers used tokens in this process: for a service that runs in one.

    When it is full of tokens that are still good, new ones are refused: nothing that was used is
    forgotten before it ends.
    """

    def __init__(self, capacity: int = 200_000) -> None:
        """Make an empty store.

        Args:
            capacity: the most tokens; each takes about 250 bytes.

        Raises:
            ValueError: the capacity is less than 1.
        """
        if capacity < 1:
            raise ValueError("capacity must be at least 1")
        self._capacity = capacity
        self._keys: set[str] = set()
        self._ends: list[tuple[float, str]] = []
        self._lock = threading.Lock()

    async def add(self, key: str, until: float, now: float) -> bool:
        """Remember a key; say whether it is new.

        Raises:
            CDSHooksError: the store is full.
        """
        with self._lock:
            while self._ends and self._ends[0][0] <= now:
                self._keys.discard(heapq.heappop(self._ends)[1])
            if key in self._keys:
                return False
            if len(self._keys) >= self._capacity:
                raise CDSHooksError("the store of used tokens is full; give it more capacity")
            self._keys.add(key)
            heapq.heappush(self._ends, (until, key))
            return True

    def __len__(self) -> int:
        return len(self._keys)


class FileReplayStore:
    """Remembers used tokens in an SQLite file: for several processes on one machine.

    It holds hashes and times alone. The file must be on a local disk, since network drives do not
    lock reliably.

    Example:
        >>> services = CDSServices(..., replay=FileReplayStore("/run/cds/used-tokens.sqlite"))
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Take the path; the file is made when it is first needed, in a folder that exists."""
        self._path = Path(path)
        self._database: sqlite3.Connection | None = None
        self._closing: Callable[[], object] | None = None
        self._process = 0
        self._purged = 0.0
        self._lock = threading.Lock()

    async def add(self, key: str, until: float, now: float) -> bool:
        """Remember a key; say whether it is new.

        Raises:
            CDSHooksError: the file cannot be read or written.
        """
        return await asyncio.to_thread(self._add, key, until, now)

    def _add(self, key: str, until: float, now: float) -> bool:
        with self._lock:
            try:
                database = self._opened()
                self._purge(database, now)
                cursor = database.execute("INSERT OR IGNORE INTO used VALUES (?, ?)", (key, until))
            except sqlite3.Error as error:
                kind = type(error).__name__
                self._give_up()  # the next call tries from the start
            else:
                return cursor.rowcount == 1
        raise CDSHooksError(f"the file of used tokens cannot be read or written ({kind})")

    def _opened(self) -> sqlite3.Connection:
        """Return the connection of this process: SQLite's do not survive a fork."""
        if self._database is None or self._process != os.getpid():
            database = sqlite3.connect(
                self._path, timeout=_WAIT, isolation_level=None, check_same_thread=False
            )
            self._database, self._process = database, os.getpid()
            self._closing = weakref.finalize(self, database.close)
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")
            database.execute(
                "CREATE TABLE IF NOT EXISTS used "
                "(key TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID"
            )
        return self._database

    def _purge(self, database: sqlite3.Connection, now: float) -> None:
        if now - self._purged > _PURGE_EVERY:
            self._purged = now
            database.execute("DELETE FROM used WHERE until <= ?", (now,))

    def _give_up(self) -> None:
        if self._closing is not None:
            self._closing()
        self._database = self._closing = None
