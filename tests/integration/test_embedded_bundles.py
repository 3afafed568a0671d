"""Bundles, asynchronous work and limits on the embedded server behave as Medplum's."""

import json

import httpx
import pytest
from embedded_requests import (
    ASYNC,
    PATIENT,
    UNKNOWN_ID,
    bundle_of,
    create,
    entry_of,
    finish,
    statuses,
)

from tests.medplum_server.process import MedplumServer


def test_a_batch_answers_entry_by_entry(server: MedplumServer, http: httpx.Client) -> None:
    patient = create(http)
    batch = bundle_of(
        "batch",
        entry_of("GET", f"Patient/{patient['id']}"),
        entry_of("DELETE", f"Patient/{patient['id']}"),
        entry_of("POST", "Patient", PATIENT),
        entry_of("GET", f"{server.base_url}fhir/R4/Patient"),
        entry_of("GET", "Unknown"),
    )
    assert statuses(http.post("fhir/R4", json=batch)) == ["410", "200", "201", "404", "400"]
    assert http.post("fhir/R4", json=bundle_of("batch")).status_code == 400


def test_a_transaction_resolves_references_and_rolls_back(
    server: MedplumServer, http: httpx.Client
) -> None:
    urn = "urn:uuid:11111111-1111-4111-8111-111111111111"
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": urn},
    }
    patient = {**entry_of("POST", "Patient", PATIENT), "fullUrl": urn}
    good = bundle_of("transaction", patient, entry_of("POST", "Observation", observation))
    written = http.post("fhir/R4", json=good).json()["entry"]
    assert written[1]["resource"]["subject"]["reference"] == written[0]["response"]["location"]
    bad = bundle_of(
        "transaction",
        entry_of("POST", "Patient", PATIENT),
        entry_of("POST", "Observation", {"resourceType": "Observation"}),
    )
    assert http.post("fhir/R4", json=bad).status_code == 400
    assert len(http.get("fhir/R4/Patient").json()["entry"]) == 1
    server.control("config", {"transactions": False})
    assert statuses(http.post("fhir/R4", json=bad)) == ["201", "400"]


def test_throttled_entries_inside_a_batch(server: MedplumServer, http: httpx.Client) -> None:
    server.control("config", {"throttledEntries": 1})
    batch = bundle_of("batch", *[entry_of("POST", "Patient", PATIENT)] * 2)
    assert statuses(http.post("fhir/R4", json=batch)) == ["429", "201"]


def test_an_exhausted_limit_throttles_the_rest_of_a_batch(
    server: MedplumServer, http: httpx.Client
) -> None:
    server.control("config", {"limits": {"fhirInteractions": 250, "enforced": True}})
    batch = bundle_of("batch", *[entry_of("POST", "Patient", PATIENT)] * 4)
    assert statuses(http.post("fhir/R4", json=batch)) == ["201", "201", "429", "429"]


def test_graphql_reads_and_refuses(http: httpx.Client) -> None:
    patient = create(http)
    query = {"query": f'{{ Patient(id: "{patient["id"]}") {{ id }} }}'}
    assert http.post("fhir/R4/$graphql", json=query).json() == {
        "data": {"Patient": {"id": patient["id"]}}
    }
    missing = http.post(
        "fhir/R4/$graphql", json={"query": f'{{ Patient(id: "{UNKNOWN_ID}") {{ id }} }}'}
    )
    assert missing.status_code == 200
    assert missing.json()["errors"]
    assert http.post("fhir/R4/$graphql", json={"query": "{ Bogus }"}).status_code == 400


def test_an_asynchronous_batch_ends_with_its_results(
    server: MedplumServer, http: httpx.Client
) -> None:
    server.control("config", {"jobPolls": 2})
    batch = bundle_of("batch", entry_of("POST", "Patient", PATIENT))
    kicked = http.post("fhir/R4", json=batch, headers=ASYNC)
    location = kicked.headers["Content-Location"]
    assert kicked.json()["issue"][0]["diagnostics"] == location
    assert "Retry-After" not in kicked.headers
    for _ in range(2):
        running = http.get(location)
        assert (running.status_code, running.json()["status"]) == (202, "accepted")
    job = http.get(location).json()
    assert job["status"] == "completed"
    results = job["output"]["parameter"][0]["valueReference"]["reference"]
    assert statuses(http.get(f"fhir/R4/{results}")) == ["201"]


def test_prefer_is_compared_exactly(http: httpx.Client) -> None:
    batch = bundle_of("batch", entry_of("POST", "Patient", PATIENT))
    headers = {"Prefer": "respond-async, x"}
    assert http.post("fhir/R4", json=batch, headers=headers).status_code == 200


def test_an_asynchronous_transaction_is_refused(http: httpx.Client) -> None:
    bundle = bundle_of("transaction", entry_of("POST", "Patient", PATIENT))
    assert http.post("fhir/R4", json=bundle, headers=ASYNC).status_code == 400


