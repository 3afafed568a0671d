"""export, as a process: progress, interruption, and going on."""

import pytest
from command_runs import BETWEEN_PIPES, Runner, interrupt

PATIENTS = [
    {"resourceType": "Patient", "id": f"aaaaaaaa-0000-4000-8000-{n:012d}", "active": True}
    for n in range(3)
]
PLAIN = {"NO_COLOR": "1", "COLUMNS": "300"}


@pytest.fixture(autouse=True)
def _stored(run: Runner) -> None:
    run.server.control("seed", {"resources": PATIENTS})
    run.server.control("config", {"exportPolls": 0})


def test_an_export_ends_in_files_that_are_listed(run: Runner) -> None:
    ran = run("export", "out", "--type", "Patient", env=PLAIN)

    assert ran.code == 0, ran.err
    file = run.folder / "out" / "Patient.000.ndjson"
    assert len(file.read_text().splitlines()) == len(PATIENTS)
    assert str(file.relative_to(run.folder)) in ran.out
    assert "export started: http" in ran.err
    assert not (run.folder / "out" / ".export.running").exists()
    if run.is_terminal:
        assert "\x1b" in ran.err
    else:
        assert "files: 1 of 1" in ran.err
        assert ran.out.splitlines()[0] == "path\tkind\ttype\tlines\tbytes"


def test_an_interrupted_export_goes_on_with_the_same_command(run: Runner) -> None:
    run.server.control("config", {"exportPolls": 1})

    stopped = run("export", "out", env=PLAIN, upon=("waiting for the server", interrupt))
    again = run("export", "out", env=PLAIN)

    assert stopped.code == 130
    assert "--attach http" in stopped.err
    assert again.code == 0, again.err
    assert "export goes on: http" in again.err
    targets = [request["target"] for request in run.server.control("requests")]
    assert sum("$export" in target for target in targets) == 1


def test_an_export_can_be_attached_to(run: Runner) -> None:
    first = run("export", "one", env=PLAIN)
    url = next(word for word in first.err.split() if word.startswith("http"))

    ran = run("export", "two", "--attach", url, "--compress", "gzip", env=PLAIN)

    assert ran.code == 0, ran.err
    assert (run.folder / "two" / "Patient.000.ndjson.gz").exists()


@BETWEEN_PIPES
def test_an_export_that_fails_ends_with_1_and_is_not_gone_on_with(run: Runner) -> None:
    run.server.control("script", {"status": 400, "json": {}, "path": "bulkdata/export"})

    ran = run("export", "out", env=PLAIN)

    assert (ran.code, ran.out) == (1, "")
    assert "--attach" not in ran.err
    assert run("export", "out", env=PLAIN).code == 0
