"""The bytes of a file as they were before it was compressed, a bounded piece at a time."""

import zlib
from collections.abc import Generator, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Literal, Protocol

from pymedplum_runtime.ndjson.sources import BinaryFile

if TYPE_CHECKING:
    from types import ModuleType

Compression = Literal["gzip", "zstd"]

READ_BYTES = 256 * 1024
_MOST_AT_ONCE = 1024 * 1024
# A compressed byte can stand for 32 KiB, and zstandard does not bound what a call returns.
_ZSTD_BYTES = 256
_MAGIC: dict[Compression, bytes] = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
_MAGIC_LENGTH = 4
# Such a frame holds no content; some compressors begin with one: RFC 8878, section 3.1.2.
_SKIPPABLE = tuple(bytes([first]) + b"\x2a\x4d\x18" for first in range(0x50, 0x60))
_ENDINGS: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}


class BrokenContentError(Exception):
    """The bytes are not what their compression makes; the message never quotes them."""


def content_of(file: BinaryFile, name: str) -> Iterator[bytes]:
    """Give the content of a file piece by piece; its first bytes say how it is compressed.

    Only of an empty file its name is believed: nothing is no gzip and no zstd.

    Raises:
        BrokenContentError: the compressed bytes are cut off or damaged; what came before was given.
        ImportError: the file is zstd, and the extra `data` is not installed.
        TypeError: the file is open as text.
    """
    chunks = _chunks(file)
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _MAGIC_LENGTH:
            break
    compression = _compression_of(head) if head else compression_named(name)
    whole = chain([head], chunks)
    if compression == "gzip":
        return _decompressed(whole, GzipMember, zlib.error)
    if compression == "zstd":
        return _decompressed(whole, ZstdFrame, zstandard().ZstdError)
    return whole


def compression_named(name: str) -> Compression | None:
    """Return the compression that the ending of a name stands for."""
    return next((c for ending, c in _ENDINGS.items() if name.endswith(ending)), None)


def zstandard() -> "ModuleType":
    """Return the module that knows zstd.

    Raises:
        ImportError: it is not installed; the message says how to.
    """
    try:
        import zstandard as module  # noqa: PLC0415 - an extra, needed for zstd alone
    except ImportError:
        raise ImportError("zstd needs the extra: pip install 'pymedplum[data]'") from None
    return module


def _chunks(file: BinaryFile) -> Iterator[bytes]:
    while chunk := file.read(READ_BYTES):
        if not isinstance(chunk, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("the file is open as text; open it with mode 'rb'")
        yield chunk


def _compression_of(head: bytes) -> Compression | None:
    """Tell the compression by the first bytes, of a file that was cut off among these too."""
    if head.startswith(_SKIPPABLE):
        return "zstd"
    return next(
        (c for c, magic in _MAGIC.items() if head[: len(magic)] == magic[: len(head)]), None
    )


class Member(Protocol):
    """One gzip member or zstd frame; files may hold several, one after the other."""

    @property
    def eof(self) -> bool:
        """Whether it has ended."""
        ...

    def pieces(self, chunk: bytes) -> Generator[bytes, None, bytes]:
        """Give what a chunk stands for, and return what is left of the chunk after the end."""
        ...

    def rest(self) -> bytes:
        """Return what is held back, where no further chunk comes."""
        ...


class GzipMember:
    """A gzip member: RFC 1952."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        """Whether it has ended."""
        return self._member.eof

    def pieces(self, chunk: bytes) -> Generator[bytes, None, bytes]:
        """Give what a chunk stands for."""
        while chunk:
            yield self._member.decompress(chunk, _MOST_AT_ONCE)
            chunk = self._member.unconsumed_tail
        return self._member.unused_data

    def rest(self) -> bytes:
        """Return what is held back."""
        return self._member.flush()


class ZstdFrame:
    """A zstd frame: RFC 8878."""

    def __init__(self) -> None:
        self._frame = zstandard().ZstdDecompressor().decompressobj()

    @property
    def eof(self) -> bool:
        """Whether it has ended."""
        return bool(self._frame.eof)

    def pieces(self, chunk: bytes) -> Generator[bytes, None, bytes]:
        """Give what a chunk stands for."""
        for start in range(0, len(chunk), _ZSTD_BYTES):
            end = start + _ZSTD_BYTES
            yield self._frame.decompress(chunk[start:end])
            if self._frame.eof:
                unused: bytes = self._frame.unused_data
                return unused + chunk[end:]
        return b""

    def rest(self) -> bytes:
        """Return nothing: every call gives all that there is."""
        return b""


def _decompressed(
    chunks: Iterable[bytes], start: type[GzipMember | ZstdFrame], broken: type[Exception]
) -> Iterator[bytes]:
    member: Member = start()
    try:
        for chunk in chunks:
            left = chunk
            while left:
                if member.eof:
                    left = left.lstrip(b"\0")  # padding, as gzip itself allows
                    if not left:
                        break
                    member = start()
                left = yield from member.pieces(left)
    except broken:
        pass
    else:
        if member.eof:
            return
        yield member.rest()
        raise BrokenContentError("the compressed file is cut off")
    raise BrokenContentError("the compressed file is damaged")
