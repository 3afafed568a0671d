"""validate, as a process: what is wrong in files, where and by which rule, without a server."""

import gzip
import io
import json
import re
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from command_runs import BETWEEN_PIPES, Runner

from pymedplum_runtime.cli import resource_files

PLAIN = {"NO_COLOR": "1", "COLUMNS": "300"}
SECRET = "secretive"
TEXT = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}
GOOD = {"resourceType": "Patient", "text": TEXT, "gender": "female"}
BAD = {**GOOD, "gender": SECRET, "name": [{"family": SECRET}], "birthDate": SECRET}
DOUBTFUL = {"resourceType": "Patient", "gender": "female"}  # dom-6: no narrative
WEIGHT = {
    "resourceType": "Observation",
    "text": TEXT,
    "status": "final",
    "code": {"text": "weight"},
}
BMI = "http://hl7.org/fhir/StructureDefinition/bmi"


def write(run: Runner, name: str, *lines: Any) -> Path:
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    content = text.encode()
    file = run.folder / name
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return file


def rows(out: str) -> list[dict[str, str]]:
    """Read what a pipe gets."""
    lines = [line.split("\t") for line in out.splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]] if lines else []


def test_a_valid_resource_is_told_so(run: Runner) -> None:
    write(run, "patient.json", GOOD)

    ran = run("validate", "patient.json", env=PLAIN)

    assert (ran.code, ran.out) == (0, ""), ran.err
    assert ran.err.splitlines()[-1].endswith(
        "1 file, 1 resource: 0 errors, 0 warnings, 0 unchecked"
    )


def test_what_is_wrong_is_shown_with_its_place_and_never_its_value(run: Runner) -> None:
    write(run, "patients.ndjson", GOOD, "", BAD)

    ran = run("validate", "patients.ndjson", env=PLAIN)

    assert ran.code == 1
    assert SECRET not in ran.out + ran.err
    assert "Patient.gender" in ran.out
    assert "Patient.birthDate" in ran.out
    assert "1 file, 2 resources: 2 errors, 0 warnings" in ran.err
    assert "1 of 2 resources are invalid" in ran.err
    if run.is_terminal:
        assert "patients.ndjson, line 3: Patient" in ran.out
    else:
        found = rows(ran.out)
        assert {(row["source"], row["line"], row["severity"]) for row in found} == {
            ("patients.ndjson", "3", "error")
        }


def test_broken_lines_are_reported_with_their_place_and_the_rest_goes_on(run: Runner) -> None:
    write(run, "in.ndjson", f'{{"{SECRET}', GOOD, "[]", '{"resourceType": 1}', BAD)

    ran = run("validate", "in.ndjson", env=PLAIN)

    assert ran.code == 1
    assert SECRET not in ran.out + ran.err
    assert "5 resources: 5 errors" in ran.err
    if not run.is_terminal:
        places = [(row["line"], row["severity"]) for row in rows(ran.out)]
        assert places == [*((n, "fatal") for n in "134"), ("5", "error"), ("5", "error")]


@BETWEEN_PIPES
def test_json_over_several_lines_is_one_resource(run: Runner) -> None:
    write(run, "indented.json", "\ufeff" + json.dumps(BAD, indent=2))
    write(run, "broken.json", json.dumps(BAD, indent=2)[:-20])

    ran = run("validate", "indented.json", "broken.json", env=PLAIN)

    assert ran.code == 1
    assert SECRET not in ran.out + ran.err
    assert "2 files, 2 resources: 3 errors" in ran.err
    assert {row["line"] for row in rows(ran.out)} == {""}
    assert "1 of 1 resource is invalid" in run("validate", "indented.json", env=PLAIN).err


@BETWEEN_PIPES
def test_a_json_file_without_a_resource_is_not_valid(run: Runner) -> None:
    write(run, "empty.json")
    write(run, "empty.ndjson")

    ran = run("validate", "empty.ndjson", "empty.json", env=PLAIN)

    assert ran.code == 1
    assert [(row["source"], row["severity"]) for row in rows(ran.out)] == [("empty.json", "fatal")]


@BETWEEN_PIPES
@pytest.mark.parametrize("indent", [None, 2])
def test_stdin_is_read_as_json_or_ndjson(run: Runner, indent: int | None) -> None:
    ran = run("validate", "-", given=json.dumps(BAD, indent=indent) + "\n", env=PLAIN)

    assert ran.code == 1
    assert {row["source"] for row in rows(ran.out)} == {"stdin"}
    assert "1 resource: 2 errors" in ran.err


