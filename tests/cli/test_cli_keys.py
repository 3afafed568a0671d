"""keys and completion, as processes: what needs no server."""

import json
import os
import stat
import subprocess
import sys

from command_runs import BETWEEN_PIPES, Runner

PLAIN = {"NO_COLOR": "1"}
OFFLINE: dict[str, str | None] = {"MEDPLUM_BASE_URL": "http://127.0.0.1:9/", "NO_COLOR": "1"}


def test_a_key_pair_is_made_for_its_owner_alone(run: Runner) -> None:
    ran = run("keys", "new", "--algorithm", "ES384", "--out", "made", env=OFFLINE)

    private = run.folder / "made" / "private_key.pem"
    [public] = json.loads((run.folder / "made" / "private_key.jwks.json").read_text())["keys"]
    assert ran.code == 0, ran.err
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert "d" not in public
    assert public["kid"] in ran.out
    assert "made/private_key.jwks.json" in ran.out


@BETWEEN_PIPES
def test_a_key_is_not_overwritten(run: Runner) -> None:
    run("keys", "new", "--algorithm", "ES384", env=OFFLINE)
    before = (run.folder / "private_key.pem").read_bytes()

    assert run("keys", "new", "--algorithm", "ES384", env=OFFLINE).code == 2
    assert (run.folder / "private_key.pem").read_bytes() == before


def test_the_public_jwks_of_an_encrypted_key_can_be_printed(run: Runner) -> None:
    typed = [("Password for the key: ", "a long one"), ("The same again: ", "a long one")]
    run(
        "keys",
        "new",
        "--algorithm",
        "ES384",
        "--password-prompt",
        answers=typed[:1] if not run.is_terminal else typed,
    )
    pem = (run.folder / "private_key.pem").read_text()
    asked = [("Password of the key: ", "a long one")]

    ran = run("keys", "jwks", "private_key.pem", "--password-prompt", answers=asked, env=PLAIN)
    wrong = run(
        "keys", "jwks", "private_key.pem", "--password-prompt", answers=[(asked[0][0], "wrong")]
    )

    assert "ENCRYPTED" in pem
    assert [*json.loads(ran.out)] == ["keys"]
    assert '"d"' not in ran.out
    assert (wrong.code, wrong.out.strip()) == (2, "")


def test_completion_prints_the_script_of_a_shell(run: Runner) -> None:
    ran = run("completion", "bash", env=OFFLINE)

    assert (ran.code, ran.err) == (0, "")
    assert "_PYMEDPLUM_COMPLETE" in ran.out


@BETWEEN_PIPES
def test_bash_completes_with_its_script(run: Runner) -> None:
    program = run.folder / "pymedplum"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m pymedplum "$@"\n')
    program.chmod(0o700)
    asked = """source <(pymedplum completion bash)
    COMP_WORDS=(pymedplum search --f) COMP_CWORD=2
    _pymedplum_completion pymedplum
    echo "${COMPREPLY[@]}"
    """

    done = subprocess.run(
        ["/bin/bash", "-c", asked],
        env={**run.environment, "PATH": f"{run.folder}{os.pathsep}{run.environment['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("--format\n", "")


@BETWEEN_PIPES
def test_the_script_of_a_shell_gets_its_answers(run: Runner) -> None:
    asked = {
        "_PYMEDPLUM_COMPLETE": "complete_bash",
        "COMP_WORDS": "pymedplum se",
        "COMP_CWORD": "1",
    }

    assert run(env=asked).out.split() == ["search"]
