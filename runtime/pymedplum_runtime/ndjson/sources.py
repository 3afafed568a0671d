"""What lines can be read from: files, folders of them, and files that are already open."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Protocol, TypeAlias, cast

from pymedplum_runtime.errors import NdjsonError

ENDINGS = (".ndjson", ".ndjson.gz", ".ndjson.zst")


class BinaryFile(Protocol):
    """Something that bytes can be read from: `open(path, "rb")`, a `BytesIO`, a pipe."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none where the file ends."""
        ...


OneSource: TypeAlias = str | PathLike[str] | BinaryFile
NdjsonSource: TypeAlias = OneSource | Iterable[OneSource]
"""The path of a file or folder, an open binary file, or several of these."""


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file and the name that errors give it; what `open` opens is closed with it."""

    name: str
    open: Callable[[], AbstractContextManager[BinaryFile]]


def files_of(source: NdjsonSource) -> Iterator[NamedFile]:
    """Give the files of a source; those of a folder by name, without hidden ones and subfolders.

    Raises:
        NdjsonError: a folder holds no NDJSON file.
        TypeError: the source is none, raised at once.
    """
    if isinstance(source, bytes | bytearray | Mapping) or not (
        _is_one(source) or hasattr(source, "__iter__")
    ):
        kind = type(cast("object", source)).__name__
        raise TypeError(f"expected a path, an open binary file or several of these, got {kind}")
    if _is_one(source):
        return _files_of_one(cast("OneSource", source))
    return (
        file for each in cast("Iterable[OneSource]", source) for file in _files_of_one(_one(each))
    )


def name_place(error: OSError, name: str) -> None:
    """Say in an error of the system which file it is about, where it does not say so itself."""
    if error.filename is None and error.errno is not None:
        error.filename = name


def _is_one(source: object) -> bool:
    return isinstance(source, str | PathLike) or hasattr(source, "read")


def _one(source: OneSource) -> OneSource:
    if not _is_one(source):
        raise TypeError(f"expected a path or an open binary file, got {type(source).__name__}")
    return source


def _files_of_one(source: OneSource) -> Iterator[NamedFile]:
    if not isinstance(source, str | PathLike):
        yield _open_file(source)
        return
    path = Path(source)
    if not path.is_dir():
        yield _file_at(path)
        return
    inside = sorted(p for p in path.iterdir() if _is_ndjson(p))
    if not inside:
        raise NdjsonError(f"the folder holds no file ending in {', '.join(ENDINGS)}", str(path))
    yield from map(_file_at, inside)


def _is_ndjson(path: Path) -> bool:
    return path.name.endswith(ENDINGS) and not path.name.startswith(".") and path.is_file()


def _file_at(path: Path) -> NamedFile:
    return NamedFile(str(path), lambda: path.open("rb", buffering=0))


def _open_file(file: BinaryFile) -> NamedFile:
    name: object = getattr(file, "name", None)
    return NamedFile(name if isinstance(name, str) else "<stream>", lambda: nullcontext(file))
