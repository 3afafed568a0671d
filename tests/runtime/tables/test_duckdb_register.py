"""Views in a user's own connection, and their SQL for anybody's DuckDB."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard
from duckdb_tables_made import OBSERVATIONS, ndjson, observation, rows

from pymedplum_runtime.errors import MedplumError, ViewError
from pymedplum_runtime.tables.views.definition import Column, Select
from pymedplum_runtime.tables.views.view import View

SPECIAL = observation(id="special", _status={"id": "x"}, effectiveDateTime="2024")
LINES = (observation(effectiveDateTime="2024-05-01T09:30:00Z"), SPECIAL)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection as users have one."""
    with duckdb.connect() as opened:
        yield opened


def table(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The rows of a query."""
    return connection.sql(query).to_arrow_table().to_pylist()


def test_a_registered_view_is_the_table(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = ndjson(tmp_path / "o.ndjson", *LINES)
    OBSERVATIONS.register(connection, path)
    assert table(connection, "FROM observations") == rows(OBSERVATIONS, path)


def test_a_registered_view_reads_its_files_when_it_is_queried(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = ndjson(tmp_path / "o.ndjson", observation())
    OBSERVATIONS.register(connection, path)
    ndjson(path, observation(), SPECIAL, observation(id="later"))
    assert table(connection, "SELECT id FROM observations ORDER BY id DESC") == [
        {"id": "special"},
        {"id": "o1"},
        {"id": "later"},
    ]


@pytest.mark.parametrize("name", ['a "quoted" name', "x; DROP TABLE kept", "select", "ü"])
def test_names_are_only_names(
    name: str, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    OBSERVATIONS.register(connection, ndjson(tmp_path / "o.ndjson", *LINES), name)
    quoted = name.replace('"', '""')
    query = f'SELECT count(*) AS n FROM "{quoted}", kept'  # noqa: S608 - the names are ours
    assert table(connection, query) == [{"n": 2}]


TEXTS = ("it's", "'; DROP TABLE x; --", '"', "\\", "ü\n\t", "%_", "{0}{x}", "$1 ?", "a''b", "\x7f")


@pytest.mark.parametrize("text", TEXTS)
def test_constants_and_literals_are_only_texts(text: str, tmp_path: Path) -> None:
    view = View(
        "Observation",
        [
            Select(
                [
                    Column("is_it", "code.text = %wanted"),
                    Column("joined", "code.coding.code.join(%wanted)"),
                    Column("itself", "%wanted"),
                ]
            )
        ],
        constants={"wanted": text},
    )
    lines = [
        observation(code={"text": text, "coding": [{"code": "a"}, {"code": "b"}]}),
        observation(code={"text": text + "x"}),
    ]
    found = rows(view, ndjson(tmp_path / "o.ndjson", *lines))
    assert [row["is_it"] for row in found] == [True, False]
    assert found[0]["joined"] == f"a{text}b"


def test_a_registered_view_may_be_registered_anew(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for count in (1, 2):
        path = ndjson(tmp_path / f"{count}.ndjson", *LINES[:count])
        OBSERVATIONS.register(connection, path, "t")
        assert table(connection, "SELECT count(*) AS n FROM t") == [{"n": count}]
    OBSERVATIONS.register(connection, [observation()], "t")
    assert table(connection, "SELECT count(*) AS n FROM t") == [{"n": 1}]
    OBSERVATIONS.register(connection, path, "t")
    assert table(connection, "SELECT count(*) AS n FROM t") == [{"n": 2}]


def test_two_registered_views_do_not_meet(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = ndjson(tmp_path / "o.ndjson", SPECIAL)
    ids = View("Observation", [Select([Column("key", "id")])])
    OBSERVATIONS.register(connection, path, "a")
    ids.register(connection, path, "b")
    assert table(connection, "SELECT a.id, b.key FROM a, b") == [
        {"id": "special", "key": "special"}
    ]


@pytest.mark.parametrize("kind", ["dicts", "zstd", "untranslatable", "decimals"])
def test_what_sql_cannot_say_is_registered_as_a_table(
    kind: str, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = ndjson(tmp_path / "o.ndjson", *LINES)
    packed = tmp_path / "o.ndjson.zst"
    packed.write_bytes(zstandard.compress(path.read_bytes()))
    source: Any = {"dicts": iter(LINES), "zstd": packed}.get(kind, path)
    view = OBSERVATIONS
    if kind == "untranslatable":
        view = View("Observation", [Select([Column("id", "id.lower()")])], name="observations")
    options: Any = {"decimals": "text"} if kind == "decimals" else {}
    view.register(connection, source, **options)
    assert [row["id"] for row in table(connection, "FROM observations")] == ["o1", "special"]


def test_a_gzip_file_stays_sql(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = ndjson(tmp_path / "o.ndjson", *LINES)
    path.write_bytes(gzip.compress(path.read_bytes()))
    OBSERVATIONS.register(connection, path)
    assert len(table(connection, "FROM observations")) == 2
    assert "gzip" in OBSERVATIONS.sql(path)


def test_the_errors_of_a_registered_view_name_the_resource_and_quote_nothing(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    bad = observation(id="bad", valueQuantity={"value": "secret"})
    path = ndjson(tmp_path / "o.ndjson", observation(), bad, observation(id="o3"))
    OBSERVATIONS.register(connection, path)
    with pytest.raises(duckdb.Error, match="Observation/bad") as caught:
        connection.sql("FROM observations").fetchall()
    assert "secret" not in str(caught.value)
    told: list[MedplumError] = []
    OBSERVATIONS.register(connection, path, on_error=told.append)
    assert len(table(connection, "FROM observations")) == 2
    assert "Observation/bad" in str(told[0])
    OBSERVATIONS.register(connection, path, on_error="collect")
    assert len(table(connection, "FROM observations")) == 2


def test_a_malformed_line_of_a_registered_view_is_told_by_its_place(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = ndjson(tmp_path / "o.ndjson", observation(), '{"id": "secret')
    OBSERVATIONS.register(connection, path)
    with pytest.raises(duckdb.Error, match="Malformed JSON") as caught:
        connection.sql("FROM observations").fetchall()
    assert "secret" not in str(caught.value)


def test_a_view_without_a_name_has_that_of_its_type(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    view = View("Observation", [Select([Column("id", "id")])])
    view.register(connection, ndjson(tmp_path / "o.ndjson", *LINES))
    assert table(connection, 'SELECT count(*) AS n FROM "Observation"') == [{"n": 2}]


def test_the_sql_runs_in_any_duckdb(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    times = ["2024-02-29T09:30:00.5Z", "2024", "2024-05", "2024-05-01", "x", "2023-02-29"]
    times += ["2024-05-01T09:30:00", "2024-05-01T09:30:00.123456+02:00"]
    found = [observation(id=str(i), effectiveDateTime=time) for i, time in enumerate(times)]
    path = ndjson(tmp_path / "it's.ndjson", *found, {"resourceType": "Patient", "id": "p"})
    assert table(connection, OBSERVATIONS.sql(path)) == rows(OBSERVATIONS, path)


def test_the_sql_alone_refuses_lines_that_need_python(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    select = OBSERVATIONS.sql(ndjson(tmp_path / "o.ndjson", *LINES))
    with pytest.raises(duckdb.Error, match="needs Python"):
        connection.sql(select).fetchall()


@pytest.mark.parametrize(
    ("path", "reason"),
    [("id.lower()", "left to the FHIRPath engine"), ("value.ofType(Quantity)", "Quantity")],
)
def test_the_reason_is_told_where_there_is_no_sql(path: str, reason: str, tmp_path: Path) -> None:
    type_name = "Quantity" if reason == "Quantity" else None
    view = View("Observation", [Select([Column("c", path, type=type_name)])], name="v")
    with pytest.raises(ViewError, match=reason):
        view.sql(ndjson(tmp_path / "o.ndjson", *LINES))


def test_the_sql_of_resources_is_refused() -> None:
    with pytest.raises(ViewError, match="files"):
        OBSERVATIONS.sql([json.loads("{}")])


def test_a_name_that_is_no_text_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    wrong: Any = 5
    with pytest.raises(TypeError, match="a name is a str, got int"):
        OBSERVATIONS.register(connection, [], wrong)
