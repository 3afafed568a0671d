import io
import multiprocessing
import os
import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ndjson_texts import (
    ADA,
    BAD,
    birth_date_of,
    ends_the_process,
    fails_at_seven,
    fails_badly,
    gives_a_function,
    id_of,
    numbered,
    process_of,
)

from pymedplum.fhir import Patient
from pymedplum_runtime.errors import NdjsonError
from pymedplum_runtime.ndjson import map_ndjson, mapping, work
from pymedplum_runtime.ndjson.lines import Block, lines_of
from pymedplum_runtime.ndjson.records import LineReader

both = pytest.mark.parametrize("processes", [1, 2])


@both
def test_results_come_in_the_order_of_the_lines(processes: int) -> None:
    file = io.BytesIO(numbered(500))

    found = map_ndjson(id_of, file, processes=processes, chunk_bytes=1000)

    assert list(found) == [str(n) for n in range(1, 501)]


@both
def test_functions_receive_models_where_that_is_asked_for(processes: int) -> None:
    found = map_ndjson(birth_date_of, io.BytesIO(ADA), as_fhir=Patient, processes=processes)

    assert list(found) == ["1815-12-10"]


def test_the_work_is_done_elsewhere() -> None:
    found = set(map_ndjson(process_of, io.BytesIO(numbered(50)), processes=2, chunk_bytes=1))

    assert os.getpid() not in found


def test_one_process_is_this_one_and_takes_any_function() -> None:
    found = map_ndjson(lambda _: os.getpid(), io.BytesIO(ADA), processes=1)

    assert list(found) == [os.getpid()]


@both
def test_errors_are_collected_with_their_places(tmp_path: Path, processes: int) -> None:
    (tmp_path / "a.ndjson").write_bytes(b"\n".join([ADA, b"", BAD, ADA]))
    (tmp_path / "b.ndjson").write_bytes(b"\x1f\x8b")
    (tmp_path / "c.ndjson").write_bytes(b"\n".join([BAD, ADA]))

    found = map_ndjson(
        birth_date_of, tmp_path, as_fhir=Patient, processes=processes, on_error="collect"
    )

    assert list(found) == ["1815-12-10"] * 3
    places = [(Path(error.source).name, error.line) for error in found.errors]
    assert places == [("a.ndjson", 3), ("b.ndjson", 1), ("c.ndjson", 1)]
    assert "Patient/bob is invalid: " in str(found.errors[0])
    assert "hunter2" not in f"{found.errors} {[e.__cause__ for e in found.errors]}"


@both
def test_a_line_that_is_no_resource_comes_after_what_is_before_it(processes: int) -> None:
    found = map_ndjson(id_of, io.BytesIO(numbered(3) + b"{"), processes=processes)

    assert [next(found), next(found), next(found)] == ["1", "2", "3"]
    with pytest.raises(NdjsonError, match="<stream>, line 4: invalid JSON"):
        next(found)


@both
def test_an_exception_of_the_function_has_a_place(processes: int) -> None:
    told: list[NdjsonError] = []
    found = map_ndjson(
        fails_at_seven, io.BytesIO(numbered(20)), processes=processes, on_error=told.append
    )

    assert [next(found) for _ in range(6)] == ["1", "2", "3", "4", "5", "6"]
    with pytest.raises(NdjsonError, match="line 7: the function raised KeyError") as caught:
        next(found)
    assert repr(caught.value.__cause__) == "KeyError('seven')"
    assert told == []


@both
def test_an_exception_that_cannot_travel_is_named(processes: int) -> None:
    with pytest.raises(NdjsonError, match="line 1: the function raised NeedsTwo"):
        list(map_ndjson(fails_badly, io.BytesIO(ADA), processes=processes))


def test_a_result_that_cannot_travel_is_an_error() -> None:
    with pytest.raises(NdjsonError, match="line 1: a result of these lines cannot be pickled"):
        list(map_ndjson(gives_a_function, io.BytesIO(ADA), processes=2))


