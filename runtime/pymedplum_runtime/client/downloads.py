"""Where the bytes of a download go: into memory, or into a file that is complete or not there."""

import shutil
import tempfile
from os import PathLike
from pathlib import Path
from typing import IO, cast

from typing_extensions import Self

from pymedplum_runtime.client.types import Destination, Progress
from pymedplum_runtime.errors import ContentTooLargeError


class Download:
    """Takes the chunks of an answer; begins anew when the request is repeated."""

    def __init__(self, max_bytes: int | None, progress: Progress | None) -> None:
        if max_bytes is not None:
            if isinstance(max_bytes, bool) or not isinstance(max_bytes, int):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"max_bytes must be an int, got {type(max_bytes).__name__}")
            if max_bytes < 0:
                raise ValueError("max_bytes must be 0 or more")
        self._max_bytes = max_bytes
        self._progress = progress
        self.received = 0

    def restart(self) -> None:
        """Forget what came so far."""
        self.received = 0

    def __call__(self, chunk: bytes) -> None:
        """Take a chunk.

        Raises:
            ContentTooLargeError: it is one too many.
        """
        self.received += len(chunk)
        if self._max_bytes is not None and self.received > self._max_bytes:
            raise ContentTooLargeError(
                f"the content is larger than max_bytes={self._max_bytes}; nothing was kept"
            )
        self._keep(chunk)
        if self._progress:
            self._progress(self.received)

    def _keep(self, chunk: bytes) -> None:
        raise NotImplementedError


class MemoryDownload(Download):
    """Keeps the content."""

    def __init__(self, max_bytes: int | None, progress: Progress | None) -> None:
        super().__init__(max_bytes, progress)
        self._chunks: list[bytes] = []

    def restart(self) -> None:
        """Forget what came so far."""
        super().restart()
        self._chunks.clear()

    def content(self) -> bytes:
        """Return what came."""
        return b"".join(self._chunks)

    def _keep(self, chunk: bytes) -> None:
        self._chunks.append(chunk)


class FileDownload(Download):
    """Writes beside the destination, and puts the file in its place once it is complete."""

    def __init__(
        self, destination: Destination, max_bytes: int | None, progress: Progress | None
    ) -> None:
        """Say where the content goes.

        Raises:
            TypeError: the destination is neither a path nor a binary file.
            IsADirectoryError: it is a directory.
        """
        super().__init__(max_bytes, progress)
        self._stream = cast("IO[bytes]", destination) if hasattr(destination, "write") else None
        self._path = Path() if self._stream else _file_path(destination)
        if self._stream:
            _check_binary(self._stream)

    def __enter__(self) -> Self:
        folder = None if self._stream else self._path.parent
        self._file = tempfile.NamedTemporaryFile(dir=folder, delete=False)
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()
        Path(self._file.name).unlink(missing_ok=True)

    def restart(self) -> None:
        """Forget what came so far."""
        super().restart()
        self._file.seek(0)
        self._file.truncate()

    def finish(self) -> int:
        """Put the content where it belongs, and return its length."""
        if self._stream:
            self._file.seek(0)
            shutil.copyfileobj(self._file, self._stream)
        else:
            self._file.close()
            Path(self._file.name).replace(self._path)
        return self.received

    def _keep(self, chunk: bytes) -> None:
        self._file.write(chunk)


def _file_path(destination: object) -> Path:
    if not isinstance(destination, str | PathLike):
        kind = type(destination).__name__
        raise TypeError(f"destination must be a path or an open binary file, got {kind}")
    path = Path(cast("str", destination))
    if path.is_dir():
        raise IsADirectoryError("destination is a directory; give the path of a file")
    return path


def _check_binary(stream: IO[bytes]) -> None:
    try:
        stream.write(b"")
    except TypeError:
        raise TypeError("destination must be a binary file; open it with mode 'wb'") from None
