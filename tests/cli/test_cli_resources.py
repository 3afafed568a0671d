"""get, create, update, patch and delete, as processes."""

import json

import pytest
from command_runs import BETWEEN_PIPES, Runner

PATIENT = {
    "resourceType": "Patient",
    "id": "aaaaaaaa-0000-4000-8000-000000000001",
    "meta": {"versionId": "bbbbbbbb-0000-4000-8000-000000000001"},
    "name": [{"family": "Nørgård", "given": ["Åse"]}],
}
WHAT = f"Patient/{PATIENT['id']}"
OBSERVATION = """{"resourceType": "Observation", "status": "final", "code": {"text": "pH"},
 "valueQuantity": {"value": 7.40}}"""


@pytest.fixture(autouse=True)
def _stored(run: Runner) -> None:
    run.server.control("seed", {"resources": [PATIENT]})


def last_status(run: Runner) -> int:
    status: int = run.server.control("requests")[-1]["status"]
    return status


def test_get_writes_the_resource(run: Runner) -> None:
    ran = run("get", WHAT, env={"NO_COLOR": "1"})

    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["name"] == PATIENT["name"]
    assert "Nørgård" in ran.out
    assert len(ran.out.splitlines()) == 1 or run.is_terminal


def test_a_terminal_shows_colours_and_a_pipe_none(run: Runner) -> None:
    assert ("\x1b" in run("get", WHAT).out) == run.is_terminal


def test_no_color_is_honoured(run: Runner) -> None:
    assert "\x1b" not in run("get", WHAT, env={"NO_COLOR": "1"}).out


@BETWEEN_PIPES
def test_a_resource_that_is_not_there_ends_with_4(run: Runner) -> None:
    ran = run("get", "Patient/aaaaaaaa-0000-4000-8000-000000000009")

    assert (ran.code, ran.out) == (4, "")
    assert "404" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_create_stores_a_resource(run: Runner) -> None:
    ran = run("create", given=OBSERVATION, env={"NO_COLOR": "1"})

    assert (ran.code, ran.err) == (0, "")
    made = json.loads(ran.out)
    assert made["valueQuantity"] == {"value": 7.4}
    assert last_status(run) == 201


@BETWEEN_PIPES
def test_decimals_keep_their_digits(run: Runner) -> None:
    step = {"text": OBSERVATION, "type": "application/fhir+json", "path": "^fhir/R4/Observation"}
    run.server.control("script", step)

    assert "7.40" in run("get", "Observation/1", env={"NO_COLOR": "1"}).out


def test_control_characters_do_not_reach_a_terminal(run: Runner) -> None:
    text = '{"resourceType": "Basic", "text": {"div": "a\u009b31m\u202eb"}}'
    step = {"text": text, "type": "application/fhir+json", "path": "^fhir/R4/Basic"}
    run.server.control("script", step)

    out = run("get", "Basic/1", env={"NO_COLOR": "1"}).out

    assert ("\x9b" in out) != run.is_terminal
    assert json.loads(out)["text"]["div"] == "a\x9b31m\u202eb"


@BETWEEN_PIPES
def test_what_is_no_json_is_refused_without_being_quoted(run: Runner) -> None:
    ran = run("create", given='{"resourceType": "Patient", "name": Secretive}')

    assert (ran.code, ran.out) == (2, "")
    assert "Secretive" not in ran.err


def test_update_writes_what_was_read(run: Runner) -> None:
    read = json.loads(run("get", WHAT, env={"NO_COLOR": "1"}).out)

    ran = run("update", given=json.dumps({**read, "gender": "female"}), env={"NO_COLOR": "1"})

    assert ran.code == 0
    assert json.loads(ran.out)["gender"] == "female"


@BETWEEN_PIPES
def test_update_of_a_version_that_is_past_ends_with_6_unless_forced(run: Runner) -> None:
    stale = {**PATIENT, "meta": {"versionId": "cccccccc-0000-4000-8000-000000000001"}}

    assert run("update", given=json.dumps(stale)).code == 6
    assert run("update", "--force", given=json.dumps(stale)).code == 0


@BETWEEN_PIPES
def test_update_without_a_version_says_how_to_force_it(run: Runner) -> None:
    bare = {key: value for key, value in PATIENT.items() if key != "meta"}

    ran = run("update", given=json.dumps(bare))

    assert ran.code == 2
    assert "--force" in ran.err


def test_patch_changes_a_resource(run: Runner) -> None:
    operations = [{"op": "add", "path": "/gender", "value": "female"}]

    ran = run("patch", WHAT, given=json.dumps(operations), env={"NO_COLOR": "1"})

    assert ran.code == 0
    assert json.loads(ran.out)["gender"] == "female"


@BETWEEN_PIPES
def test_patch_takes_an_array_only(run: Runner) -> None:
    ran = run("patch", WHAT, given="{}")

    assert (ran.code, ran.out) == (2, "")
    assert "array" in ran.err


@BETWEEN_PIPES
def test_history_lists_versions_and_a_version_can_be_read(run: Runner) -> None:
    operations = [{"op": "add", "path": "/gender", "value": "female"}]
    run("patch", WHAT, given=json.dumps(operations))

    ran = run("get", WHAT, "--history")
    versions = [json.loads(line) for line in ran.out.splitlines()]
    first = run("get", WHAT, "--version", versions[1]["meta"]["versionId"], env={"NO_COLOR": "1"})

    assert [version.get("gender") for version in versions] == ["female", None]
    assert "gender" not in json.loads(first.out)


def test_delete_asks_in_a_terminal_and_needs_yes_in_a_pipe(run: Runner) -> None:
    refused = run("delete", WHAT, answers=[("[y/N]", "n")])

    assert refused.code == 1
    assert run.server.control("requests") == []
    ran = (
        run("delete", WHAT, answers=[("[y/N]", "y")])
        if run.is_terminal
        else run("delete", WHAT, "--yes")
    )
    assert (ran.code, last_status(run)) == (0, 200)
    assert ran.out.replace("y\r\n", "") == ""
