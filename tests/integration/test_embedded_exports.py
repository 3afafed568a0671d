"""Bulk export on the embedded server as the Bulk Data Access guide (STU 2) has it."""

from datetime import datetime, timezone
from typing import Any

import httpx
import pytest
from embedded_exports import Lines, ids_of, kick_off, lines_of, manifest_of
from embedded_requests import create, parameters, text_of

from tests.medplum_server.process import MedplumServer

LENIENT = {"Prefer": "respond-async, handling=lenient"}


@pytest.fixture
def guide(server: MedplumServer) -> MedplumServer:
    """A server of the guide's dialect whose exports are finished at the first poll."""
    server.control("config", {"exportDialect": "ig", "exportPolls": 0})
    return server


def exported(http: httpx.Client, path: str = "$export", body: object = None, **query: str) -> Lines:
    manifest = manifest_of(http, kick_off(http, path, body, **query))
    assert all(item["count"] == len(lines_of(item)) for item in manifest["output"])
    return [line for item in manifest["output"] for line in lines_of(item)]


def now() -> str:
    return datetime.now(timezone.utc).isoformat()


def observation_of(patient: dict[str, Any], status: str = "final") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": status,
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{patient['id']}"},
    }


def test_a_running_export_tells_its_progress(guide: MedplumServer, http: httpx.Client) -> None:
    guide.control("config", {"exportPolls": 3, "exportRetryAfter": 7})
    status = kick_off(http).headers["Content-Location"]
    seen = [http.get(status) for _ in range(3)]
    assert [response.headers["X-Progress"] for response in seen] == [
        "25% complete",
        "50% complete",
        "75% complete",
    ]
    assert {response.headers["Retry-After"] for response in seen} == {"7"}
    assert {(response.status_code, response.content) for response in seen} == {(202, b"")}
    assert http.get(status).status_code == 200


def test_a_failed_export_ends_in_500(guide: MedplumServer, http: httpx.Client) -> None:
    guide.control("config", {"exportFails": True})
    failed = http.get(kick_off(http).headers["Content-Location"])
    assert failed.status_code == 500
    assert failed.json()["resourceType"] == "OperationOutcome"


def test_a_cancelled_export_and_its_files_are_gone(
    guide: MedplumServer, http: httpx.Client
) -> None:
    create(http)
    kicked = kick_off(http)
    output = manifest_of(http, kicked)["output"]
    status = kicked.headers["Content-Location"]
    assert http.delete(status).status_code == 202
    assert http.get(status).status_code == 404
    assert http.delete(status).status_code == 404
    assert httpx.get(output[0]["url"], trust_env=False).status_code == 404
    assert guide.control("storage")["requests"][-1]["status"] == 404


@pytest.mark.parametrize(
    "query",
    [
        {"_unknown": "1"},
        {"_type": "Bogus"},
        {"_since": "yesterday"},
        {"_until": "2026"},
        {"_outputFormat": "text/csv"},
        {"_typeFilter": "Patient?bogus=1"},
        {"includeAssociatedData": "Everything"},
        {"patient": "Patient/1"},
    ],
)
def test_a_bad_parameter_is_refused_or_leniently_reported(
    guide: MedplumServer, http: httpx.Client, query: dict[str, str]
) -> None:
    assert guide.control("config")["exportDialect"] == "ig"
    refused = kick_off(http, **query)
    assert refused.status_code == 400
    lenient = http.get("fhir/R4/$export", params=query, headers=LENIENT)
    (error,) = manifest_of(http, lenient)["error"]
    assert error["type"] == "OperationOutcome"
    assert lines_of(error)[0]["issue"][0]["details"]["text"] == text_of(refused)


@pytest.mark.usefixtures("guide")
def test_the_kick_off_asks_for_an_asynchronous_answer(http: httpx.Client) -> None:
    assert http.get("fhir/R4/$export").status_code == 400


