"""graphql, operation and capabilities, as processes."""

import json

import pytest
from command_runs import BETWEEN_PIPES, Runner

PLAIN = {"NO_COLOR": "1"}
PATIENT = {
    "resourceType": "Patient",
    "id": "aaaaaaaa-0000-4000-8000-000000000001",
    "name": [{"family": "Graph"}],
}


@pytest.fixture(autouse=True)
def _stored(run: Runner) -> None:
    run.server.control("seed", {"resources": [PATIENT]})


def test_graphql_answers_a_query(run: Runner) -> None:
    ran = run("graphql", given='{ PatientList(name: "Graph") { id } }', env=PLAIN)

    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == {"data": {"PatientList": [{"id": PATIENT["id"]}]}}


@BETWEEN_PIPES
def test_graphql_takes_variables_from_a_file(run: Runner) -> None:
    (run.folder / "variables.json").write_text(json.dumps({"who": PATIENT["id"]}))
    query = "query ($who: ID!) { Patient(id: $who) { id } }"

    ran = run("graphql", "--variables", "variables.json", given=query, env=PLAIN)

    assert json.loads(ran.out) == {"data": {"Patient": {"id": PATIENT["id"]}}}


@BETWEEN_PIPES
def test_errors_of_fields_are_in_the_result_and_end_with_1(run: Runner) -> None:
    query = '{ Patient(id: "aaaaaaaa-0000-4000-8000-000000000009") { id } }'

    ran = run("graphql", given=query, env=PLAIN)

    assert ran.code == 1
    assert json.loads(ran.out)["errors"]


def test_an_operation_runs_by_get(run: Runner) -> None:
    what = f"Patient/{PATIENT['id']}"

    ran = run("operation", "everything", what, "--method", "GET", env=PLAIN)

    assert json.loads(ran.out)["resourceType"] == "Bundle"


def test_an_operation_takes_parameters(run: Runner) -> None:
    step = {"json": {"resourceType": "Parameters"}, "path": "Patient/.match"}
    run.server.control("script", step)
    listed = ["--param", "name=Ann", "--param", "count:=2", "--param", "name=Bob"]

    ran = run("operation", "$match", "Patient", *listed, env=PLAIN)

    assert (ran.code, json.loads(ran.out)) == (0, {"resourceType": "Parameters"})


@BETWEEN_PIPES
def test_an_operation_takes_a_body(run: Runner) -> None:
    (run.folder / "body.json").write_text(json.dumps(PATIENT))

    ran = run("operation", "$validate", "Patient", "--body", "body.json", env=PLAIN)

    assert json.loads(ran.out)["resourceType"] == "OperationOutcome"


def test_capabilities_lists_the_types(run: Runner) -> None:
    ran = run("capabilities")

    assert (ran.code, ran.err) == (0, "")
    assert "Patient" in ran.out
    assert "search-type" in ran.out


@BETWEEN_PIPES
def test_capabilities_of_a_type_can_be_had_as_table_and_as_json(run: Runner) -> None:
    table = run("capabilities", "Patient")
    statement = run("capabilities", "Patient", "--format", "json", env=PLAIN)

    assert "birthdate" in table.out
    assert json.loads(statement.out)["type"] == "Patient"
