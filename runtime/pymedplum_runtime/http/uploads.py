"""Bodies that are sent without being in memory as a whole."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

CHUNK = 1 << 16


class Upload:
    """A body that is read chunk by chunk, from its start each time it is sent."""

    def __init__(
        self, source: Path | IO[bytes], progress: Callable[[int], object] | None = None
    ) -> None:
        """Describe a body.

        Args:
            source: a file by its path, or an open binary file, sent from where it stands.
            progress: is called with the number of bytes read so far.

        Raises:
            TypeError: the file is open for text.
            ValueError: the file cannot seek, so that it could not be sent again.
        """
        self._source = source
        self._progress = progress
        self._start = 0
        if not isinstance(source, Path):
            if not isinstance(source.read(0), bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError("a file to upload must be binary; open it with mode 'rb'")
            if not source.seekable():
                raise ValueError("a file to upload must be seekable; read it into bytes instead")
            self._start = source.tell()

    def size(self) -> int:
        """Return the number of bytes that are sent."""
        if isinstance(self._source, Path):
            return self._source.stat().st_size
        end = self._source.seek(0, os.SEEK_END)
        return end - self._start

    def chunks(self) -> Iterator[bytes]:
        """Read the content from its start, reporting how much was read."""
        if isinstance(self._source, Path):
            with self._source.open("rb") as file:
                yield from self._read(file)
        else:
            self._source.seek(self._start)
            yield from self._read(self._source)

    def _read(self, file: IO[bytes]) -> Iterator[bytes]:
        sent = 0
        while chunk := file.read(CHUNK):
            yield chunk
            sent += len(chunk)
            if self._progress:
                self._progress(sent)
