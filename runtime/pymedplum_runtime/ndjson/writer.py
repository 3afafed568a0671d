"""Writing resources as NDJSON, into a file that is complete or not there."""

import gzip
import os
import secrets
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from io import BufferedWriter
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, cast

from pymedplum_runtime.errors import NdjsonError
from pymedplum_runtime.ndjson.compression import Compression, compression_named, zstandard
from pymedplum_runtime.ndjson.records import NotAResourceError, resource_in
from pymedplum_runtime.ndjson.sources import name_place

if TYPE_CHECKING:
    from pymedplum_runtime.models.resource import ResourceModel

ResourceLine: TypeAlias = "Mapping[str, Any] | ResourceModel | bytes"
"""A resource: a dict in FHIR's spelling, a model, or the text of a line."""

_GZIP_LEVEL = 6  # gzip's own; Python's 9 takes three times as long for a hundredth


class WritableFile(Protocol):
    """Something that bytes can be written to: `open(path, "wb")`, a `BytesIO`, a pipe."""

    def write(self, data: bytes, /) -> object:
        """Take bytes."""
        ...


def write_ndjson(
    path: str | PathLike[str] | WritableFile,
    resources: Iterable[ResourceLine],
    *,
    compression: Literal["infer", "gzip", "zstd"] | None = "infer",
) -> int:
    """Write resources, one a line, and return how many.

    Decimals keep their digits. The file appears, or replaces the old one, once it is complete.
    The same resources give the same bytes.

    Args:
        path: where to; or an open binary file, which is neither closed nor undone.
        resources: dicts in FHIR's spelling, models, or lines of JSON as bytes; taken one by one.
        compression: `"infer"` goes by the ending of the path, `.gz` or `.zst`.

    Raises:
        NdjsonError: one of the resources is none; the line says which. The old file stays.
        OSError: the file cannot be written. The old file stays.
        ImportError: zstd is asked for, and the extra `data` is not installed.
        TypeError, ValueError: an argument is of another kind.

    Example:
        >>> write_ndjson("patients.ndjson.gz", client.search_resource_pages("Patient"))
        1042
    """
    if hasattr(path, "write"):
        name, opened = _name_of(path), _open_already(cast("WritableFile", path))
    elif isinstance(path, str | PathLike):
        name, opened = str(path), _complete_or_absent(Path(path))
    else:
        raise TypeError(f"expected a path or an open binary file, got {type(path).__name__}")
    if isinstance(resources, Mapping | str | bytes) or hasattr(resources, "__is_resource__"):
        raise TypeError("resources must be several; put a single one into a list")
    compressed = _compressor(compression, name)
    count = 0
    with opened as file, compressed(file) as target:
        for count, resource in enumerate(resources, 1):
            target.write(_line(resource, name, count) + b"\n")
    return count


@contextmanager
def _open_already(file: WritableFile) -> Generator[WritableFile, None, None]:
    yield file


def _name_of(file: object) -> str:
    name: object = getattr(file, "name", None)
    return name if isinstance(name, str) else "<stream>"


_Compressor: TypeAlias = Callable[[WritableFile], AbstractContextManager[WritableFile]]


def _compressor(compression: Compression | Literal["infer"] | None, name: str) -> _Compressor:
    wanted = compression_named(name) if compression == "infer" else compression
    if wanted not in _COMPRESSORS:
        raise ValueError("compression must be 'infer', 'gzip', 'zstd' or None")
    return _COMPRESSORS[wanted]


def _gzip(file: WritableFile) -> AbstractContextManager[WritableFile]:
    # Neither name nor time: the same resources give the same bytes.
    target: Any = gzip.GzipFile("", "wb", _GZIP_LEVEL, cast("Any", file), mtime=0)
    return cast("AbstractContextManager[WritableFile]", target)


def _zstd(file: WritableFile) -> AbstractContextManager[WritableFile]:
    compressor: Any = zstandard().ZstdCompressor(write_checksum=True)
    target: Any = compressor.stream_writer(file, closefd=False)
    return cast("AbstractContextManager[WritableFile]", target)


_COMPRESSORS: dict[Compression | None, _Compressor] = {
    None: nullcontext,
    "gzip": _gzip,
    "zstd": _zstd,
}


@contextmanager
def _complete_or_absent(path: Path) -> Generator[WritableFile, None, None]:
    """Open a file beside the path, which takes its place where nothing went wrong."""
    place = path.resolve()  # a link stays a link
    if place.exists() and not place.is_file():
        raise FileExistsError(f"{path} is no regular file; give the path of one")
    begun = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    file = begun.open("xb")
    try:
        named = _NamedFile(file, str(path))
        yield named
        named.finish()
        begun.replace(place)
    finally:
        with suppress(OSError):  # a full disk was told of where it was met
            file.close()
        begun.unlink(missing_ok=True)


class _NamedFile:
    """A file whose errors say which one it is: a full disk's do not."""

    def __init__(self, file: BufferedWriter, name: str) -> None:
        self._file = file
        self._name = name

    def write(self, data: bytes, /) -> int:
        """Take bytes."""
        try:
            return self._file.write(data)
        except OSError as error:
            name_place(error, self._name)
            raise

    def flush(self) -> None:
        """Leave it to `finish`: compressors ask for it."""

    def finish(self) -> None:
        """Bring what was written to the disk, and close the file."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            name_place(error, self._name)
            raise


def _line(resource: object, name: str, number: int) -> bytes:
    try:
        return _given(resource) if isinstance(resource, bytes) else _encoded(resource)
    except NotAResourceError as error:
        problem = f"resource {number} cannot be written: {error}"
    raise NdjsonError(problem, name, number)


def _given(text: bytes) -> bytes:
    line = text.strip(b" \t\r\n")
    if b"\n" in line or b"\r" in line:
        raise NotAResourceError("the text spans several lines")
    resource_in(line, exact=True)
    return line


def _encoded(resource: object) -> bytes:
    from pymedplum_runtime.models import strict_json  # noqa: PLC0415 - loads msgspec

    if getattr(resource, "__is_resource__", False) and not isinstance(resource, type):
        return cast("ResourceModel", resource).model_dump_json().encode()
    if not isinstance(resource, Mapping):
        kind = type(resource).__name__
        raise NotAResourceError(f"expected a dict, a resource model or bytes, got {kind}")
    members = cast("Mapping[str, Any]", resource)
    if not isinstance(members.get("resourceType"), str):
        raise NotAResourceError("resourceType is missing, or no text")
    try:
        return strict_json.encode(members)
    except (TypeError, ValueError) as error:
        raise NotAResourceError(str(error)) from None
