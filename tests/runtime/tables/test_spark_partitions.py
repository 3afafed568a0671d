"""What Spark's workers do with their lines, without Spark."""

import json
import pickle
import sys
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pymedplum_runtime.errors import NdjsonError, ViewError
from pymedplum_runtime.tables.spark import spark_table
from pymedplum_runtime.tables.spark_partitions import PartitionRows, rows_of
from pymedplum_runtime.tables.views.view import View

VIEW = View.from_definition(
    {
        "resource": "Patient",
        "select": [
            {
                "column": [
                    {"name": "id", "path": "id", "type": "id"},
                    {"name": "born", "path": "birthDate", "type": "date"},
                ]
            },
            {"forEach": "name", "column": [{"name": "family", "path": "family"}]},
        ],
    }
)


def patient(number: int) -> bytes:
    names = [{"family": f"f{number}-{each}"} for each in range(number % 3)]
    made = {"resourceType": "Patient", "id": f"p{number}", "birthDate": "1980-01", "name": names}
    return json.dumps(made).encode()


TEXTS = [
    *map(patient, range(12)),
    b"",
    b"  \r",
    b'{"resourceType":"Group","id":"g"}',
    b'\xef\xbb\xbf {"resourceType":"Patient","id":"bom","name":[{"family":"f"}]} ',
]


def batch(texts: list[bytes | None], file: str | None = None) -> pa.RecordBatch:
    columns: dict[str, pa.Array[Any]] = {"text": pa.array(texts, pa.binary())}
    if file is not None:
        columns["file"] = pa.array([file] * len(texts), pa.string())
    return pa.RecordBatch.from_pydict(columns)


def rows(*batches: pa.RecordBatch, collects: bool = False, **options: Any) -> list[Any]:
    made = PartitionRows(pickle.dumps(VIEW), "decimal", options.get("zone"), collects=collects)
    return [row for found in made(batches) for row in found.to_pylist()]


@settings(deadline=None)  # the first example compiles the view
@given(st.lists(st.integers(0, len(TEXTS)), max_size=6))
def test_however_lines_are_cut_into_batches_the_rows_are_the_same(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(TEXTS)]
    found = rows(*(batch([*TEXTS[start:end]]) for start, end in pairwise(places)))
    assert found == rows(batch([*TEXTS]))
    assert [row["family"] for row in found] == [
        *(f"f{number}-{each}" for number in range(12) for each in range(number % 3)),
        "f",
    ]


def test_more_lines_than_are_taken_at_a_time_give_all_rows_in_order() -> None:
    found = rows(batch([patient(number) for number in range(2500)]))
    expected = [f"p{number}" for number in range(2500) for _ in range(number % 3)]
    assert [row["id"] for row in found] == expected


def test_nulls_are_no_lines() -> None:
    assert rows(batch([None, patient(1)])) == rows(batch([patient(1)]))


def test_times_without_a_zone_are_of_the_default_one() -> None:
    zone = timezone(timedelta(hours=1))
    (row,) = rows(batch([patient(1)]), zone=zone)
    assert row["born_utc"] == datetime(1979, 12, 31, 23, tzinfo=timezone.utc)
    assert row["born_precision"] == "month"


def test_an_error_names_the_file_and_what_is_wrong() -> None:
    with pytest.raises(NdjsonError, match=r"^s3a://b/x\.ndjson: expected a resource"):
        rows(batch([b"[1]"], "s3a://b/x.ndjson"))
    bad = b'{"resourceType":"Patient","id":"p9","name":[{"family":["Sekret","x"]}]}'
    with pytest.raises(ViewError, match=r"s3a://b/x\.ndjson, Patient/p9") as failure:
        rows(batch([bad], "s3a://b/x.ndjson"))
    assert "Sekret" not in str(failure.value)


def test_collected_errors_are_rows_that_have_nothing_else() -> None:
    found = rows(batch([patient(1), b"{", patient(2)], "x.ndjson"), collects=True)
    assert [(row["id"], row["_error"] is None) for row in found] == [
        ("p1", True),
        ("p2", True),
        ("p2", True),
        (None, False),
    ]
    assert found[-1]["_error"].startswith("x.ndjson: invalid JSON")


def test_a_process_compiles_a_view_once() -> None:
    rows_of.cache_clear()
    for _ in range(3):
        rows(batch([patient(1)]))
    assert rows_of.cache_info().misses == 1


def test_what_goes_to_the_workers_shows_nothing_of_the_view() -> None:
    assert "family" not in repr(PartitionRows(pickle.dumps(VIEW), "text", None, collects=False))


def test_without_spark_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    session: Any = None
    with pytest.raises(ImportError, match=r"pip install 'pymedplum\[spark\]'"):
        spark_table(session, VIEW, "x.ndjson")
