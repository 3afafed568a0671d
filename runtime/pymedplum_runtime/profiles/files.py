"""The JSON files of a folder or of an npm package; the package is not unpacked to disk.

Knows nothing of what the files say.
"""

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NamedTuple

from pymedplum_runtime.errors import ProfileError

MAX_FILE_BYTES = 128 * 1024 * 1024
MAX_BYTES = 1024 * 1024 * 1024  # of a package, as it is when it is not compressed
MAX_FILES = 100_000
_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20
# What packages hold besides definitions: https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
_OTHERS = frozenset({"example", "examples", "node_modules", "openapi", "other", "tests", "xml"})


class File(NamedTuple):
    """A file in memory."""

    name: str
    content: bytes

    @property
    def is_manifest(self) -> bool:
        """Whether it says name and version of the package, rather than being part of it."""
        return self.name in {"package.json", "package/package.json"}


def is_archive(path: Path) -> bool:
    """Tell whether a file is compressed with gzip."""
    with path.open("rb") as file:
        return file.read(len(_GZIP)) == _GZIP


def json_of(file: File) -> Any:  # noqa: ANN401 - any JSON value
    """Return the JSON value of a file.

    Raises:
        ProfileError: it is no JSON, or nested too deep.
    """
    try:
        return json.loads(file.content.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # without what it quotes: a file may hold anything
        pass
    raise ProfileError("it is no JSON", file.name)


def json_under(folder: Path) -> Iterator[File]:
    """Give the JSON files of a folder and of the folders in it, by their names.

    Raises:
        ProfileError: a file is too large.
    """
    for path in sorted(folder.rglob("*.json")):
        name = path.relative_to(folder).as_posix()
        if not _is_definition(name) or not path.is_file():
            continue
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ProfileError(f"it has more than {MAX_FILE_BYTES} bytes", name)
        yield File(name, path.read_bytes())


def json_in(package: Path) -> Iterator[File]:
    """Give the JSON files of an npm package, in its order.

    Raises:
        ProfileError: it is damaged or too large.
    """
    with package.open("rb") as file:
        yield from json_in_bytes(file, package.name)


def json_in_bytes(file: BinaryIO, name: str) -> Iterator[File]:
    """Give the JSON files of an open npm package.

    Raises:
        ProfileError: it is damaged or too large.
    """
    try:
        with (
            gzip.open(file, "rb") as content,
            tarfile.open(fileobj=(bounded := _Bounded(content, name)), mode="r|") as archive,
        ):
            yield from _members(archive, name)
            while bounded.read(_CHUNK):  # its checksum stands at the end
                pass
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile):
        raise ProfileError("it is no npm package, or damaged", name) from None


def _members(archive: tarfile.TarFile, name: str) -> Iterator[File]:
    for number, member in enumerate(archive):
        if number == MAX_FILES:
            raise ProfileError(f"it has more than {MAX_FILES} files", name)
        if not member.isfile() or not _is_definition(member.name):
            continue
        if member.size > MAX_FILE_BYTES:
            raise ProfileError(f"{member.name} has more than {MAX_FILE_BYTES} bytes", name)
        opened = archive.extractfile(member)
        if opened is not None:
            yield File(member.name, opened.read())


def _is_definition(name: str) -> bool:
    parts = PurePosixPath(name).parts
    folders = {part.lower() for part in parts[:-1]}
    is_hidden = any(part.startswith(".") for part in parts)
    return name.endswith(".json") and not is_hidden and not folders & _OTHERS


class _Bounded(io.RawIOBase):
    """What is decompressed, as far as a package may be long."""

    def __init__(self, content: io.IOBase, name: str) -> None:
        super().__init__()
        self._content, self._name = content, name
        self._left = MAX_BYTES

    def read(self, size: int = -1) -> bytes:
        wanted = _CHUNK if size < 0 else size
        found: bytes = self._content.read(wanted)
        self._left -= len(found)
        if self._left < 0:
            raise ProfileError(f"it has more than {MAX_BYTES} bytes", self._name)
        return found
