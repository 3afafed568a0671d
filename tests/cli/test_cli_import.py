"""import, as a process: each resource once, and a list of what failed."""

import json
from typing import Any

import httpx
from command_runs import Runner, interrupt

PLAIN = {"NO_COLOR": "1", "COLUMNS": "300"}
PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"family": "Loaded"}]}
OBSERVATION = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"text": "weight"},
    "subject": {"reference": "Patient/p"},
}


def write(run: Runner, *lines: Any) -> str:
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    (run.folder / "in.ndjson").write_text(text)
    return text


def loaded(run: Runner, resource_type: str) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {run.server.access_token()}"}
    url = f"{run.server.base_url}fhir/R4/{resource_type}"
    bundle = httpx.get(url, headers=headers, trust_env=False).json()
    return [entry["resource"] for entry in bundle.get("entry", [])]


def test_resources_are_stored_once_with_their_references(run: Runner) -> None:
    write(run, OBSERVATION, PATIENT)

    first = run("import", "in.ndjson", "--journal", "journal", env=PLAIN)
    again = run("import", "in.ndjson", "--journal", "journal", env=PLAIN)

    assert (first.code, first.out, again.code) == (0, "", 0), first.err
    assert "2 created" in first.err
    [patient], [observation] = loaded(run, "Patient"), loaded(run, "Observation")
    assert observation["subject"]["reference"] == f"Patient/{patient['id']}"
    if not run.is_terminal:
        assert "resources: 2 of 2" in first.err


def test_stdin_can_be_imported(run: Runner) -> None:
    content = write(run, PATIENT)
    if run.is_terminal:
        ran = run("import", "in.ndjson", env=PLAIN)
    else:
        ran = run("import", "-", given=content, env=PLAIN)

    assert ran.code == 0, ran.err
    assert len(loaded(run, "Patient")) == 1


def test_a_line_that_is_no_resource_stops_the_import_before_it_begins(run: Runner) -> None:
    write(run, PATIENT, "secretive nonsense")

    ran = run("import", "in.ndjson", env=PLAIN)

    assert (ran.code, ran.out) == (1, "")
    assert "in.ndjson, line 2" in ran.err
    assert "secretive" not in ran.err
    assert loaded(run, "Patient") == []


def test_what_failed_is_listed(run: Runner) -> None:
    write(run, PATIENT, {"resourceType": "Patient", "birthDate": "secretive"}, "{}")

    ran = run("import", "in.ndjson", "--skip-bad-lines", env=PLAIN)

    assert ran.code == 1
    assert "1 created" in ran.err
    assert "secretive" not in ran.out + ran.err
    assert len(loaded(run, "Patient")) == 1
    if not run.is_terminal:
        rows = [line.split("\t") for line in ran.out.splitlines()]
        assert [row[1] for row in rows] == ["line", "2", "3"]


def test_an_interrupted_import_goes_on_with_the_same_command(run: Runner) -> None:
    write(run, *({**PATIENT, "id": f"p{n}"} for n in range(300)))
    run.server.control("faults", {"kinds": ["slow"], "slow": 300, "method": "POST"})
    command = ("import", "in.ndjson", "--journal", "journal")
    begun = "50/300" if run.is_terminal else "50 of 300"

    stopped = run(*command, env=PLAIN, upon=(begun, interrupt))
    run.server.control("faults", method="DELETE")
    again = run(*command, env=PLAIN)

    assert stopped.code == 130
    assert "interrupted: what is stored stays; the same command goes on" in stopped.err
    assert again.code == 0, again.err
    assert "300 created" in again.err
    assert (
        len({each["meta"]["tag"][0]["code"] for each in loaded(run, "Patient?_count=1000")}) == 300
    )
