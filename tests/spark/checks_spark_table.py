"""What `spark_table` does on a local Spark; `test_spark.py` runs this where Spark is."""

import gzip
import json
import pickle
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.errors import PythonException
from pyspark.sql import DataFrame, SparkSession

from pymedplum_runtime.tables import spark as spark_module
from pymedplum_runtime.tables.spark import spark_table
from pymedplum_runtime.tables.spark_partitions import PartitionRows
from tests.spark.killed import KilledOnce
from tests.spark.observations import FILES, OBSERVATIONS, VIEW, lines, observation
from tests.spark.session import local_spark


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    with local_spark() as session:
        session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "50")
        yield session


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("export")
    for file in range(FILES):
        numbers = range(file, OBSERVATIONS, FILES)
        content = lines(*map(observation, numbers))
        (made / f"Observation.{file}.ndjson").write_bytes(content)
    (made / "export.json").write_text('{"not": "a resource"}\n', encoding="utf-8")
    return made


def rows(table: DataFrame) -> Counter[str]:
    """The rows of a table in no order, each as often as it comes."""
    return Counter(repr(sorted(row.asDict().items())) for row in table.collect())


def expected(folder: Path) -> Counter[str]:
    table = VIEW.to_arrow(folder, engine="python")
    found = table.set_column(
        table.schema.get_field_index("taken_utc"),
        "taken_utc",
        # Spark gives Python the local time, without a zone.
        pa.array(
            [x.astimezone().replace(tzinfo=None) for x in table["taken_utc"].to_pylist()],
            pa.timestamp("us"),
        ),
    )
    return Counter(repr(sorted(row.items())) for row in found.to_pylist())


def test_the_table_is_that_of_one_machine(spark: SparkSession, folder: Path) -> None:
    found = rows(spark_table(spark, VIEW, folder))
    assert sum(found.values()) == 2 * OBSERVATIONS
    assert found == expected(folder)


def test_its_columns_have_types(spark: SparkSession, folder: Path) -> None:
    assert spark_table(spark, VIEW, str(folder)).dtypes == [
        ("id", "string"),
        ("patient", "string"),
        ("taken", "string"),
        ("taken_utc", "timestamp"),
        ("taken_precision", "string"),
        ("is_final", "boolean"),
        ("position", "int"),
        ("codes", "array<string>"),
        ("value", "decimal(38,18)"),
    ]
    text = spark_table(spark, VIEW, str(folder), decimals="text")
    assert dict(text.dtypes)["value"] == "string"


def test_instants_and_decimals_are_exact_whatever_the_zone_of_the_session(
    spark: SparkSession,
) -> None:
    precise = (
        b'{"resourceType": "Observation", "id": "o", "effectiveDateTime": "2024-03-01T00:30:00",'
        b' "component": [{"valueQuantity": {"value": 0.100000000000000001}}]}'
    )
    frame = spark.createDataFrame([(precise.decode(),)], "text string")
    table = spark_table(spark, VIEW, frame, default_zone=timezone(timedelta(hours=2)))
    (row,) = table.selectExpr("unix_micros(taken_utc) as at", "value", "taken").collect()
    instant = datetime(2024, 2, 29, 22, 30, tzinfo=timezone.utc)
    assert row["at"] == instant.timestamp() * 1_000_000
    assert row["value"] == Decimal("0.100000000000000001")
    assert row["taken"] == "2024-03-01T00:30:00"
    (row,) = spark_table(spark, VIEW, frame).collect()
    assert row["taken_utc"] is None
    assert row["taken_precision"] == "second"


def test_every_partitioning_gives_the_same_table(spark: SparkSession, folder: Path) -> None:
    texts = spark.read.text(str(folder / "*.ndjson"))
    spark.conf.set("spark.sql.files.maxPartitionBytes", "200000")
    try:
        split = spark_table(spark, VIEW, str(folder))
        assert split.rdd.getNumPartitions() > FILES
        tables = [split, *(spark_table(spark, VIEW, texts.repartition(n)) for n in (1, 3, 8))]
        assert [rows(table) for table in tables] == [expected(folder)] * 4
    finally:
        spark.conf.unset("spark.sql.files.maxPartitionBytes")