@pytest.mark.parametrize("by_operation", [False, True])
def test_a_cancelled_job_stays_at_202(http: httpx.Client, by_operation: bool) -> None:  # noqa: FBT001
    batch = bundle_of("batch", entry_of("POST", "Patient", PATIENT))
    location = http.post("fhir/R4", json=batch, headers=ASYNC).headers["Content-Location"]
    if by_operation:
        job_id = location.split("/")[-2]
        assert http.post(f"fhir/R4/AsyncJob/{job_id}/$cancel").status_code == 200
    else:
        assert http.delete(location).status_code == 202
    for _ in range(3):
        answer = http.get(location)
        assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")


def test_a_failed_job_answers_200_with_its_error(server: MedplumServer, http: httpx.Client) -> None:
    server.control("config", {"jobFailure": True})
    patient = create(http)
    kicked = http.post(f"fhir/R4/Patient/{patient['id']}/$reindex", headers=ASYNC)
    job = finish(http, kicked)
    assert job["status"] == "error"
    assert job["output"]["parameter"][0]["resource"]["resourceType"] == "OperationOutcome"


def test_expunge_everything_runs_as_a_job(http: httpx.Client) -> None:
    patient = create(http)
    url = f"fhir/R4/Patient/{patient['id']}"
    finish(http, http.post(f"{url}/$expunge?everything=true"))
    assert http.get(url).status_code == 404


def test_bulk_export_gives_presigned_files_on_another_origin(
    server: MedplumServer, http: httpx.Client
) -> None:
    patient = create(http)
    member = {"entity": {"reference": f"Patient/{patient['id']}"}}
    group = {"resourceType": "Group", "type": "person", "actual": True, "member": [member]}
    group_id = create(http, group)["id"]
    create(http)
    server.control("config", {"exportPolls": 2})
    for path, count in (("$export", 2), ("Patient/$export", 2), (f"Group/{group_id}/$export", 1)):
        kicked = http.get(f"fhir/R4/{path}?_type=Patient", headers=ASYNC)
        assert kicked.status_code == 202
        location = kicked.headers["Content-Location"]
        for _ in range(2):
            running = http.get(location)
            assert (running.status_code, running.content) == (202, b"")
        manifest = http.get(location).json()
        assert manifest["requiresAccessToken"] is False
        (output,) = manifest["output"]
        assert output["url"].startswith(server.storage_url)
        lines = httpx.get(output["url"], trust_env=False).text.splitlines()
        assert len(lines) == count
    assert server.control("storage")["authorized"] is False
    http.get(output["url"])
    assert server.control("storage")["authorized"] is True
    assert httpx.get(output["url"].split("?")[0], trust_env=False).status_code == 401


def test_a_group_export_by_post_reads_the_id_from_the_body(http: httpx.Client) -> None:
    group = create(http, {"resourceType": "Group", "type": "person", "actual": True})
    url = f"fhir/R4/Group/{group['id']}/$export"
    assert http.post(url, json={}).status_code == 404
    assert http.post(url, json={"id": group["id"]}).status_code == 202


def test_a_cancelled_export_never_finishes(http: httpx.Client) -> None:
    location = http.get("fhir/R4/$export", headers=ASYNC).headers["Content-Location"]
    assert http.delete(location).status_code == 202
    assert {http.get(location).status_code for _ in range(4)} == {202}


def test_every_fhir_answer_tells_what_is_left(http: httpx.Client) -> None:
    for path in ("fhir/R4/Patient", "fhir/R4/Unknown"):
        requests, interactions = http.get(path).headers.get_list("RateLimit")
        assert requests.startswith('"requests";r=')
        assert interactions.startswith('"fhirInteractions";r=')


def test_interactions_cost_what_medplum_charges(http: httpx.Client) -> None:
    def left() -> int:
        header = http.get(f"fhir/R4/Patient/{patient['id']}").headers.get_list("RateLimit")[1]
        return int(header.split("r=")[1].split(";")[0])

    patient = create(http)
    url = f"fhir/R4/Patient/{patient['id']}"
    for method, path, cost in (
        ("GET", url, 1),
        ("GET", f"{url}/_history", 10),
        ("GET", "fhir/R4/Patient", 20),
        ("DELETE", url, 100),
    ):
        before = left()
        http.request(method, path)
        if method != "DELETE":
            assert before - left() == cost + 1


@pytest.mark.parametrize("reset", ["diagnostics", "extension"])
def test_an_enforced_limit_answers_429_without_retry_after(
    server: MedplumServer, http: httpx.Client, reset: str
) -> None:
    server.control("config", {"limits": {"requests": 1, "enforced": True, "reset": reset}})
    assert http.get("fhir/R4/Patient").status_code == 200
    refused = http.get("fhir/R4/Patient")
    assert refused.status_code == 429
    assert "Retry-After" not in refused.headers
    outcome = refused.json()
    if reset == "diagnostics":
        assert json.loads(outcome["issue"][0]["diagnostics"])["_msBeforeNext"] > 0
    else:
        assert outcome["extension"][0]["url"].endswith("/rate-limit-reset")