class Endless(io.RawIOBase):
    """The same lines, over and over."""

    def __init__(self, line: bytes) -> None:
        super().__init__()
        self._line, self._at = line, 0

    def read(self, size: int = -1, /) -> bytes:
        assert size >= 0, "read to an end that never comes"
        start = self._at % len(self._line)
        self._at += size
        return (self._line * (size // len(self._line) + 2))[start : start + size]


def test_ndjson_is_validated_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = f"{json.dumps(GOOD)}\nnonsense\n".encode()
    monkeypatch.setattr(resource_files, "stdin", lambda: Endless(lines))

    with closing(resource_files.checked(["-"], resource_files.Rules(), 1)) as results:
        first = list(islice(results, 4000))

    assert [each.line for each in first] == list(range(1, 4001))
    assert [bool(each.problem) for each in first] == [False, True] * 2000


@BETWEEN_PIPES
def test_a_folder_stands_for_its_files_and_compressed_ones_are_read(run: Runner) -> None:
    (run.folder / "export").mkdir()
    write(run, "export/a.ndjson.gz", BAD, GOOD)
    write(run, "export/b.json", GOOD)
    write(run, "export/notes.txt", SECRET)
    write(run, "export/package.json", {"name": SECRET})
    write(run, "export/.index.json", {"files": []})

    ran = run("validate", "export", env=PLAIN)

    assert ran.code == 1
    assert "2 files, 3 resources: 2 errors" in ran.err
    assert {row["source"] for row in rows(ran.out)} == {str(Path("export") / "a.ndjson.gz")}


@BETWEEN_PIPES
def test_a_damaged_file_is_reported_and_the_next_one_read(run: Runner) -> None:
    whole = write(run, "a.ndjson.gz", GOOD, GOOD).read_bytes()
    (run.folder / "a.ndjson.gz").write_bytes(whole[:-12])
    write(run, "b.ndjson", BAD)

    ran = run("validate", "a.ndjson.gz", "b.ndjson", env=PLAIN)

    assert ran.code == 1
    found = rows(ran.out)
    assert (found[0]["source"], found[0]["severity"]) == ("a.ndjson.gz", "fatal")
    assert {row["source"] for row in found[1:]} == {"b.ndjson"}


@BETWEEN_PIPES
def test_warnings_fail_where_they_are_to(run: Runner) -> None:
    write(run, "in.ndjson", DOUBTFUL, GOOD)

    lenient = run("validate", "in.ndjson", env=PLAIN)
    strict = run("validate", "in.ndjson", "--fail-on", "warning", env=PLAIN)

    assert (lenient.code, strict.code) == (0, 1)
    assert "0 errors, 1 warning" in lenient.err
    assert "1 of 2 resources have errors or warnings" in strict.err
    assert [row["rule"] for row in rows(strict.out)] == ["dom-6"]


@BETWEEN_PIPES
def test_json_output_is_an_outcome_for_each_resource_with_issues(run: Runner) -> None:
    write(run, "in.ndjson", GOOD, BAD, "nonsense")

    ran = run("validate", "in.ndjson", "--output", "json", env=PLAIN)

    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [(each["source"], each["line"]) for each in found] == [
        ("in.ndjson", 2),
        ("in.ndjson", 3),
    ]
    assert found[0]["resourceType"] == "Patient"
    issues = found[0]["outcome"]["issue"]
    assert [each["expression"] for each in issues if each["severity"] == "error"] == [
        ["Patient.gender"],
        ["Patient.birthDate"],
    ]
    assert found[1]["outcome"]["issue"][0]["severity"] == "fatal"
    assert (ran.code, SECRET in ran.out) == (1, False)


@BETWEEN_PIPES
def test_a_profile_is_applied_to_the_resources_of_its_type(run: Runner) -> None:
    write(run, "in.ndjson", GOOD, WEIGHT)

    plain = run("validate", "in.ndjson", env=PLAIN)
    profiled = run("validate", "in.ndjson", "--profile", BMI, env=PLAIN)

    assert (plain.code, profiled.code) == (0, 1)
    assert {(row["line"], row["type"]) for row in rows(profiled.out)} == {("2", "Observation")}


NAMED = {
    "resourceType": "StructureDefinition",
    "url": "https://profiles.example/named",
    "name": "Named",
    "status": "active",
    "kind": "resource",
    "abstract": False,
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "differential": {"element": [{"id": "Patient.name", "path": "Patient.name", "min": 1}]},
}


@BETWEEN_PIPES
def test_profiles_of_files_are_loaded_in_every_process(run: Runner) -> None:
    write(run, "named.json", NAMED)
    write(run, "in.ndjson", GOOD, {**GOOD, "name": [{"family": SECRET}]})
    options = ("--load", "named.json", "--profile", NAMED["url"], "--processes")

    for processes in "12":
        ran = run("validate", "in.ndjson", *options, processes, env=PLAIN)

        assert ran.code == 1, ran.err
        [row] = rows(ran.out)
        assert (row["line"], row["path"]) == ("1", "Patient.name")
        assert "Named" in row["rule"] or "named" in row["rule"]


@BETWEEN_PIPES
def test_a_profile_that_cannot_be_compiled_is_wrong_usage(run: Runner) -> None:
    broken = [{"id": "Patient.nmae", "path": "Patient.nmae", "min": 1}]
    write(run, "named.json", {**NAMED, "differential": {"element": broken}})
    write(run, "in.json", GOOD)

    ran = run("validate", "in.json", "--load", "named.json", env=PLAIN)

    assert (ran.code, ran.out) == (2, "")
    assert "Patient.nmae" in ran.err


@BETWEEN_PIPES
def test_several_processes_find_the_same_in_the_same_order(run: Runner) -> None:
    write(run, "in.ndjson", *[BAD, GOOD, "nonsense", DOUBTFUL] * 40)

    alone = run("validate", "in.ndjson", env=PLAIN)
    shared = run("validate", "in.ndjson", "--processes", "2", env=PLAIN)

    assert (shared.code, shared.out, shared.err) == (alone.code, alone.out, alone.err)
    assert len(rows(alone.out)) == 160


@BETWEEN_PIPES
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.json"], "no such file"),
        (["empty"], "holds no file"),
        (["-", "-"], "once"),
        (["in.json", "--profile", "http://example.org/none"], "http://example.org/none"),
        (["in.json", "--profile", "bmi"], f"did you mean '{BMI}'?"),
        (["in.json", "--profile", f"{BMI}s"], f"did you mean '{BMI}'?"),
        (
            ["in.json", "--profile", f"{BMI}|9"],
            "not known here in this version, only in version 4.0.1",
        ),
        (["in.json", "--load", "no_such_module"], "no_such_module"),
        (["in.json", "--load", "in.json"], "in.json: it holds no StructureDefinition"),
        (["in.json", "--level", "deep"], "--level"),
        (["in.json", "--level", "base", "--profile", BMI], "--level base leaves out"),
        (["in.json", "--processes", "0"], "--processes"),
        ([], "FILE"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_read(
    run: Runner, arguments: list[str], said: str
) -> None:
    (run.folder / "empty").mkdir()
    write(run, "in.json", BAD)

    ran = run("validate", *arguments, env=PLAIN)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


@BETWEEN_PIPES
def test_what_cannot_be_checked_is_counted_and_listed_on_request(run: Runner) -> None:
    codes = {"coding": [{"system": "http://snomed.info/sct", "code": "1"}]}
    profile = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-medicationrequest"
    request = {
        "resourceType": "MedicationRequest",
        "meta": {"profile": [profile]},
        "text": TEXT,
        "status": "active",
        "intent": "order",
        "reportedBoolean": False,
        "medicationCodeableConcept": codes,
        "subject": {"reference": "Patient/1"},
        "authoredOn": "2024-01-01",
        "requester": {"reference": "Patient/1"},
    }
    write(run, "in.json", request)

    counted = run("validate", "in.json", env=PLAIN)
    listed = run("validate", "in.json", "--unchecked", env=PLAIN)

    assert (counted.code, counted.out) == (0, "")
    unchecked = [row for row in rows(listed.out) if row["severity"] == "unchecked"]
    assert re.search(rf"\b{len(unchecked)} unchecked", counted.err)
    assert "MedicationRequest.medication" in {row["path"] for row in unchecked}


@BETWEEN_PIPES
def test_nothing_of_a_client_is_needed(run: Runner) -> None:
    write(run, "in.json", GOOD)
    nobody = {"MEDPLUM_CLIENT_ID": None, "MEDPLUM_CLIENT_SECRET": None, "MEDPLUM_BASE_URL": None}

    assert run("validate", "in.json", env={**PLAIN, **nobody}).code == 0
    assert run.server.control("requests") == []
