import errno
import gzip
import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from ndjson_texts import ADA, given_before_the_error

from pymedplum_runtime.errors import NdjsonError
from pymedplum_runtime.ndjson.lines import Line, lines_of


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def zstandard_of(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(content)


COMPRESSORS: list[Callable[[bytes], bytes]] = [bytes, gzipped, zstandard_of]


def contents(content: bytes, **options: Any) -> list[bytes]:
    return [line.content for line in lines_of(io.BytesIO(content), **options)]


class Trickle(io.RawIOBase):
    """A file that gives a few bytes at a time, as pipes do."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        self._file = io.BytesIO(content)
        self._sizes = iter(sizes)

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(next(self._sizes, size))


@pytest.mark.parametrize("compressed", COMPRESSORS)
def test_blank_lines_count_and_are_not_given(compressed: Callable[[bytes], bytes]) -> None:
    text = b'\xef\xbb\xbf{"a":1}\r\n\n \t\r\n  {"b":2}\n{"c":3}'

    found = list(lines_of(io.BytesIO(compressed(text))))

    assert found == [
        Line("<stream>", 1, b'{"a":1}'),
        Line("<stream>", 4, b'{"b":2}'),
        Line("<stream>", 5, b'{"c":3}'),
    ]


@pytest.mark.parametrize("compressed", COMPRESSORS)
@given(
    lines=st.lists(st.binary(max_size=9).map(lambda b: b.hex().encode()), max_size=20),
    sizes=st.lists(st.integers(1, 7)),
)
def test_lines_are_the_same_however_they_arrive(
    compressed: Callable[[bytes], bytes], lines: list[bytes], sizes: list[int]
) -> None:
    file = Trickle(compressed(b"\n".join(lines)), sizes)

    found = [(line.number, line.content) for line in lines_of(file)]

    assert found == [(n, line) for n, line in enumerate(lines, 1) if line]


@pytest.mark.parametrize("compressed", [gzipped, zstandard_of])
def test_members_that_follow_each_other_are_one_text(compressed: Callable[[bytes], bytes]) -> None:
    assert contents(compressed(b"one\ntw") + compressed(b"") + compressed(b"o\nthree")) == [
        b"one",
        b"two",
        b"three",
    ]


@pytest.mark.parametrize("first", [0x50, 0x5F])
def test_zstd_frames_without_content_are_skipped(first: int) -> None:
    frame = bytes([first]) + b"\x2a\x4d\x18" + b"\x04\0\0\0none"

    whole = frame + frame + zstandard_of(b"one\n") + frame + zstandard_of(b"two")

    assert contents(whole) == [b"one", b"two"]
    assert contents(frame) == []


def test_zeros_after_the_last_member_are_padding() -> None:
    assert contents(gzipped(b"one\n") + b"\0" * 1000) == [b"one"]


@pytest.mark.parametrize("compressed", [gzipped, zstandard_of])
def test_a_file_cut_off_anywhere_gives_whole_lines_and_then_the_error(
    compressed: Callable[[bytes], bytes],
) -> None:
    whole = compressed(b"one\n\ntwo\nthree\n")
    most = 0

    for cut in range(1, len(whole)):
        given_lines, error = given_before_the_error(io.BytesIO(whole[:cut]))
        assert given_lines == [b"one", b"two", b"three"][: len(given_lines)]
        assert error.line == [1, (2, 3), 4, 5][len(given_lines)] or error.line in (2, 3)
        assert str(error) == f"<stream>, line {error.line}: the compressed file is cut off"
        most = max(most, len(given_lines))

    assert most == 3


@pytest.mark.parametrize("compressed", [gzipped, zstandard_of])
def test_what_does_not_belong_behind_compressed_content_is_an_error(
    compressed: Callable[[bytes], bytes],
) -> None:
    given_lines, error = given_before_the_error(io.BytesIO(compressed(b"one\n") + b"and more"))

    assert given_lines == [b"one"]
    assert str(error) == "<stream>, line 2: the compressed file is damaged"


def test_damage_in_the_middle_comes_after_the_lines_before_it() -> None:
    first, second = gzipped(b"one\n"), bytearray(gzipped(b"two\n"))
    second[-6] ^= 1  # its checksum

    given_lines, error = given_before_the_error(io.BytesIO(first + bytes(second)))

    assert (given_lines, error.line) == ([b"one"], 2)


@pytest.mark.parametrize("name", ["Patient.ndjson.gz", "Patient.ndjson.zst"])
def test_an_empty_file_is_no_compressed_one(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.touch()

    assert str(given_before_the_error(file)[1]) == f"{file}, line 1: the compressed file is cut off"


def test_an_empty_plain_file_has_no_lines() -> None:
    assert contents(b"") == []


@pytest.mark.parametrize("compressed", COMPRESSORS)
def test_a_name_does_not_say_how_a_file_is_compressed(
    tmp_path: Path, compressed: Callable[[bytes], bytes]
) -> None:
    file = tmp_path / "Patient.ndjson.gz"
    file.write_bytes(compressed(ADA))

    assert list(lines_of(file)) == [Line(str(file), 1, ADA)]


def test_a_folder_gives_its_files_by_name(tmp_path: Path) -> None:
    (tmp_path / "b.ndjson").write_bytes(b"two\n")
    (tmp_path / "c.ndjson.zst").write_bytes(zstandard_of(b"three\n"))
    (tmp_path / "a.ndjson.gz").write_bytes(gzipped(b"one\n"))
    for other in ("manifest.json", ".a.ndjson", "a.ndjson.part"):
        (tmp_path / other).write_bytes(b"not read\n")
    (tmp_path / "inner.ndjson").mkdir()

    assert [line.content for line in lines_of(tmp_path)] == [b"one", b"two", b"three"]


def test_several_sources_follow_each_other(tmp_path: Path) -> None:
    (tmp_path / "b.ndjson").write_bytes(b"two\n")

    found = lines_of(iter([io.BytesIO(b"one"), str(tmp_path), tmp_path / "b.ndjson"]))

    assert [line.content for line in found] == [b"one", b"two", b"two"]


def test_a_folder_without_files_is_an_error(tmp_path: Path) -> None:
    given_lines, error = given_before_the_error(tmp_path)

    assert (given_lines, error.line, error.source) == ([], None, str(tmp_path))
    assert "holds no file ending in .ndjson" in str(error)


def test_a_missing_file_is_pythons_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(lines_of(tmp_path / "none.ndjson"))


@pytest.mark.parametrize("source", [3, None, b"Patient.ndjson", {"resourceType": "Patient"}])
def test_what_is_no_source_is_refused_at_once(source: Any) -> None:
    with pytest.raises(TypeError, match="expected a path, an open binary file or several"):
        lines_of(source)


def test_a_file_open_as_text_is_refused() -> None:
    text: Any = io.StringIO("{}")

    with pytest.raises(TypeError, match="mode 'rb'"):
        list(lines_of(text))


@pytest.mark.parametrize("compressed", COMPRESSORS)
def test_a_line_that_is_too_long_comes_after_those_before_it(
    compressed: Callable[[bytes], bytes],
) -> None:
    long = b"one\n" + b"x" * 1_000_000
    lines = lines_of(io.BytesIO(compressed(long)), max_line_bytes=300_000)

    assert next(lines).content == b"one"
    with pytest.raises(NdjsonError, match="line 2: the line is longer than max_line_bytes=300000"):
        next(lines)


@pytest.mark.parametrize("sizes", [[], [3], [5, 9]])
def test_the_longest_line_may_be_as_long_as_said(sizes: list[int]) -> None:
    text = b"12345678\n\n123456789\n1\n"

    longest = [line.content for line in lines_of(Trickle(text, sizes), max_line_bytes=9)]
    assert longest == [b"12345678", b"123456789", b"1"]
    lines = lines_of(Trickle(text, sizes), max_line_bytes=8)
    assert next(lines).content == b"12345678"
    with pytest.raises(NdjsonError, match="line 3: the line is longer than max_line_bytes=8"):
        next(lines)


@pytest.mark.parametrize("most", [0, -1, True, 1.5, "9"])
def test_a_longest_line_that_is_no_number_is_refused_at_once(most: Any) -> None:
    with pytest.raises(ValueError, match="max_line_bytes must be a whole number, 1 or more"):
        lines_of(io.BytesIO(ADA), max_line_bytes=most)


class Unreadable(io.BytesIO):
    """A file on a disk that fails."""

    name = "disk/a.ndjson"

    def read(self, _: int | None = -1, /) -> bytes:
        raise OSError(errno.EIO, "Input/output error")


def test_a_disk_that_fails_is_pythons_error_with_the_name() -> None:
    with pytest.raises(OSError, match=r"Input/output error: 'disk/a\.ndjson'"):
        list(lines_of(Unreadable()))


def test_a_dropped_iterator_closes_its_file(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_bytes(b"one\ntwo\n")
    lines = lines_of(file)

    next(lines)
    del lines  # an open file would be a ResourceWarning, which is an error


def test_a_line_does_not_show_its_content() -> None:
    assert repr(next(lines_of(io.BytesIO(ADA)))) == "Line(source='<stream>', number=1)"


@pytest.mark.parametrize("compressed", [gzipped, zstandard_of])
def test_much_that_was_pressed_small_is_not_held_at_once(
    compressed: Callable[[bytes], bytes],
) -> None:
    small = compressed((b"x" * 9_999 + b"\n") * 7_000)
    tracemalloc.start()
    try:
        count = sum(1 for _ in lines_of(io.BytesIO(small)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert count == 7_000
    assert peak < 20_000_000
