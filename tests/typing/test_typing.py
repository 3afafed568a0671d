"""Property 7: checkers accept what the documentation shows, and refuse misspellings."""

import runpy
from pathlib import Path

import pytest
from diagnostics import expected, run_mypy, run_pyright

FOLDER = Path(__file__).parent
RIGHT = sorted(FOLDER.glob("ok_*.py"))
WRONG = sorted(FOLDER.glob("wrong_*.py"))


def test_mypy_says_exactly_what_the_comments_expect(tmp_path: Path) -> None:
    assert run_mypy(RIGHT + WRONG, tmp_path) == expected(WRONG, "mypy")


def test_pyright_says_exactly_what_the_comments_expect() -> None:
    assert run_pyright(RIGHT + WRONG) == expected(WRONG, "pyright")


def test_wrong_files_expect_something_of_both_checkers() -> None:
    for checker in ("mypy", "pyright"):
        assert len(expected(WRONG, checker)) > 30


@pytest.mark.parametrize("file", RIGHT, ids=lambda file: file.stem)
def test_what_the_checkers_accept_runs(file: Path) -> None:
    runpy.run_path(str(file))
