"""How far a download is, added up over its threads."""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeAlias

from pymedplum_runtime.bulk.content import PartFile, Written
from pymedplum_runtime.bulk.crew import Crew
from pymedplum_runtime.bulk.manifest import Manifest

_STEP = 1024 * 1024  # bytes between two calls: a chunk each would be thousands of calls a second
_SHARE = 256 * 1024  # bytes that a thread counts for itself before it adds them


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far a download is."""

    files_done: int
    """Those of an earlier, interrupted download too."""
    files: int
    bytes: int
    """Of content that this download fetched, before it is compressed for the disk; what was thrown
    away is not in it."""
    lines: int
    """Those of an earlier, interrupted download too."""
    resources_expected: int | None
    """How many lines the manifest promises, where it says so of every file."""


ProgressCallback: TypeAlias = Callable[[DownloadProgress], object]


class Meter:
    """Adds up what the threads report, and tells the caller's function: one call at a time."""

    def __init__(
        self,
        manifest: Manifest,
        callback: ProgressCallback | None,
        crew: Crew,
        finished: Collection[Written],
    ) -> None:
        counts = [each.count for each in manifest.files]
        known = [count for count in counts if count is not None]
        self._expected = sum(known) if len(known) == len(counts) else None
        self._files = len(counts)
        self._callback = callback
        self._lock = threading.Lock()
        self._crew = crew
        self._done = len(finished)
        self._bytes = 0
        self._lines = sum(each.lines for each in finished)
        self._told = 0

    def add(self, size: int, lines: int) -> None:
        """Count content; negative numbers take back what was thrown away.

        Raises:
            StoppedError: the caller's function failed.
        """
        with self._lock:
            self._bytes += size
            self._lines += lines
            if abs(self._bytes - self._told) >= _STEP:
                self._tell()

    def finished(self) -> None:
        """Count a file.

        Raises:
            StoppedError: the caller's function failed.
        """
        with self._lock:
            self._done += 1
            self._tell()

    def _tell(self) -> None:
        if self._callback is None:
            return
        self._crew.check()
        self._told = self._bytes
        far = DownloadProgress(self._done, self._files, self._bytes, self._lines, self._expected)
        try:
            self._callback(far)
        except BaseException as error:  # noqa: BLE001 - raised again, by the flow
            self._crew.give_up(error)  # no fault of the disk's, the connection's or the file's


class Share:
    """What one try at a file adds to a meter."""

    def __init__(self, meter: Meter, part: PartFile) -> None:
        self._meter = meter
        self._part = part
        self._size = 0
        self._lines = 0

    def grow(self) -> None:
        """Add what came, once it is enough.

        Raises:
            StoppedError: the caller's function failed.
        """
        if self._part.size - self._size >= _SHARE:
            self.settle()

    def settle(self) -> None:
        """Add what came.

        Raises:
            StoppedError: the caller's function failed.
        """
        self._set(self._part.size, self._part.lines)

    def withdraw(self) -> None:
        """Take back what was added."""
        self._set(0, 0)

    def _set(self, size: int, lines: int) -> None:
        more = size - self._size, lines - self._lines
        self._size, self._lines = size, lines
        self._meter.add(*more)
