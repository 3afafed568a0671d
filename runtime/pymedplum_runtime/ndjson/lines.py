"""The lines of NDJSON files, with their places; what stands in them is of no interest here.

Source: https://github.com/ndjson/ndjson-spec
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pymedplum_runtime.errors import NdjsonError
from pymedplum_runtime.ndjson.compression import BrokenContentError, content_of
from pymedplum_runtime.ndjson.sources import NamedFile, NdjsonSource, files_of, name_place

MAX_LINE_BYTES = 64 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r"


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank."""

    source: str
    """The name of the file."""
    number: int
    """Its place in the file, from 1; blank lines count."""
    content: bytes = field(repr=False)
    """Its text, without the white space around it."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines that follow each other in one file."""

    source: str
    first: int
    """The number of the first line."""
    content: bytes = field(repr=False)

    def lines(self) -> Iterator[Line]:
        """Give the lines that are not blank."""
        for number, text in enumerate(self.content.split(b"\n"), self.first):
            content = text.strip(_BLANK)
            if content:
                yield Line(self.source, number, content)


def lines_of(source: NdjsonSource, *, max_line_bytes: int = MAX_LINE_BYTES) -> Iterator[Line]:
    """Give the lines of files, of a folder's files, or of an open binary file.

    Plain text, gzip and zstd are told apart by their first bytes, whatever the name says. A byte
    order mark, CRLF, blank lines and a last line without an end are taken. Files are opened one
    after the other, and closed when the iterator ends or is dropped.

    Args:
        source: a path, a folder (its `*.ndjson`, `*.ndjson.gz` and `*.ndjson.zst`, by name), an
            open binary file, or several of these.
        max_line_bytes: the longest line, in bytes, so that no file can fill the memory.

    Raises:
        NdjsonError: compressed content is cut off or damaged, or a line is too long: after the
            whole lines before it were given. Or a folder holds no NDJSON file.
        OSError: a file cannot be opened or read.
        ImportError: a file is zstd, and the extra `data` is not installed.

    Example:
        >>> [line.number for line in lines_of("export/Patient.1.ndjson.gz")]
        [1, 2, 3]
    """
    files = files_of(source)
    check_most(max_line_bytes)
    return (
        line
        for file in files
        for block in blocks_in(file, max_line_bytes=max_line_bytes)
        for line in block.lines()
    )


def check_most(max_line_bytes: int) -> None:
    """Check a length.

    Raises:
        ValueError: it is none.
    """
    is_number = isinstance(max_line_bytes, int) and not isinstance(max_line_bytes, bool)  # pyright: ignore[reportUnnecessaryIsInstance]
    if not is_number or max_line_bytes < 1:
        raise ValueError("max_line_bytes must be a whole number, 1 or more")


def blocks_in(file: NamedFile, *, max_line_bytes: int = MAX_LINE_BYTES) -> Iterator[Block]:
    """Give the lines of one file, as many together as were read at once.

    Raises:
        NdjsonError: as `lines_of` says.
    """
    number = 1
    problem = ""
    with file.open() as opened:
        try:
            for content in _whole_lines(content_of(opened, file.name), max_line_bytes):
                yield Block(file.name, number, content)
                number += content.count(b"\n")
        except BrokenContentError as error:
            problem = str(error)
        except OSError as error:
            name_place(error, file.name)
            raise
    if problem:
        raise NdjsonError(problem, file.name, number)


def _whole_lines(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Cut what comes in pieces after the last line end of each piece."""
    begun: list[bytes] = []  # of a line whose end did not come yet
    length = 0
    mark = _BOM
    for chunk in chunks:
        cut = chunk.rfind(b"\n") + 1
        if cut:
            whole = b"".join((*begun, chunk[:cut])).removeprefix(mark)
            yield from _short_enough(whole, most)
            begun, length, mark = [], 0, b""
        begun.append(chunk[cut:])
        length += len(chunk) - cut
        if length > most:
            raise _too_long(most)
    last = b"".join(begun).removeprefix(mark)
    if last:
        yield last


def _short_enough(whole: bytes, most: int) -> Iterator[bytes]:
    """Give lines up to the first that is too long."""
    start = 0
    if len(whole) > most:
        while start < len(whole):
            end = whole.index(b"\n", start)
            if end - start > most:
                if start:
                    yield whole[:start]
                raise _too_long(most)
            start = end + 1
    yield whole


def _too_long(most: int) -> BrokenContentError:
    return BrokenContentError(f"the line is longer than max_line_bytes={most}")
