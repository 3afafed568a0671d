"""How the command ends where things go wrong, and what holds for all commands."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from command_runs import BETWEEN_PIPES, Runner

from pymedplum.client import MedplumClient
from pymedplum_runtime import errors
from pymedplum_runtime.cli.client import Invocation
from pymedplum_runtime.cli.exits import ExitCode, UsageError, code_of, explanation, is_refusal
from pymedplum_runtime.cli.main import run as run_command
from pymedplum_runtime.cli.screen import without_control

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


@BETWEEN_PIPES
def test_a_command_that_is_none_is_wrong_usage(run: Runner) -> None:
    ran = run("serach", "Patient")

    assert (ran.code, ran.out) == (2, "")


@BETWEEN_PIPES
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
@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("create <&-", 2, b"pymedplum: stdin is closed, so there is nothing to read\n"),
        ("--version >&-", 1, b"pymedplum: stdout is closed, so the result went nowhere\n"),
        ("get Patient 2>&-", 2, b""),
    ],
)
def test_a_stream_that_is_closed_is_no_bug(run: Runner, line: str, code: int, said: bytes) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m pymedplum {line}"],
        env=run.environment,
        cwd=run.folder,
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (code, b"", said)


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


def _refuse() -> object:
    with MedplumClient("http://127.0.0.1:9/", access_token="x") as client:
        return client.read_resource("Pat~ient", "1")


@pytest.mark.parametrize(
    ("call", "is_one"),
    [
        (_refuse, True),
        (lambda: int("Secretive"), False),
        (lambda: without_control(1), False),  # type: ignore[arg-type]
    ],
)
def test_what_the_runtime_raises_is_a_refusal_and_what_breaks_in_it_is_none(
    call: Callable[[], object],
    is_one: bool,  # noqa: FBT001 - parametrised
) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        call()

    assert is_refusal(raised.value) is is_one


@BETWEEN_PIPES
def test_what_is_refused_is_wrong_usage_until_something_was_sent(run: Runner) -> None:
    invocation = Invocation(lambda: MedplumClient, options={"base_url": run.server.base_url})
    with pytest.raises(UsageError, match="resource_type"), invocation.checked():
        _refuse()

    client = MedplumClient(access_token="x", **invocation.options)
    with client, pytest.raises(errors.AuthenticationError):
        client.get("auth/me")
    with pytest.raises(ValueError, match="resource_type"), invocation.checked():
        _refuse()


def test_a_type_that_the_server_does_not_know_is_wrong_usage(run: Runner) -> None:
    ran = run("capabilities", "Pateint")

    assert (ran.code, ran.out) == (2, "")
    assert "did you mean 'Patient'" in ran.err


def test_a_bug_is_one_line_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> type:
        raise ZeroDivisionError("Secretive")

    assert run_command(broken, ["get", "Patient/1"]) == 70  # type: ignore[arg-type]
    shown = capsys.readouterr().err
    assert "ZeroDivisionError" in shown
    assert "Secretive" not in shown
    assert len(shown.splitlines()) == 1


def test_ctrl_c_before_a_command_begins_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pymedplum_runtime.cli.app.command", interrupted)

    assert run_command(lambda: MedplumClient, ["whoami"]) == ExitCode.INTERRUPTED


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [each for each in sys.modules if each.startswith("pymedplum_runtime.cli.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "typer", None)

    assert run_command(lambda: object, ["--version"]) == 2  # type: ignore[arg-type, return-value]
    assert "pip install 'pymedplum[cli]'" in capsys.readouterr().err