@pytest.fixture
def attempts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which attempts at tasks leave files; one worker is killed."""
    made = tmp_path / "attempts"
    made.mkdir()

    def killed(*arguments: Any, **options: Any) -> KilledOnce:
        return KilledOnce(PartitionRows(*arguments, **options), made)

    monkeypatch.setattr(spark_module, "PartitionRows", killed)
    return made


def was_killed_and_tried_again(attempts: Path) -> bool:
    names = {path.name for path in attempts.iterdir()}
    return "killed" in names and any(name.endswith("-attempt-1") for name in names)


def test_a_killed_worker_costs_no_row_and_doubles_none(
    spark: SparkSession, folder: Path, attempts: Path
) -> None:
    assert rows(spark_table(spark, VIEW, folder)) == expected(folder)
    assert was_killed_and_tried_again(attempts)


def test_what_is_written_while_a_worker_is_killed_is_whole(
    spark: SparkSession, folder: Path, attempts: Path, tmp_path: Path
) -> None:
    spark_table(spark, VIEW, folder).write.parquet(str(tmp_path / "table"))
    assert was_killed_and_tried_again(attempts)
    assert rows(spark.read.parquet(str(tmp_path / "table"))) == expected(folder)


def test_a_worker_of_python_compiles_a_view_once(spark: SparkSession, folder: Path) -> None:
    from tests.spark.compiled import compilations  # noqa: PLC0415 - read in the workers

    texts = spark.read.text(str(folder / "*.ndjson")).repartition(8)
    spark_table(spark, VIEW, texts).collect()
    found = spark.range(8, numPartitions=8).mapInArrow(
        partial(compilations, pickle.dumps(VIEW)), "process int, compiled int"
    )
    assert {row["compiled"] for row in found.collect()} == {1}


def test_files_may_be_gzip_and_have_what_files_have(spark: SparkSession, tmp_path: Path) -> None:
    patient = {"resourceType": "Patient", "id": "p"}
    text = lines(observation(1), patient, observation(2)).replace(b"\n", b"\r\n\r\n")
    (tmp_path / "a.ndjson").write_bytes(b"\xef\xbb\xbf" + text)
    (tmp_path / "b.ndjson.gz").write_bytes(gzip.compress(lines(observation(3))))
    (tmp_path / "b c.ndjson").write_bytes(lines(observation(4)).rstrip())
    paths = [tmp_path / "a.ndjson", str(tmp_path / "b*.ndjson*")]
    found = Counter(row["id"] for row in spark_table(spark, VIEW, paths).collect())
    assert found == {"o1": 2, "o2": 2, "o3": 2, "o4": 2}


BROKEN = (
    b'{"resourceType": "Observation", "id": "cut',
    b'{"resourceType": "Observation", "id": "\xff"}',
    b'["Secretperson"]',
    json.dumps(observation(5, effectiveDateTime=["2024", "Secretperson"])).encode(),
    json.dumps(
        observation(6, component=[{"valueQuantity": {"value": 10**40}}, {"code": {}}])
    ).encode(),
)


def test_broken_resources_are_named_and_the_rest_is_there(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = tmp_path / "Observation.ndjson"
    path.write_bytes(lines(observation(1)) + b"\n".join(BROKEN) + b"\n" + lines(observation(2)))
    table = spark_table(spark, VIEW, path, on_error="collect")
    assert table.columns[-1] == "_error"
    good = table.where("_error is null").collect()
    bad = table.where("_error is not null").collect()
    assert Counter(row["id"] for row in good) == {"o1": 2, "o2": 2}
    assert len(bad) == len(BROKEN)
    assert {value for row in bad for value in row[:-1]} == {None}
    errors = [row["_error"] for row in bad]
    assert all("Observation.ndjson" in error for error in errors)
    assert sum("Observation/o5" in error for error in errors) == 1
    assert sum("Observation/o6" in error for error in errors) == 1
    assert "Secretperson" not in "".join(errors)


@pytest.mark.parametrize("broken", BROKEN[1:4:2], ids=["a line", "a resource"])
def test_a_broken_resource_fails_the_job_and_is_named(
    spark: SparkSession, tmp_path: Path, broken: bytes
) -> None:
    path = tmp_path / "Observation.ndjson"
    path.write_bytes(lines(observation(1)) + broken)
    with pytest.raises(PythonException, match=r"Observation\.ndjson") as failure:
        spark_table(spark, VIEW, path).collect()
    assert "Secretperson" not in str(failure.value)


def test_a_frame_of_texts_may_have_nulls_and_any_name(spark: SparkSession) -> None:
    texts = [(json.dumps(observation(1)),), (None,), ("",)]
    frame = spark.createDataFrame(texts, "`the resource` string")
    assert [row["id"] for row in spark_table(spark, VIEW, frame).collect()] == ["o1", "o1"]
    errors = spark.createDataFrame([("{",)], "a string")
    (row,) = spark_table(spark, VIEW, errors, on_error="collect").collect()
    assert row["_error"].startswith("a JSON text: invalid JSON")


@pytest.mark.parametrize("columns", ["a string, b string", "a int"])
def test_a_frame_of_something_else_is_refused(spark: SparkSession, columns: str) -> None:
    frame = spark.createDataFrame([], columns)
    with pytest.raises(TypeError, match="one column of JSON texts"):
        spark_table(spark, VIEW, frame)


@pytest.mark.parametrize("source", [b"x", 1, {"resourceType": "Patient"}, [{"id": "x"}]])
def test_a_source_that_is_none_is_refused(spark: SparkSession, source: Any) -> None:
    with pytest.raises(TypeError, match="expected paths of NDJSON files or a DataFrame"):
        spark_table(spark, VIEW, source)


def test_a_choice_that_spark_cannot_make_is_refused(spark: SparkSession) -> None:
    with pytest.raises(ValueError, match="on_error"):
        spark_table(spark, VIEW, "x", on_error=print)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no paths"):
        spark_table(spark, VIEW, [])
