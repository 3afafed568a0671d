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
        "search Patient --columns id,,name",
        "search Patient --columns ,",
        "search Patient --format json --columns id",
        "operation no~such Patient",
        "operation match Patient --param count:=x",
        "operation match Patient --param count",
        "operation validate Patient --body x.json --method GET",
        "export out --level Nobody",
        "export out --type pat~ient",
        "export out --deadline 0",
        "export out --deadline inf",
        "import - in.ndjson",
        "login --key k.pem --client-credentials",
        "login --client-credentials --secret-file nowhere --key k.pem",
        "completion tcsh",
        "--base-url http://medplum.example.com/ whoami",
        "--timeout 0 whoami",
        "--timeout inf whoami",
        "--profile nowhere whoami",
        "--profile nowhere logout",
        "--nonsense",
    ],
)
def test_it_is_refused(command: Run, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(*line.split()) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err
    assert "hidden" not in shown.err


@pytest.mark.parametrize("option", ["--profile", "--on-behalf-of", "--base-url"])
def test_an_empty_option_is_not_taken_for_none(command: Run, option: str) -> None:
    assert command(option, "", "get", "Patient/1") == 2


@pytest.mark.parametrize("content", ["", " \n", "\ufeff"])
def test_nothing_to_read_is_told(
    command: Run, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("create", given=content) == 2
    assert capsys.readouterr().err == "pymedplum: stdin: there is nothing in it\n"


def test_http_is_refused_with_a_word_on_how_to_allow_it(
    command: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--base-url", "http://medplum.example.com/", "whoami") == 2
    assert "MEDPLUM_ALLOW_INSECURE_HTTP=true" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["{Secretive}", "[]", "{}", '{"resourceType": 1}', ""])
def test_what_is_no_resource_is_refused_and_not_quoted(
    command: Run, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("create", given=content) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Secretive" not in shown.err


def test_the_examples_of_a_command_stand_in_lines(
    command: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("operation", "--help") == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    at = lines.index("Examples:")
    assert len(lines[at + 1 :]) == 3
    assert all(line.startswith("pymedplum operation ") for line in lines[at + 1 :])


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


def test_a_file_with_a_secret_that_is_no_text_is_refused(
    command: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe")
    (tmp_path / "secret").chmod(0o600)

    assert command("login", "--secret-file", "secret") == 2
    assert "UTF-8" in capsys.readouterr().err


def test_a_folder_holds_no_secret(
    command: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secrets").mkdir(mode=0o755)

    assert command("login", "--secret-file", "secrets") == 1
    assert capsys.readouterr().err == "pymedplum: secrets: Is a directory\n"


def test_a_key_makes_the_folder_that_it_goes_into(command: Run, tmp_path: Path) -> None:
    assert command("keys", "new", "--algorithm", "ES256", "--out", "new/service.pem") == 0
    assert (tmp_path / "new" / "service.pem").exists()


def test_a_key_that_is_refused_leaves_no_folder(command: Run, tmp_path: Path) -> None:
    assert command("keys", "new", "--key-id", "", "--out", "new") == 2
    assert not (tmp_path / "new").exists()


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


def test_another_export_is_not_attached_where_one_was_begun(
    command: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = json.dumps({"status_url": "http://127.0.0.1:9/one", "asked": {}})
    (tmp_path / ".export.running").write_text(begun)

    assert command("export", ".", "--attach", "http://127.0.0.1:9/two") == 2
    assert "another export" in capsys.readouterr().err
    assert (tmp_path / ".export.running").read_text() == begun


def test_parameters_of_an_operation_are_texts_or_json() -> None:
    asked: list[object] = []

    class Client:
        @classmethod
        def from_env(cls, *_: object, **__: object) -> "Client":
            return cls()

        def execute_operation(self, *arguments: object, **options: object) -> None:
            asked.extend([arguments, options])

        def close(self) -> None:
            pass

    given = ("name=Ann", "count:=2", "name=Bob", "url=http://x/?a=b")
    line = ["operation", "$match", "Patient/1", *(f"--param={each}" for each in given)]

    assert run_command(lambda: Client, line) == 0  # type: ignore[arg-type, return-value]
    values = {"name": ["Ann", "Bob"], "count": 2, "url": "http://x/?a=b"}
    assert asked == [
        ("Patient", "$match", "1", values),
        {"method": "POST", "wrap_params": True},
    ]
