"""How far a download is, added up over its threads."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from pymedplum_runtime.bulk.manifest import Manifest

_STEP = 1024 * 1024  # bytes between two calls: a chunk each would be thousands of calls a second


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far a download is."""

    files_done: int
    """Those of an earlier, interrupted download too."""
    files: int
    bytes: int
    """Of content, before it is compressed for the disk; what was thrown away is not in it."""
    lines: int
    resources_expected: int | None
    """How many lines the manifest promises, where it says so of every file."""


ProgressCallback: TypeAlias = Callable[[DownloadProgress], object]


class Meter:
    """Adds up what the threads report, and tells the caller's function: one call at a time."""

    def __init__(
        self, manifest: Manifest, callback: ProgressCallback | None, *, files_done: int
    ) -> None:
        counts = [each.count for each in manifest.files]
        known = [count for count in counts if count is not None]
        self._expected = sum(known) if len(known) == len(counts) else None
        self._files = len(counts)
        self._callback = callback
        self._lock = threading.Lock()
        self._done = files_done
        self._bytes = 0
        self._lines = 0
        self._told = 0

    def add(self, size: int, lines: int) -> None:
        """Count content; negative numbers take back what was thrown away."""
        if self._callback is None:
            return
        with self._lock:
            self._bytes += size
            self._lines += lines
            if abs(self._bytes - self._told) >= _STEP:
                self._tell()

    def finished(self) -> None:
        """Count a file."""
        with self._lock:
            self._done += 1
            self._tell()

    def _tell(self) -> None:
        if self._callback is not None:
            self._told = self._bytes
            self._callback(
                DownloadProgress(self._done, self._files, self._bytes, self._lines, self._expected)
            )
