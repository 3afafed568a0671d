"""How the command ends where things go wrong, and what holds for all commands."""

import subprocess
import sys

import pytest
from command_runs import BETWEEN_PIPES, Runner

from pymedplum_runtime import errors
from pymedplum_runtime.cli.exits import ExitCode, code_of, explanation
from pymedplum_runtime.cli.main import run as run_command

COMMANDS = (
    *("login", "logout", "whoami", "profiles", "get", "search", "create", "update", "patch"),
    *("delete", "graphql", "operation", "export", "import", "capabilities", "keys", "completion"),
)
HEAVY = ("httpx", "pydantic", "msgspec", "rich", "joserfc", "cryptography")


def test_the_version_is_shown_without_loading_a_client(run: Runner) -> None:
    ran = run("--version", env={"PYTHONPROFILEIMPORTTIME": "1"})

    assert ran.code == 0
    assert ran.out.startswith("pymedplum ")
    loaded = {line.rpartition("|")[2].strip() for line in ran.err.splitlines()}
    assert "typer" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_help_lists_every_command(run: Runner) -> None:
    ran = run("--help")

    assert ran.code == 0
    listed = {
        line.split()[0] for line in ran.out.split("Commands:")[1].splitlines() if line.strip()
    }
    assert set(COMMANDS) <= listed


def test_a_command_that_is_none_is_wrong_usage(run: Runner) -> None:
    ran = run("serach", "Patient")

    assert (ran.code, ran.out) == (2, "")


def test_no_server_ends_with_5(run: Runner) -> None:
    ran = run("--base-url", "http://127.0.0.1:9/", "--timeout", "2", "whoami")

    assert (ran.code, ran.out) == (5, "")
    assert len(ran.err.splitlines()) == 1


@BETWEEN_PIPES
def test_what_is_not_allowed_ends_with_3(run: Runner) -> None:
    run.server.control("script", {"status": 403, "json": {}, "path": "^fhir/R4/Patient"})

    assert run("get", "Patient/1").code == 3


@BETWEEN_PIPES
def test_the_membership_to_act_for_is_sent(run: Runner) -> None:
    member = f"ProjectMembership/{run.server.membership_ids['doctor']}"

    assert run("--on-behalf-of", member, "search", "Patient").code == 0
    headers = run.server.control("requests")[-1]["headers"]
    assert headers["x-medplum-on-behalf-of"] == member


@BETWEEN_PIPES
def test_a_file_that_is_not_there_is_named(run: Runner) -> None:
    ran = run("create", "nowhere.json")

    assert (ran.code, ran.out) == (1, "")
    assert "nowhere.json: No such file or directory" in ran.err


def test_nothing_is_read_from_a_terminal_unasked(run: Runner) -> None:
    ran = run("create", given=None)

    assert ran.code == 2


@BETWEEN_PIPES
def test_a_reader_that_goes_away_ends_it_quietly(run: Runner) -> None:
    patients = [{"resourceType": "Patient", "text": {"status": "empty", "div": "x" * 900}}] * 300
    stored = [
        {**each, "id": f"aaaaaaaa-0000-4000-8000-{number:012d}"}
        for number, each in enumerate(patients)
    ]
    run.server.control("seed", {"resources": stored})
    line = f"{sys.executable} -m pymedplum search Patient --all --format ndjson | head -n 1"
    shell = f"set -o pipefail; {line}"

    done = subprocess.run(
        ["/bin/bash", "-c", shell],
        env=run.environment,
        cwd=run.folder,
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (ExitCode.READER_GONE, b"")
    assert done.stdout.count(b"\n") == 1


@BETWEEN_PIPES
def test_a_full_disk_is_told(run: Runner) -> None:
    line = [sys.executable, "-W", "error", "-m", "pymedplum", "get", "Patient/1"]
    step = {"json": {"resourceType": "Patient", "id": "1"}, "path": "^fhir/R4/Patient"}
    run.server.control("script", step)

    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            line,
            env=run.environment,
            cwd=run.folder,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert (done.returncode, done.stderr) == (1, b"pymedplum: No space left on device\n")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.AuthenticationError("x"), 3),
        (errors.AuthorizationError("x"), 3),
        (errors.GoneError("x"), 4),
        (errors.NetworkError("x"), 5),
        (errors.ConflictError("x"), 6),
        (errors.ConfigurationError("x"), 2),
        (errors.ServerError("x"), 1),
        (OSError(28, "No space left on device"), 1),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("Secretive"), 70),
        (ImportError("it needs the extra: pip install 'pymedplum[data]'"), 1),
    ],
)
def test_every_error_has_its_exit_code(error: BaseException, code: int) -> None:
    assert code_of(error) == code
    assert "Secretive" not in explanation(error, is_verbose=True)


def test_a_bug_is_one_line_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> type:
        raise ZeroDivisionError("Secretive")

    assert run_command(broken, ["get", "Patient/1"]) == 70  # type: ignore[arg-type]
    shown = capsys.readouterr().err
    assert "ZeroDivisionError" in shown
    assert "Secretive" not in shown
    assert len(shown.splitlines()) == 1


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [each for each in sys.modules if each.startswith("pymedplum_runtime.cli.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "typer", None)

    assert run_command(lambda: object, ["--version"]) == 2  # type: ignore[arg-type, return-value]
    assert "pip install 'pymedplum[cli]'" in capsys.readouterr().err
