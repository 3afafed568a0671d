"""The conformance cases of SQL on FHIR, all of them, by every runner."""

import json
import sys
from pathlib import Path

import pytest

from tests.sql_on_fhir.__main__ import main
from tests.sql_on_fhir.cases import PUBLISHED, Case, read_cases
from tests.sql_on_fhir.runners import RUNNERS
from tests.sql_on_fhir.verdicts import Table, judge

CASES = read_cases()


@pytest.mark.parametrize("runner", RUNNERS)
def test_every_published_case_passes(runner: str) -> None:
    verdicts = RUNNERS[runner](CASES, PUBLISHED)
    assert [verdict.case for verdict in verdicts] == [case.name for case in CASES]
    assert {one.case: one.failure for one in verdicts if one.failure is not None} == {}


def test_all_published_cases_are_read() -> None:
    assert len(CASES) == 83
    assert sum(case.error for case in CASES) == 3


def _case(**expected: object) -> Case:
    nothing = {"rows": None, "count": None, "columns": None, "error": False}
    return Case(file="made.json", title="made", view={}, resources=[], **(nothing | expected))


@pytest.mark.parametrize(
    ("expected", "table"),
    [
        ({"rows": [{"a": 1}]}, Table(["a"], [])),
        ({"rows": []}, Table(["a"], [{"a": 1}])),
        ({"rows": [{"a": 1}]}, Table(["a"], [{"a": 1}, {"a": 1}])),
        ({"rows": [{"a": True}]}, Table(["a"], [{"a": 1}])),
        ({"rows": [{"a": 1}]}, Table(["a"], [{"a": "1"}])),
        ({"rows": [{"a": None}]}, Table(["a"], [{}])),
        ({"rows": [{"a": ["x", "y"]}]}, Table(["a"], [{"a": ["y", "x"]}])),
        ({"columns": ["a", "b"]}, Table(["b", "a"], [])),
        ({"count": 1}, Table(["a"], [])),
        ({"error": True}, Table(["a"], [])),
    ],
)
def test_a_table_that_differs_fails(expected: dict[str, object], table: Table) -> None:
    assert judge(_case(**expected), lambda _: table).failure is not None


def test_rows_in_another_order_and_numbers_written_otherwise_pass() -> None:
    case = _case(rows=[{"a": 1, "b": None}, {"a": 2.50, "b": "x"}])
    table = Table(["a", "b"], [{"b": "x", "a": 2.5}, {"b": None, "a": 1.0}])
    assert judge(case, lambda _: table).failure is None


def test_an_error_that_is_not_a_view_error_fails_even_where_one_is_expected() -> None:
    def run(_: Case) -> Table:
        raise KeyError("x")

    assert judge(_case(error=True), run).failure == "KeyError: 'x'"


def test_a_case_that_expects_something_unknown_is_refused(tmp_path: Path) -> None:
    test = {"title": "t", "view": {}, "expectHash": "x"}
    (tmp_path / "a.json").write_text(json.dumps({"tests": [test]}), encoding="utf-8")
    with pytest.raises(ValueError, match="expectHash"):
        read_cases(tmp_path)


def test_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no cases"):
        read_cases(tmp_path)


def test_the_command_names_what_fails_and_how_many_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    view = {"resource": "Patient", "select": [{"column": [{"name": "id", "path": "id"}]}]}
    tests = [
        {"title": "right", "view": view, "expect": [{"id": "a"}]},
        {"title": "wrong", "view": view, "expect": [{"id": "b"}]},
        {"title": "refused", "view": {}, "expectError": True},
    ]
    content = {"resources": [{"resourceType": "Patient", "id": "a"}], "tests": tests}
    (tmp_path / "some.json").write_text(json.dumps(content), encoding="utf-8")
    arguments = ["--cases", str(tmp_path), "--runner", "python", "duckdb"]
    monkeypatch.setattr(sys, "argv", ["sql_on_fhir", *arguments])
    assert main() == 1
    printed = capsys.readouterr().out
    assert "python        2 of 3" in printed
    assert "duckdb        2 of 3 (2 as SQL)" in printed
    assert printed.count("some.json: wrong") == 2
    assert "refused" not in printed
