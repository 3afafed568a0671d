"""A file while it is written: lines counted, compressed where asked for, nothing held back.

The same content gives the same bytes, however it was cut into chunks on its way.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pymedplum_runtime.ndjson.compression import Compression, zstandard

_BLOCK = 256 * 1024  # what a compressor receives at once: chunks differ from run to run
_GZIP = 16 + zlib.MAX_WBITS  # zlib's header of a gzip file has no time and no name in it

ENDINGS: dict[Compression | None, str] = {None: "", "gzip": ".gz", "zstd": ".zst"}


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a file."""

    lines: int
    """A last line without an end counts."""
    bytes: int
    """On disk."""


class Compressor(Protocol):
    """What `zlib` and `zstandard` give."""

    def compress(self, content: bytes, /) -> bytes:
        """Take content, and return what is ready of its compressed form."""
        ...

    def flush(self) -> bytes:
        """Return the rest."""
        ...


class PartFile:
    """Takes the content of a file under a name that is not yet its own."""

    def __init__(self, path: Path, compress: Compression | None) -> None:
        """Open the file anew, whatever was there; a link there is removed, not followed.

        Raises:
            OSError: it cannot be written.
            ImportError: `zstd` needs the extra `data`.
        """
        self._path = path
        self._compressor = compressor(compress)
        self._block = bytearray()
        path.unlink(missing_ok=True)
        self._file = path.open("xb", buffering=0)
        self._bytes = 0
        self._is_open_line = False
        self.size = 0
        """Bytes of content so far."""
        self.lines = 0
        """How many ended so far; once it is finished, an open last one too."""

    def write(self, chunk: bytes) -> None:
        """Take a chunk, which is not empty.

        Raises:
            OSError: the disk is full, for instance.
        """
        self.size += len(chunk)
        self.lines += len(chunk) - len(chunk.replace(b"\n", b""))  # 8 times as fast as count()
        self._is_open_line = not chunk.endswith(b"\n")
        if self._compressor is None:
            self._store(chunk)
            return
        self._block += chunk
        while len(self._block) >= _BLOCK:
            self._store(self._compressor.compress(bytes(self._block[:_BLOCK])))
            del self._block[:_BLOCK]

    def finish(self) -> Written:
        """Write what is held back, and close the file.

        Raises:
            OSError: the disk is full, for instance.
        """
        if self._compressor is not None:
            self._store(self._compressor.compress(bytes(self._block)))
            self._store(self._compressor.flush())
        self._file.close()
        self.lines += self._is_open_line
        return Written(self.lines, self._bytes)

    def discard(self) -> None:
        """Remove the file, if it is still there."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _store(self, content: bytes) -> None:
        while content:  # a disk may take a part
            count = self._file.write(content)
            self._bytes += count
            content = content[count:]


def compressor(compress: Compression | None) -> Compressor | None:
    """Return what compresses.

    Raises:
        ImportError: `zstd` needs the extra `data`.
    """
    if compress is None:
        return None
    if compress == "gzip":
        return zlib.compressobj(wbits=_GZIP)
    made: Compressor = zstandard().ZstdCompressor().compressobj()
    return made
