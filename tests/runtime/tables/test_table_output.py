"""Tables for other tools: Arrow, pandas, polars and Parquet files."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pymedplum_runtime.errors import MedplumError, ViewError
from pymedplum_runtime.tables.arrow import parquet
from pymedplum_runtime.tables.ready.frames import observations_to_dataframe
from pymedplum_runtime.tables.views.definition import Column, Select
from pymedplum_runtime.tables.views.view import View

VIEW = View(
    "Observation",
    name="weights",
    select=[
        Select(
            [
                Column("id", "getResourceKey()"),
                Column("effective", "effective.ofType(dateTime)"),
                Column("value", "value.ofType(Quantity).value"),
                Column("index", "%rowIndex"),
            ]
        )
    ],
)


def _observation(number: int, **members: object) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "effectiveDateTime": "2024-05-01T09:30:00+02:00",
        "valueQuantity": {"value": Decimal("70.5") + number},
        **members,
    }


def _too_large(number: int) -> dict[str, Any]:
    return _observation(number, valueQuantity={"value": Decimal("1e30")})


@pytest.fixture
def observations() -> list[dict[str, Any]]:
    return [_observation(0), _observation(1), _observation(2)]


def test_a_table_is_of_the_schema_that_is_promised(observations: list[dict[str, Any]]) -> None:
    table = VIEW.to_arrow(observations)
    assert table.schema == VIEW.schema()
    assert table.column("value").to_pylist() == [Decimal("70.5"), Decimal("71.5"), Decimal("72.5")]
    text = VIEW.to_arrow(observations, decimals="text")
    assert text.schema == VIEW.schema(decimals="text")
    assert text.column("value").to_pylist() == ["70.5", "71.5", "72.5"]


def test_a_table_of_nothing_has_its_columns() -> None:
    assert VIEW.to_arrow([]).schema == VIEW.schema()
    assert VIEW.to_pandas([]).columns.to_list() == VIEW.schema().names
    assert VIEW.to_polars([]).columns == VIEW.schema().names


def test_batches_come_as_the_source_gives_resources() -> None:
    taken: list[int] = []

    def endless() -> Iterator[dict[str, Any]]:
        number = 0
        while True:
            taken.append(number)
            yield _observation(number)
            number += 1

    reader = VIEW.record_batches(endless())
    assert taken == []
    first = reader.read_next_batch()
    assert first.schema == VIEW.schema()
    assert first.num_rows == len(taken)


def test_pandas_has_exact_numbers_whole_integers_and_zones(
    observations: list[dict[str, Any]],
) -> None:
    del observations[1]["valueQuantity"], observations[2]["effectiveDateTime"]
    frame = VIEW.to_pandas(observations)
    assert frame["value"].sum() == Decimal(143)
    assert frame["value"].isna().to_list() == [False, True, False]
    assert [str(kind) for kind in frame.dtypes] == [
        "string[pyarrow]",
        "string[pyarrow]",
        "datetime64[us, UTC]",
        "string[pyarrow]",
        "decimal128(38, 18)[pyarrow]",
        "int32[pyarrow]",
    ]


def test_instants_of_pandas_are_its_own_over_the_whole_calendar() -> None:
    texts = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2024"]
    resources = [{"resourceType": "Observation", "effectiveDateTime": each} for each in texts]
    instants = VIEW.to_pandas(resources)["effective_utc"]
    assert [None if pd.isna(each) else each.isoformat() for each in instants] == [
        "0001-01-01T00:00:00+00:00",
        "9999-12-31T23:59:59.999999+00:00",
        None,
    ]
    assert (instants.dropna() < "2024-01-01").to_list() == [True, False]


def test_polars_has_exact_numbers_and_zones(observations: list[dict[str, Any]]) -> None:
    frame = VIEW.to_polars(observations)
    assert frame.schema["value"] == pl.Decimal(38, 18)
    assert frame.schema["effective_utc"] == pl.Datetime("us", "UTC")
    assert frame["value"].to_list() == [Decimal("70.5"), Decimal("71.5"), Decimal("72.5")]


def test_a_number_that_does_not_fit_is_an_error_with_its_place() -> None:
    with pytest.raises(ViewError, match='decimals="text"') as raised:
        VIEW.to_arrow([_observation(0), _too_large(1)])
    assert "resource 2" in raised.value.place
    assert "1E+30" not in str(raised.value)
    assert VIEW.to_arrow([_too_large(1)], decimals="text").num_rows == 1


def test_what_is_left_out_of_a_table_is_told() -> None:
    errors: list[MedplumError] = []
    source = [_observation(0), _too_large(1), _observation(2)]
    table = VIEW.to_arrow(source, on_error=errors.append)
    assert table.column("id").to_pylist() == ["o0", "o2"]
    assert [type(error) for error in errors] == [ViewError]
    with pytest.warns(UserWarning, match="1 resources or files were left out"):
        assert VIEW.to_arrow(source, on_error="collect").equals(table)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"engin": "python"}, TypeError, "did you mean 'engine'"),
        ({"engine": "spark"}, ValueError, "'auto', 'duckdb', 'python'"),
        ({"processes": 0}, ValueError, "1 or more"),
        ({"threads": 1_000_000}, ValueError, "up to 1024"),
        ({"threads": "2"}, TypeError, "got str"),
        ({"decimals": "float"}, ValueError, "'decimal', 'text'"),
        ({"default_zone": "Europe/Berlin"}, TypeError, "ZoneInfo"),
        ({"on_error": "ignore"}, ValueError, "'collect'"),
        ({"on_error": []}, ValueError, "'collect'"),
        ({"memory_limit": 400}, TypeError, "'400MB'"),
        ({"memory_limit": "much"}, ValueError, "'400MB'"),
        ({"memory_limit": "0MB"}, ValueError, "'400MB'"),
    ],
)
def test_options_are_checked(options: Any, error: type[Exception], words: str) -> None:
    for run in (VIEW.to_arrow, VIEW.record_batches):
        with pytest.raises(error, match=words):
            run([], **options)


def test_a_parquet_file_holds_the_table(tmp_path: Path, observations: list[dict[str, Any]]) -> None:
    path = tmp_path / "weights.parquet"
    report = VIEW.to_parquet(observations, path)
    assert (report.path, report.rows, report.engine, report.errors) == (path, 3, "python", ())
    assert pq.read_table(path).equals(VIEW.to_arrow(observations))
    assert VIEW.to_parquet([], str(path)).rows == 0
    assert pq.read_table(path).schema == VIEW.schema()


def test_a_parquet_file_stays_where_the_new_one_cannot_be_completed(tmp_path: Path) -> None:
    path = tmp_path / "weights.parquet"
    VIEW.to_parquet([_observation(0)], path)
    with pytest.raises(ViewError):
        VIEW.to_parquet([_observation(1), _too_large(2)], path)
    assert pq.read_table(path).column("id").to_pylist() == ["o0"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_parquet_file_tells_what_it_lacks(tmp_path: Path) -> None:
    source = tmp_path / "Observation.ndjson"
    lines = [json.dumps(_observation(n, valueQuantity={"value": n})) for n in range(3)]
    lines[1] = '{"resourceType": "Observation", "id": }'
    source.write_text("\n".join(lines))
    report = VIEW.to_parquet(source, tmp_path / "weights.parquet", on_error="collect")
    assert report.rows == 2
    assert [f"{source}, line 2" in str(error) for error in report.errors] == [True]


def test_a_folder_is_not_replaced_by_a_parquet_file(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError, match="no regular file"):
        VIEW.to_parquet([], tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        VIEW.to_parquet([], tmp_path / "none" / "weights.parquet")
    assert raised.value.filename == str(tmp_path / "none")


@pytest.mark.parametrize(
    ("package", "run", "words"),
    [
        ("pyarrow", VIEW.to_arrow, r"pip install 'pymedplum\[data\]'"),
        ("pyarrow", VIEW.to_pandas, r"pip install 'pymedplum\[data\]'"),
        ("pandas", VIEW.to_pandas, "to_pandas.* needs pandas: pip install pandas"),
        ("polars", VIEW.to_polars, "to_polars.* needs polars: pip install polars"),
        ("pandas", observations_to_dataframe, "needs pandas: pip install pandas"),
    ],
)
def test_a_package_that_is_missing_is_named(
    package: str, run: Callable[[Any], Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=words) as raised:
        run([])
    assert raised.value.name == package


def test_tables_are_imported_without_the_packages_that_they_are_made_with() -> None:
    program = (
        "import sys\n"
        "from pymedplum.tables import View, observations_to_dataframe, ready\n"
        "from pymedplum_runtime.tables.arrow import output\n"
        "ready.patients\n"
        "late = {'pyarrow', 'pandas', 'polars', 'duckdb', 'numpy', 'pydantic', 'httpx'}\n"
        "sys.exit(str(late & {*sys.modules}) if late & {*sys.modules} else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_row_groups_do_not_depend_on_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 10)
    schema = pa.schema([("x", pa.int32())])
    contents: set[bytes] = set()
    for size in (1, 3, 10, 25, 50):
        starts = range(0, 25, size)
        batches = [
            pa.record_batch([pa.array(range(n, min(n + size, 25)), pa.int32())], schema=schema)
            for n in starts
        ]
        path = tmp_path / f"{size}.parquet"
        assert parquet.write_parquet(path, schema, batches) == 25
        found = pq.ParquetFile(path).metadata
        assert [found.row_group(at).num_rows for at in range(found.num_row_groups)] == [10, 10, 5]
        contents.add(path.read_bytes())
    assert len(contents) == 1