@pytest.mark.usefixtures("guide")
def test_since_and_until_bound_what_is_exported(http: httpx.Client) -> None:
    first = create(http)
    second = create(http)
    while second["meta"]["lastUpdated"] == first["meta"]["lastUpdated"]:
        second = create(http)
    late = ids_of(exported(http, _since=second["meta"]["lastUpdated"], _type="Patient"))
    assert late == {second["id"]}
    early = ids_of(exported(http, _until=first["meta"]["lastUpdated"], _type="Patient"))
    assert (first["id"] in early, second["id"] in early) == (True, False)


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize("level", ["$export", "Patient/$export"])
def test_deleted_files_hold_transactions_that_delete(http: httpx.Client, level: str) -> None:
    before = now()
    patients = [create(http) for _ in range(12)]
    for patient in patients:
        http.delete(f"fhir/R4/Patient/{patient['id']}").raise_for_status()
    (item,) = manifest_of(http, kick_off(http, level, _since=before))["deleted"]
    bundles = lines_of(item)
    assert (item["type"], item["count"]) == ("Bundle", len(bundles))
    assert {bundle["type"] for bundle in bundles} == {"transaction"}
    requests = [entry["request"] for bundle in bundles for entry in bundle["entry"]]
    assert {request["method"] for request in requests} == {"DELETE"}
    assert {request["url"] for request in requests} == {f"Patient/{p['id']}" for p in patients}
    assert manifest_of(http, kick_off(http, level))["deleted"] == []
    later = "2999-01-01T00:00:00Z"
    assert manifest_of(http, kick_off(http, level, _since=later))["deleted"] == []


@pytest.mark.usefixtures("guide")
def test_type_filters_narrow_their_type_alone(http: httpx.Client) -> None:
    patient = create(http)
    final = create(http, observation_of(patient))
    amended = create(http, observation_of(patient, "amended"))
    create(http, observation_of(patient, "registered"))
    lines = exported(
        http,
        _type="Patient,Observation",
        _typeFilter="Observation?status=final,Observation?status=amended",
    )
    found = ids_of([line for line in lines if line["resourceType"] == "Observation"])
    assert found == {final["id"], amended["id"]}
    assert patient["id"] in ids_of(lines)


@pytest.mark.usefixtures("guide")
def test_elements_leave_a_marked_part(http: httpx.Client) -> None:
    create(http, birthDate="1990-01-01", active=True)
    lines = exported(http, _type="Patient", _elements="Patient.birthDate,Observation.code")
    (line,) = [line for line in lines if "birthDate" in line]
    assert line.keys() == {"resourceType", "id", "meta", "birthDate"}
    assert line["meta"]["tag"][0]["code"] == "SUBSETTED"


@pytest.mark.usefixtures("guide")
def test_patients_and_associated_data_come_by_post(http: httpx.Client) -> None:
    wanted, other = create(http), create(http)
    observation = create(http, observation_of(wanted))
    create(http, observation_of(other))
    provenance = {
        "resourceType": "Provenance",
        "recorded": now(),
        "target": [{"reference": f"Observation/{observation['id']}"}],
        "agent": [{"who": {"display": "x"}}],
    }
    written = create(http, provenance)
    body = parameters(
        patient={"valueReference": {"reference": f"Patient/{wanted['id']}"}},
        includeAssociatedData={"valueCode": "RelevantProvenanceResources"},
        _type={"valueString": "Patient,Observation"},
    )
    found = ids_of(exported(http, "Patient/$export", body))
    assert found == {wanted["id"], observation["id"], written["id"]}
    assert kick_off(http, "$export", body).status_code == 400


@pytest.mark.usefixtures("guide")
def test_a_group_export_by_post_is_of_the_group_in_the_path(http: httpx.Client) -> None:
    patient = create(http)
    create(http)
    member = [{"entity": {"reference": f"Patient/{patient['id']}"}}]
    group = create(
        http, {"resourceType": "Group", "type": "person", "actual": True, "member": member}
    )
    body = parameters(_type={"valueString": "Patient"})
    assert ids_of(exported(http, f"Group/{group['id']}/$export", body)) == {patient["id"]}
