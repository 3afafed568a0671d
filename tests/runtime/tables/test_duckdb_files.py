"""Files that DuckDB reads give the same rows as files that Python reads, whatever they are like."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from duckdb_tables_made import OBSERVATIONS, agreed, made, ndjson, observation, rows

from pymedplum_runtime.tables.views.view import View

LINES = "".join(json.dumps(observation(id=f"o{i}")) + "\n" for i in range(5000)).encode()
PACKED = gzip.compress(LINES)
FILES = {
    "plain": LINES,
    "no last end": LINES[:-1],
    "windows": LINES.replace(b"\n", b"\r\n"),
    "blank lines": b"\n \n" + LINES.replace(b"\n", b"\n\n"),
    "white space": b"  " + LINES.replace(b"\n", b" \n\t"),
    "byte order mark": b"\xef\xbb\xbf" + LINES,
    "empty": b"",
    "gzip": PACKED,
    "gzip members": PACKED + PACKED,
    "gzip cut off": PACKED[: len(PACKED) // 2],
    "gzip without its end": PACKED[:-4],
    "gzip with a wrong sum": PACKED[:-8] + b"\0" * 4 + PACKED[-4:],
    "zstd": zstandard.compress(LINES),
    "zstd cut off": zstandard.compress(LINES)[:-3],
    "noise": b"\x00\x01\x02",
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_files_of_every_kind_are_read_alike(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "some.ndjson"
    path.write_bytes(content)
    agreed(OBSERVATIONS, path)


NAMES = ("a[1].ndjson", "a1.ndjson", "it's.ndjson", "st*r.ndjson", "what?.ndjson", "{a,b}.ndjson")
NAMES += ("back\\slash.ndjson", "x=1.ndjson", "ü ñ.ndjson", '"q".ndjson', "semi;--.ndjson")


@pytest.mark.parametrize("name", NAMES)
def test_names_of_files_mean_nothing_else(name: str, tmp_path: Path) -> None:
    for each in NAMES:
        ndjson(tmp_path / each, observation(id=f"o{NAMES.index(each)}"))
    assert [row["id"] for row in rows(OBSERVATIONS, tmp_path / name)] == [f"o{NAMES.index(name)}"]


def test_files_come_in_their_order_however_they_are_packed(tmp_path: Path) -> None:
    paths: list[Path] = []
    for number in range(6):
        lines = [observation(id=f"o{number}-{i}") for i in range(3000)]
        path = ndjson(tmp_path / f"{9 - number}.ndjson", *lines)
        if number in {2, 3, 5}:
            path.write_bytes(gzip.compress(path.read_bytes()))
        paths.append(path)
    found = rows(OBSERVATIONS, paths, threads=2)
    assert [row["id"] for row in found] == [f"o{n}-{i}" for n in range(6) for i in range(3000)]


def test_many_threads_keep_the_order(tmp_path: Path) -> None:
    long = "x" * 2000
    path = ndjson(
        tmp_path / "o.ndjson",
        *(observation(id=f"o{i}", note=[{"text": long}]) for i in range(40_000)),
    )
    found = made(OBSERVATIONS, path, "duckdb", threads=4)
    assert not isinstance(found, str)
    assert found["id"].to_pylist() == [f"o{i}" for i in range(40_000)]


def export(folder: Path, *types: str) -> Path:
    files = [{"kind": "output", "type": t, "name": f"{t}.ndjson"} for t in types]
    text = json.dumps({"format": 1, "files": files})
    (folder / "export.json").write_text(text, encoding="utf-8")
    return folder


def test_of_an_export_only_files_of_the_type_are_read(tmp_path: Path) -> None:
    ndjson(tmp_path / "Observation.ndjson", observation())
    ndjson(tmp_path / "Patient.ndjson", "this is not JSON")
    found = rows(OBSERVATIONS, export(tmp_path, "Observation", "Patient"))
    assert [row["id"] for row in found] == ["o1"]


def test_a_line_of_another_type_is_an_error_where_the_export_names_the_type(
    tmp_path: Path,
) -> None:
    ndjson(tmp_path / "Observation.ndjson", observation(), {"resourceType": "Patient", "id": "p"})
    found = agreed(OBSERVATIONS, export(tmp_path, "Observation"))
    assert "line 2" in str(found)


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    assert "FileNotFoundError" in str(agreed(OBSERVATIONS, tmp_path / "nowhere.ndjson"))


@pytest.mark.parametrize("kind", ["iterator", "open file", "list of dicts", "Bundle"])
def test_what_are_no_files_runs_in_python(kind: str, tmp_path: Path) -> None:
    path = ndjson(tmp_path / "o.ndjson", observation())
    sources: dict[str, Any] = {
        "iterator": iter([observation()]),
        "open file": path.open("rb"),
        "list of dicts": [observation()],
        "Bundle": {"resourceType": "Bundle", "entry": [{"resource": observation()}]},
    }
    found = made(OBSERVATIONS, sources[kind], "duckdb")
    sources["open file"].close()
    assert not isinstance(found, str)
    assert found["id"].to_pylist() == ["o1"]


def test_parquet_files_of_both_engines_are_the_same(tmp_path: Path) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415 - slow to import

    lines = [
        observation(
            id=f"o{i}", effectiveDateTime="2024-05-01T09:30:00Z", valueQuantity={"value": i}
        )
        for i in range(300)
    ]
    path = ndjson(tmp_path / "o.ndjson", *lines, observation(_status={"id": "x"}))
    by_sql = OBSERVATIONS.to_parquet(path, tmp_path / "it's sql.parquet", engine="duckdb")
    by_python = OBSERVATIONS.to_parquet(path, tmp_path / "python.parquet", engine="python")
    assert (by_sql.rows, by_sql.engine) == (301, "duckdb")
    assert (by_python.rows, by_python.engine) == (301, "python")
    assert pq.read_table(by_sql.path).equals(pq.read_table(by_python.path))


def test_nothing_is_left_of_a_parquet_file_that_failed(tmp_path: Path) -> None:
    path = ndjson(tmp_path / "o.ndjson", observation(), "{")
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(ValueError, match="line 2"):
        OBSERVATIONS.to_parquet(path, folder / "o.parquet", engine="duckdb")
    assert list(folder.iterdir()) == []


def test_a_view_that_sql_cannot_say_runs_in_python(tmp_path: Path) -> None:
    view = View.from_definition(
        {
            "resource": "Observation",
            "select": [{"column": [{"name": "id", "path": "id.upper()"}]}],
        }
    )
    report = view.to_parquet(ndjson(tmp_path / "o.ndjson", observation()), tmp_path / "o.parquet")
    assert (report.rows, report.engine) == (1, "python")
