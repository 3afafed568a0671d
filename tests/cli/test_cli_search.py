"""search, as a process: tables for people, lines for programs."""

import json

import pytest
from command_runs import BETWEEN_PIPES, Runner

COUNT = 120


@pytest.fixture(autouse=True)
def _stored(run: Runner) -> None:
    patients = [
        {
            "resourceType": "Patient",
            "id": f"aaaaaaaa-0000-4000-8000-{number:012d}",
            "name": [{"family": "Many", "given": [f"N{number}"]}],
            "birthDate": "1990-01-01",
        }
        for number in range(COUNT)
    ]
    odd = {
        "resourceType": "Practitioner",
        "id": "aaaaaaaa-1111-4000-8000-000000000001",
        "name": [{"family": "Odd\t[red]\x9b31m", "prefix": ["Dr."]}],
        "active": True,
    }
    run.server.control("seed", {"resources": [*patients, odd]})


def test_a_terminal_gets_a_table_and_a_pipe_ndjson(run: Runner) -> None:
    ran = run("search", "Patient", "given=N7", "_sort=_id")

    assert (ran.code, ran.err) == (0, "")
    if run.is_terminal:
        assert "birthDate" in ran.out
        assert "N7 Many" in ran.out
    else:
        names = [json.loads(line)["name"][0]["given"][0] for line in ran.out.splitlines()]
        assert names == ["N7", *(f"N7{digit}" for digit in range(10))]


def test_a_search_is_cut_with_a_word_about_it(run: Runner) -> None:
    ran = run("search", "Patient", "--format", "ndjson")

    assert (ran.code, len(ran.out.splitlines())) == (0, 100)
    assert "--all" in ran.err


def test_all_gives_every_page(run: Runner) -> None:
    ran = run("search", "Patient", "_count=50", "--all", "--format", "ndjson")

    assert len({json.loads(line)["id"] for line in ran.out.splitlines()}) == COUNT
    assert ran.err == ""


@BETWEEN_PIPES
def test_a_limit_is_kept(run: Runner) -> None:
    ran = run("search", "Patient", "--limit", "3", "--format", "json")

    assert len(json.loads(ran.out)) == 3
    assert ran.err == ""


@BETWEEN_PIPES
def test_nothing_found_is_an_empty_array(run: Runner) -> None:
    assert json.loads(run("search", "Patient", "family=Nobody", "--format", "json").out) == []


def test_columns_are_chosen_and_stored_text_cannot_steer_the_terminal(run: Runner) -> None:
    ran = run(
        "search", "Practitioner", "family=Odd", "--columns", "id,name,active", env={"NO_COLOR": "1"}
    )

    assert ran.code == 0
    assert "Odd [red]\\x9b31m" in ran.out
    assert "\x9b" not in ran.out
    if not run.is_terminal:
        heading, row = ran.out.splitlines()
        assert heading == "id\tname\tactive"
        assert row.split("\t")[2] == "true"


def test_a_terminal_without_unicode_gets_escapes(run: Runner) -> None:
    odd = {"resourceType": "Basic", "id": "aaaaaaaa-2222-4000-8000-000000000001"}
    run.server.control("seed", {"resources": [{**odd, "code": {"text": "Smïth"}}]})
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    table = run("search", "Basic", "--columns", "id,code", env=plain)
    one = run("get", f"Basic/{odd['id']}", env=plain)

    assert (table.code, one.code) == (0, 0)
    assert ("Sm\\xefth" in table.out) == run.is_terminal


def test_a_parameter_that_the_server_refuses_ends_with_1(run: Runner) -> None:
    ran = run("search", "Patient", "nonsense=Secretive")

    assert (ran.code, ran.out) == (1, "")
    assert "400" in ran.err
    assert "Secretive" not in ran.err


@BETWEEN_PIPES
def test_verbose_shows_what_the_server_said(run: Runner) -> None:
    plain = run("search", "Patient", "nonsense=1")
    verbose = run("--verbose", "search", "Patient", "nonsense=1")

    assert "--verbose" in plain.err
    assert "nonsense" not in plain.err
    assert "The server said: Unknown search parameter: nonsense" in verbose.err
