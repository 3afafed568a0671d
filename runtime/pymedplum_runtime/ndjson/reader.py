"""Iterating over resources, where some lines may be none."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast, overload

from typing_extensions import Self

from pymedplum_runtime.errors import NdjsonError
from pymedplum_runtime.ndjson.lines import MAX_LINE_BYTES, Block, blocks_in, check_most
from pymedplum_runtime.ndjson.records import LineReader
from pymedplum_runtime.ndjson.sources import NamedFile, NdjsonSource, files_of

if TYPE_CHECKING:
    from pymedplum_runtime.models.resource import ResourceModel

T = TypeVar("T")
R = TypeVar("R", bound="ResourceModel")

OnNdjsonError: TypeAlias = Literal["raise", "collect"] | Callable[[NdjsonError], object]
"""What becomes of an error: raised, kept in `errors`, or told to a function."""


class Problems:
    """Raises errors, keeps them, or tells them, as the caller wants."""

    def __init__(self, on_error: OnNdjsonError) -> None:
        if on_error not in ("raise", "collect") and not callable(on_error):
            raise ValueError("on_error must be 'raise', 'collect' or a function")
        self.found: list[NdjsonError] = []
        self._tell = self.found.append if on_error == "collect" else on_error

    def handle(self, error: NdjsonError) -> None:
        """Take an error.

        Raises:
            NdjsonError: nobody else wants it.
        """
        if not callable(self._tell):
            raise error
        self._tell(error)


class NdjsonReader(Iterator[T], Generic[T]):
    """An iterator over what lines hold; closes its files at the end, or with `close()`.

    Attributes:
        errors: with `on_error="collect"`, the errors so far, in the order of the lines.
    """

    def __init__(self, items: Iterator[T], errors: list[NdjsonError]) -> None:
        self.errors = errors
        self._items = items

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        return next(self._items)

    def close(self) -> None:
        """End the reading and close the files."""
        cast("Any", self._items).close()  # a generator

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


@overload
def read_ndjson(
    source: NdjsonSource,
    as_fhir: None = None,
    *,
    on_error: OnNdjsonError = "raise",
    raw: Literal[False] = False,
    exact_decimals: bool = False,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> NdjsonReader[dict[str, Any]]: ...
@overload
def read_ndjson(
    source: NdjsonSource,
    as_fhir: type[R],
    *,
    on_error: OnNdjsonError = "raise",
    raw: Literal[False] = False,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> NdjsonReader[R]: ...
@overload
def read_ndjson(
    source: NdjsonSource,
    as_fhir: None = None,
    *,
    on_error: OnNdjsonError = "raise",
    raw: Literal[True],
    max_line_bytes: int = MAX_LINE_BYTES,
) -> NdjsonReader[bytes]: ...
@overload
def read_ndjson(
    source: NdjsonSource,
    as_fhir: type[R] | None,
    *,
    on_error: OnNdjsonError = "raise",
    raw: Literal[False] = False,
    exact_decimals: bool = False,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> NdjsonReader[dict[str, Any]] | NdjsonReader[R]: ...
def read_ndjson(  # noqa: PLR0913 - one argument a choice
    source: NdjsonSource,
    as_fhir: "type[ResourceModel] | None" = None,
    *,
    on_error: OnNdjsonError = "raise",
    raw: bool = False,
    exact_decimals: bool = False,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> NdjsonReader[Any]:
    """Read the resources of NDJSON files, one line at a time.

    Properties that this version of the package does not know are kept. Plain text, gzip and zstd
    are told apart by their first bytes. Files are opened as the iteration reaches them.

    Args:
        source: a path, a folder (its `*.ndjson`, `*.ndjson.gz` and `*.ndjson.zst`, by name), an
            open binary file, or several of these.
        as_fhir: the class to read into; an abstract one (`Resource`) gives the class that each
            line's `resourceType` names. Without it, dicts.
        on_error: `"raise"`; `"collect"`, which keeps the errors in `errors`; or a function that
            is told of them. With the latter two, the next line follows, and after a file that is
            broken as a whole, the next file.
        raw: give each line as bytes, unread.
        exact_decimals: in dicts, numbers with a point become decimals that keep their text.
        max_line_bytes: the longest line, in bytes; a longer one ends its file with an error.

    Raises:
        NdjsonError: while iterating: a line is no such resource, or a file is cut off or damaged.
        OSError: while iterating: a file cannot be opened or read.
        ImportError: while iterating: a file is zstd, and the extra `data` is not installed.
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> for patient in read_ndjson("export/Patient.1.ndjson.gz", Patient):
        ...     print(patient.birth_date)
    """
    problems = Problems(on_error)
    reader = LineReader(as_fhir, raw=raw, exact_decimals=exact_decimals)
    files = files_of(source)
    check_most(max_line_bytes)
    return NdjsonReader(_items(files, reader, problems, max_line_bytes), problems.found)


def blocks_or_errors(
    files: Iterator[NamedFile], max_line_bytes: int
) -> Iterator[Block | NdjsonError]:
    """Give the lines of files as they were read, and an error where a file is broken."""
    for file in files:
        try:
            yield from blocks_in(file, max_line_bytes=max_line_bytes)
        except NdjsonError as error:
            yield error


def _items(
    files: Iterator[NamedFile], reader: LineReader, problems: Problems, max_line_bytes: int
) -> Iterator[Any]:
    for found in blocks_or_errors(files, max_line_bytes):
        if isinstance(found, NdjsonError):
            problems.handle(found)
            continue
        for line in found.lines():
            try:
                item = reader.read(line)
            except NdjsonError as error:
                problems.handle(error)
            else:
                yield item
