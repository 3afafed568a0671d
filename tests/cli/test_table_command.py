"""table, as a process: rows and Parquet from files, by ready views and by those of users."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from command_runs import Runner

PLAIN = {"NO_COLOR": "1", "COLUMNS": "300"}
SECRET = "secretive"
PATIENT = {"resourceType": "Patient", "id": "ada", "birthDate": "1815-12-10"}
PRESSURE = {
    "resourceType": "Observation",
    "id": "bp",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
    "subject": {"reference": "Patient/ada"},
    "effectiveDateTime": "2024-05-01T09:30:00",
    "component": [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
            "valueQuantity": {"value": 120.5, "unit": "mmHg"},
        }
    ],
}
VIEW = {
    "resourceType": "ViewDefinition",
    "name": "births",
    "resource": "Patient",
    "status": "active",
    "select": [{"column": [{"name": "id", "path": "id"}, {"name": "born", "path": "birthDate"}]}],
}


def write(run: Runner, name: str, *lines: Any) -> Path:
    file = run.folder / name
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("\n".join(texts))
    return file


def test_a_ready_view_gives_rows_as_json_lines(run: Runner) -> None:
    write(run, "mixed.ndjson", PATIENT, PRESSURE)

    ran = run("table", "blood_pressures", "mixed.ndjson", env=PLAIN)

    assert ran.code == 0, ran.err
    (row,) = map(json.loads, ran.out.splitlines())
    assert row["patient_id"] == "ada"
    assert row["systolic"] == 120.5
    assert row["diastolic"] is None


def test_a_view_of_ones_own_becomes_parquet(run: Runner) -> None:
    write(run, "patients.ndjson", PATIENT)
    write(run, "births.json", VIEW)

    ran = run("table", "births.json", "patients.ndjson", "--output", "births.parquet", env=PLAIN)

    assert ran.code == 0, ran.err
    assert "births.parquet: 1 row" in ran.err
    (row,) = pq.read_table(run.folder / "births.parquet").to_pylist()
    assert (row["id"], row["born"], row["born_precision"]) == ("ada", "1815-12-10", "day")


def test_a_zone_makes_instants_of_times_that_name_none(run: Runner) -> None:
    write(run, "pressures.ndjson", PRESSURE)
    asked = ("table", "blood_pressures", "pressures.ndjson", "--output", "bp.parquet")

    ran = run(*asked, "--default-zone", "Europe/Berlin", env=PLAIN)

    assert ran.code == 0, ran.err
    (row,) = pq.read_table(run.folder / "bp.parquet").to_pylist()
    assert row["effective_utc"].isoformat() == "2024-05-01T07:30:00+00:00"


def test_everything_that_is_wrong_with_a_view_is_told(run: Runner) -> None:
    columns = [{"name": "a", "path": "nmae"}, {"name": "b", "path": "brithDate"}]
    write(run, "wrong.json", {**VIEW, "select": [{"column": columns}]})

    ran = run("table", "wrong.json", "nothing.ndjson", env=PLAIN)

    assert ran.code == 2
    assert "nmae" in ran.err
    assert "brithDate" in ran.err


def test_a_misspelt_ready_view_is_suggested(run: Runner) -> None:
    ran = run("table", "blood_presures", "nothing.ndjson", env=PLAIN)

    assert ran.code == 2
    assert "did you mean 'blood_pressures'?" in ran.err


def test_a_broken_line_ends_the_command_and_leaves_no_file(run: Runner) -> None:
    write(run, "patients.ndjson", PATIENT, f'{{"resourceType":"Patient","id":"{SECRET}"')

    ran = run("table", "patients", "patients.ndjson", "-o", "patients.parquet", env=PLAIN)

    assert ran.code == 1
    assert "patients.ndjson, line 2" in ran.err
    assert SECRET not in ran.err
    assert not (run.folder / "patients.parquet").exists()


def test_broken_lines_can_be_left_out_and_are_named(run: Runner) -> None:
    write(run, "patients.ndjson", PATIENT, "{", {**PATIENT, "id": "eve"})

    ran = run("table", "patients", "patients.ndjson", "--skip-errors", env=PLAIN)

    assert ran.code == 1
    assert [json.loads(line)["id"] for line in ran.out.splitlines()] == ["ada", "eve"]
    assert "patients.ndjson, line 2" in ran.err


def test_an_unknown_zone_is_refused(run: Runner) -> None:
    ran = run("table", "patients", "nothing.ndjson", "--default-zone", "Mars/Olympus", env=PLAIN)

    assert ran.code == 2
    assert "is no time zone" in ran.err


def test_a_missing_file_is_named(run: Runner) -> None:
    ran = run("table", "patients", "missing.ndjson", env=PLAIN)

    assert ran.code == 1
    assert "missing.ndjson" in ran.err
