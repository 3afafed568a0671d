"""What makes no sense ends with 2, before anything is sent: in this process, since many are."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pymedplum.client import MedplumClient
from pymedplum_runtime.cli.main import run as run_command

Run = Callable[..., int]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the command in an empty folder; nothing listens where its server would be."""
    for name, text in {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "MEDPLUM_BASE_URL": "http://127.0.0.1:9/",
        "MEDPLUM_CLIENT_ID": "one",
        "MEDPLUM_CLIENT_SECRET": "hidden",
    }.items():
        monkeypatch.setenv(name, text)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, given: str = "") -> int:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        return run_command(lambda: MedplumClient, arguments)

    return run


@pytest.mark.parametrize(
    "line",
    [
        "get Patient",
        "get Patient/",
        "get Patient/1/2",
        "get /1",
        "get Patient/1 --history --version 1",
        "search Pat~ient",
        "search Patient family",
        "search Patient =x",
        "search Patient --all --limit 3",
        "operation no~such Patient",
        "operation match Patient --param count:=x",
        "operation match Patient --param count",
        "operation validate Patient --body x.json --method GET",
        "export out --level Nobody",
        "export out --type pat~ient",
        "export out --deadline 0",
        "import - in.ndjson",
        "login --key k.pem --client-credentials",
        "login --client-credentials --secret-file nowhere --key k.pem",
        "completion tcsh",
        "--base-url http://medplum.example.com/ whoami",
        "--timeout 0 whoami",
        "--profile nowhere whoami",
        "--nonsense",
    ],
)
def test_it_is_refused(command: Run, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(*line.split()) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err
    assert "hidden" not in shown.err


@pytest.mark.parametrize("content", ["{Secretive}", "[]", "{}", '{"resourceType": 1}', ""])
def test_what_is_no_resource_is_refused_and_not_quoted(
    command: Run, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("create", given=content) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Secretive" not in shown.err


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell"])
def test_there_is_a_script_for_every_shell(
    command: Run, shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("completion", shell) == 0
    assert "_PYMEDPLUM_COMPLETE" in capsys.readouterr().out


def test_a_browser_sign_in_needs_to_know_the_client(
    command: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MEDPLUM_CLIENT_ID")

    assert command("login") == 2
    assert "--client-id" in capsys.readouterr().err


def test_a_profile_that_others_can_read_is_refused(
    command: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config" / "pymedplum" / "config.ini"
    config.parent.mkdir(parents=True)
    config.write_text("[default]\nclient_id = one\nclient_secret = hidden\n")
    config.chmod(0o644)

    assert command("whoami") == 2
    assert "chmod 600" in capsys.readouterr().err


def test_a_file_with_a_secret_that_others_can_read_is_refused(
    command: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret").write_text("hidden")
    (tmp_path / "secret").chmod(0o644)

    assert command("login", "--secret-file", "secret") == 2
    assert "chmod 600" in capsys.readouterr().err


def test_no_password_makes_no_key(command: Run, tmp_path: Path) -> None:
    assert command("keys", "new", "--password-prompt", given="\n") == 2
    assert not (tmp_path / "private_key.pem").exists()


def test_what_is_no_key_is_refused_and_not_quoted(
    command: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key.pem").write_text("Secretive")

    assert command("keys", "jwks", "key.pem") == 2
    assert "Secretive" not in capsys.readouterr().err


def test_a_folder_keeps_the_export_that_it_holds(
    command: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "export.json").write_text("{}")

    assert command("export", ".") == 2
    assert "another folder" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", json.dumps({"status_url": "x", "asked": {}})])
def test_a_folder_in_which_another_export_was_begun_is_refused(
    command: Run, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".export.running").write_text(text)

    assert command("export", ".") == 2
    assert "another export" in capsys.readouterr().err
