"""login, logout, whoami and profiles, as processes."""

import json
import stat
import sys
import threading
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket
from typing import Any

import httpx
import pytest
from command_runs import BETWEEN_PIPES, Runner

PLAIN = {"NO_COLOR": "1"}
NOBODY: dict[str, str | None] = {
    "MEDPLUM_CLIENT_ID": None,
    "MEDPLUM_CLIENT_SECRET": None,
    "MEDPLUM_BASE_URL": None,
    "NO_COLOR": "1",
}
NO_SECRET: dict[str, str | None] = {"MEDPLUM_CLIENT_SECRET": None, "NO_COLOR": "1"}
VISIT = """#!/bin/sh
"{python}" -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=10).read()' "$1" \
    > "$0.log" 2>&1 < /dev/null &
"""


def change_client(run: Runner, client_id: str, members: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {run.server.access_token()}"}
    with httpx.Client(base_url=run.server.base_url, headers=headers, trust_env=False) as http:
        path = f"fhir/R4/ClientApplication/{client_id}"
        stored = http.get(path).json()
        http.put(path, json={**stored, **members}).raise_for_status()


@pytest.fixture
def port(run: Runner) -> int:
    """Let the administrator sit at the browser; give the port that it may come back to."""
    with socket(AF_INET, SOCK_STREAM) as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
    run.server.control("config", {"authorizeAs": run.server.users["admin"]})
    uris = [f"http://127.0.0.1:{found}/callback"]
    change_client(run, run.server.client_id, {"redirectUris": uris})
    return found


@pytest.fixture
def browser(tmp_path: Path) -> str:
    script = tmp_path / "visit"
    script.write_text(VISIT.format(python=sys.executable))
    script.chmod(0o700)
    return f"{script} %s"


def test_whoami_shows_the_session(run: Runner) -> None:
    ran = run("whoami", env=PLAIN)

    assert (ran.code, ran.err) == (0, "")
    assert "Test Client" in ran.out
    if not run.is_terminal:
        assert json.loads(ran.out)["profile"] == f"ClientApplication/{run.server.client_id}"


def test_without_credentials_a_command_says_what_to_do(run: Runner) -> None:
    ran = run("whoami", env=NOBODY)

    assert (ran.code, ran.out) == (2, "")
    assert "pymedplum login" in ran.err


@BETWEEN_PIPES
def test_wrong_credentials_end_with_3(run: Runner) -> None:
    ran = run("whoami", env={"MEDPLUM_CLIENT_SECRET": "wrong-and-secret"})

    assert (ran.code, ran.out) == (3, "")
    assert "wrong-and-secret" not in ran.err


def test_a_service_signs_in_with_a_secret_that_is_typed_or_piped(run: Runner, config: Path) -> None:
    answers = [("Client secret: ", run.server.client_secret)]

    ran = run("login", "--client-credentials", answers=answers, env=NO_SECRET)

    assert (ran.code, ran.out.strip()) == (0, "")
    assert "signed in as Test Client" in ran.err
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert run("whoami", env=NOBODY).code == 0


@BETWEEN_PIPES
def test_a_secret_comes_from_a_file_that_others_cannot_read(run: Runner) -> None:
    file = run.folder / "secret"
    file.write_text(run.server.client_secret + "\n")
    file.chmod(0o600)

    assert run("--profile", "work", "login", "--secret-file", "secret", env=NO_SECRET).code == 0
    assert run("--profile", "work", "whoami", env=NOBODY).code == 0


def test_a_wrong_secret_is_not_kept(run: Runner, config: Path) -> None:
    answers = [("Client secret: ", "mistyped")]

    ran = run("login", "--client-credentials", answers=answers, env=NO_SECRET)

    assert ran.code == 3
    assert "mistyped" not in ran.err + ran.out
    assert not config.exists()


@BETWEEN_PIPES
def test_a_service_signs_in_with_a_key(run: Runner) -> None:
    run("keys", "new", "--algorithm", "ES384")
    keys = json.loads((run.folder / "private_key.jwks.json").read_text())["keys"]
    url = run.server.control("jwks", {"keys": keys})["url"]
    change_client(run, run.server.key_client_id, {"jwksUri": url})
    listed = ["--client-id", run.server.key_client_id, "--algorithm", "ES384"]

    ran = run("login", *listed, "--key", "private_key.pem", env=NO_SECRET)

    assert ran.code == 0, ran.err
    assert run("whoami", env=NOBODY).code == 0


def test_a_person_signs_in_in_the_browser_and_out_again(
    run: Runner, port: int, browser: str, config: Path
) -> None:
    signed_in = run("login", "--port", str(port), env={**NO_SECRET, "BROWSER": browser})
    tokens = config.parent / "tokens" / "default.json"

    assert (signed_in.code, signed_in.out) == (0, ""), signed_in.err
    assert "Ada Admin" in signed_in.err
    assert stat.S_IMODE(tokens.stat().st_mode) == 0o600
    assert "Ada" in run("whoami", env=NOBODY).out
    kept = json.loads(tokens.read_text())
    signed_out = run("logout")  # whatever the environment says
    assert (signed_out.code, signed_out.out) == (0, "")
    assert "has ended on the server" in signed_out.err
    assert not tokens.exists()
    assert run("whoami", env=NOBODY).code == 3
    assert kept["access_token"] not in signed_in.out + signed_in.err


@BETWEEN_PIPES
def test_the_address_can_be_shown_instead(run: Runner, port: int) -> None:
    def visit(_child: object, url: str) -> None:
        get = {"follow_redirects": True, "trust_env": False, "timeout": 10.0}
        threading.Thread(target=httpx.get, args=(url.strip(),), kwargs=get).start()

    listed = ["--port", str(port), "--no-browser"]
    ran = run("login", *listed, env=NO_SECRET, upon=(r"http://\S+authorize\S+\s", visit))

    assert (ran.code, ran.out) == (0, ""), ran.err
    assert run("whoami", env=NOBODY).code == 0


@BETWEEN_PIPES
def test_a_person_who_refuses_is_not_signed_in(
    run: Runner, port: int, browser: str, config: Path
) -> None:
    run.server.control("config", {"authorizeAs": "denied"})

    ran = run("login", "--port", str(port), env={**NO_SECRET, "BROWSER": browser})

    assert ran.code == 3
    assert not config.exists()


def test_profiles_are_listed_without_their_secrets(run: Runner, config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text(
        "[default]\nbase_url = https://one.example.com/\nclient_id = one\nclient_secret = hidden\n"
        "[work]\nbase_url = https://two.example.com/\nclient_id = two\nauth = login\n"
    )
    config.chmod(0o600)

    ran = run("--profile", "work", "profiles", env=NOBODY)

    assert (ran.code, ran.err) == (0, "")
    assert "work (in use)" in ran.out
    assert "https://one.example.com/" in ran.out
    assert "hidden" not in ran.out