def test_a_process_that_dies_is_an_error() -> None:
    with pytest.raises(NdjsonError, match="line 1: a process died at work on the lines") as caught:
        list(map_ndjson(ends_the_process, io.BytesIO(ADA), processes=2))
    assert caught.value.__cause__ is None
    assert multiprocessing.active_children() == []


def test_a_process_that_dies_among_many_chunks_is_an_error() -> None:
    file = io.BytesIO(numbered(100_000))

    with pytest.raises(NdjsonError, match="a process died at work on the lines"):
        list(map_ndjson(ends_the_process, file, processes=2, chunk_bytes=1))


@both
def test_a_missing_file_comes_after_what_is_before_it(tmp_path: Path, processes: int) -> None:
    sources = [io.BytesIO(numbered(2)), tmp_path / "none.ndjson"]
    found = map_ndjson(id_of, sources, processes=processes, on_error="collect")

    assert [next(found), next(found)] == ["1", "2"]
    with pytest.raises(FileNotFoundError):
        next(found)


def test_functions_that_cannot_travel_are_refused_at_once() -> None:
    def inner(_: dict[str, Any]) -> None: ...

    with pytest.raises(TypeError, match="cannot be sent to other processes"):
        map_ndjson(inner, io.BytesIO(ADA), processes=2)
    with pytest.raises(TypeError, match="cannot be sent to other processes"):
        map_ndjson(lambda _: None, io.BytesIO(ADA), processes=2)


@pytest.mark.parametrize(
    "options", [{"processes": 0}, {"processes": True}, {"chunk_bytes": 0}, {"chunk_bytes": 1.5}]
)
def test_numbers_below_one_are_refused_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be a whole number, 1 or more"):
        map_ndjson(id_of, io.BytesIO(ADA), **options)


def test_what_is_no_function_is_refused_at_once() -> None:
    wrong: Any = "id"

    with pytest.raises(TypeError, match="expected a function, got str"):
        map_ndjson(wrong, io.BytesIO(ADA))


class Counted(io.BytesIO):
    """A file that knows how much of it was read."""

    given = 0

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        self.given += len(chunk)
        return chunk


def test_only_so_much_is_read_ahead_and_closing_ends_the_work() -> None:
    file = Counted(numbered(100_000))
    found = map_ndjson(id_of, file, processes=2, chunk_bytes=1)

    assert next(found) == "1"
    found.close()

    assert file.given < 3_000_000 < len(file.getvalue())
    assert list(found) == []
    assert multiprocessing.active_children() == []


def test_a_process_stops_at_the_next_line_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    over = SimpleNamespace(value=0)

    def last(resource: dict[str, Any]) -> str:
        over.value = int(resource["id"] == "3")
        return resource["id"]

    monkeypatch.setattr(work, "_unpickled", lambda _: work.LineJob(last, LineReader()))
    assert pickle.loads(work.run(b"", Block("a", 1, numbered(9)), over)) == ["1", "2", "3"]  # noqa: S301 - our own


@given(
    texts=st.lists(st.sampled_from([b"one", b"", b"\r", b"three"]), max_size=20),
    sizes=st.lists(st.integers(1, 5), max_size=20),
    chunk_bytes=st.integers(1, 30),
)
def test_chunks_are_the_same_lines(texts: list[bytes], sizes: list[int], chunk_bytes: int) -> None:
    blocks: list[Block | NdjsonError] = []
    left = list(texts)
    for size in [*sizes, len(texts)]:
        part, left = left[:size], left[size:]
        if part:
            first = len(texts) - len(left) - len(part) + 1
            blocks.append(Block("<stream>", first, b"\n".join(part) + b"\n"))

    chunks = mapping._chunks(iter(blocks), chunk_bytes)  # noqa: SLF001 - where lines could be lost

    found = [line for c in chunks if isinstance(c, Block) for line in c.lines()]
    assert found == list(lines_of(io.BytesIO(b"\n".join(texts))))
