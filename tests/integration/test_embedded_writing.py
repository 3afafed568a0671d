"""Writes, metadata and versions on the embedded server behave as Medplum's."""

import httpx
import pytest
from embedded_requests import (
    ASYNC,
    EXTENDED,
    PATIENT,
    UNKNOWN_ID,
    create,
    finish,
    parameters,
    text_of,
)

from tests.medplum_server.process import MedplumServer


def test_create_answers_with_location_and_etag(server: MedplumServer, http: httpx.Client) -> None:
    response = http.post("fhir/R4/Patient", json={**PATIENT, "id": UNKNOWN_ID})
    body = response.json()
    assert response.status_code == 201
    assert body["id"] != UNKNOWN_ID
    assert response.headers["Location"] == f"{server.base_url}fhir/R4/Patient/{body['id']}"
    assert response.headers["ETag"] == f'W/"{body["meta"]["versionId"]}"'


def test_an_update_that_changes_nothing_keeps_the_version(http: httpx.Client) -> None:
    patient = create(http)
    url = f"fhir/R4/Patient/{patient['id']}"
    version = patient["meta"]["versionId"]
    assert http.put(url, json=patient).json()["meta"]["versionId"] == version
    assert http.patch(url, json=[]).json()["meta"]["versionId"] == version
    changed = http.put(url, json={**patient, "active": True}).json()
    assert changed["meta"]["versionId"] != version


def test_delete_repeats_then_gone_then_revived(http: httpx.Client) -> None:
    patient = create(http)
    url = f"fhir/R4/Patient/{patient['id']}"
    for _ in range(2):
        response = http.delete(url)
        assert (response.status_code, response.json()["resourceType"]) == (200, "OperationOutcome")
    assert http.get(url).status_code == 410
    assert http.put(url, json=patient).status_code == 200
    assert http.get(url).status_code == 200


def test_a_stale_if_match_fails_an_update_unless_it_is_unquoted(http: httpx.Client) -> None:
    patient = create(http)
    url = f"fhir/R4/Patient/{patient['id']}"
    http.put(url, json={**patient, "active": True}).raise_for_status()
    old = patient["meta"]["versionId"]
    changed = {**patient, "active": False}
    assert http.put(url, json=changed, headers={"If-Match": f'W/"{old}"'}).status_code == 412
    assert http.put(url, json=changed, headers={"If-Match": old}).status_code == 200


def test_patch_ignores_if_match_and_a_test_guards_it(http: httpx.Client) -> None:
    patient = create(http)
    url = f"fhir/R4/Patient/{patient['id']}"
    add = {"op": "add", "path": "/active", "value": True}
    stale = {"If-Match": f'W/"{UNKNOWN_ID}"'}
    patched = http.patch(url, json=[add], headers=stale)
    assert patched.status_code == 200
    test = {"op": "test", "path": "/meta/versionId", "value": patient["meta"]["versionId"]}
    refused = http.patch(url, json=[test, {**add, "value": False}])
    assert refused.status_code == 400
    assert text_of(refused).startswith("Test failed: ")
    assert "id" not in refused.json()
    assert http.get(url).json() == patched.json()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", f"Patient/{UNKNOWN_ID}", {**PATIENT, "id": UNKNOWN_ID}, 404),
        ("PUT", "Patient/nope", {**PATIENT, "id": "nope"}, 400),
        ("GET", "Patient/nope", None, 404),
        ("GET", f"Patient/{UNKNOWN_ID}", None, 404),
        ("DELETE", f"Patient/{UNKNOWN_ID}", None, 404),
        ("GET", f"Unknown/{UNKNOWN_ID}", None, 400),
        ("GET", "Unknown", None, 400),
        ("POST", "Unknown", {"resourceType": "Unknown"}, 400),
        ("POST", "Patient", {"resourceType": "Observation"}, 400),
        ("POST", "Patient", {**PATIENT, "active": None}, 400),
        ("POST", "Patient", {**PATIENT, "bogus": 1}, 400),
        ("POST", "Observation", {"resourceType": "Observation"}, 400),
        ("PATCH", f"Patient/{UNKNOWN_ID}", {"op": "add"}, 400),
        ("HEAD", "Patient", None, 404),
    ],
)
def test_refusals_have_medplums_statuses(
    http: httpx.Client, method: str, path: str, body: object, status: int
) -> None:
    response = http.request(method, f"fhir/R4/{path}", json=body)
    assert response.status_code == status
    if method != "HEAD":
        outcome = response.json()
        assert outcome["extension"][0]["url"].endswith("/tracing")
        assert ("id" in outcome) == (status == 404)


@pytest.mark.parametrize("content", ["null", "{", ""])
def test_a_body_that_is_no_resource_is_a_400(http: httpx.Client, content: str) -> None:
    headers = {"Content-Type": "application/fhir+json"}
    assert http.post("fhir/R4/Patient", content=content, headers=headers).status_code == 400


def test_what_only_the_client_can_catch_is_accepted(http: httpx.Client) -> None:
    create(http, gender="bogus", meta={"profile": ["https://example.com/unknown"]})
    create(http, deceasedBoolean=True, deceasedDateTime="2020")


def test_a_body_over_a_megabyte_is_a_400(http: httpx.Client) -> None:
    response = http.post("fhir/R4/Patient", json={**PATIENT, "language": "x" * 1_100_000})
    assert (response.status_code, text_of(response)) == (400, "File too large")


def test_conditional_reads_answer_304_without_a_body(http: httpx.Client) -> None:
    patient = create(http)
    url = f"fhir/R4/Patient/{patient['id']}"
    etag, modified = (http.get(url).headers[name] for name in ("ETag", "Last-Modified"))
    for header in ({"If-None-Match": etag}, {"If-Modified-Since": modified}):
        response = http.get(url, headers=header)
        assert (response.status_code, response.content) == (304, b"")
    assert http.get(url, headers={"If-None-Match": 'W/"x"'}).status_code == 200


def test_conditional_writes(http: httpx.Client) -> None:
    one = {**PATIENT, "identifier": [{"system": "s", "value": "1"}]}
    condition = {"If-None-Exist": "identifier=s|1"}
    assert http.post("fhir/R4/Patient", json=one, headers=condition).status_code == 201
    assert http.post("fhir/R4/Patient", json=one, headers=condition).status_code == 200
    query = "fhir/R4/Patient?identifier=s|1"
    assert http.put(query, json={**one, "active": True}).json()["active"] is True
    patch = [{"op": "replace", "path": "/active", "value": False}]
    assert http.patch(query, json=patch).json()["active"] is False
    create(http, one)
    for method, body in (("PUT", one), ("PATCH", patch), ("DELETE", None)):
        assert http.request(method, query, json=body).status_code == 412
    assert http.post("fhir/R4/Patient", json=one, headers=condition).status_code == 412


def test_conflicts_answer_409_with_the_serialisation_code(
    server: MedplumServer, http: httpx.Client
) -> None:
    patient = create(http)
    server.control("config", {"conflicts": 1})
    url = f"fhir/R4/Patient/{patient['id']}"
    refused = http.put(url, json={**patient, "active": True})
    assert refused.status_code == 409
    assert refused.json()["issue"][0]["details"]["coding"][0]["code"] == "40001"
    assert http.put(url, json={**patient, "active": True}).status_code == 200


def test_return_minimal_empties_every_json_body(http: httpx.Client) -> None:
    minimal = {"Prefer": "return=minimal"}
    created = http.post("fhir/R4/Patient", json=PATIENT, headers=minimal)
    assert (created.status_code, created.content) == (201, b"")
    assert "Location" in created.headers
    assert http.get("fhir/R4/Patient", headers=minimal).content == b""
    assert http.get("fhir/R4/Unknown", headers=minimal).content == b""
    assert http.get("fhir/R4/Patient", headers={"Prefer": "return=minimal, x"}).content


def test_extended_mode_reveals_metadata(http: httpx.Client) -> None:
    patient = create(http)
    assert set(patient["meta"]) == {"versionId", "lastUpdated"}
    url = f"fhir/R4/Patient/{patient['id']}"
    meta = http.get(url, headers=EXTENDED).json()["meta"]
    assert {"author", "project", "compartment"} <= set(meta)
    assert {"reference": f"Patient/{patient['id']}"} in meta["compartment"]


def test_accounts_stay_visible_and_survive_an_update_without_meta(http: httpx.Client) -> None:
    account = {"reference": f"Organization/{UNKNOWN_ID}"}
    tags = [{"code": "x"}]
    patient = create(http, meta={"accounts": [account], "tag": tags})
    assert patient["meta"]["accounts"] == [account]
    del patient["meta"]
    updated = http.put(f"fhir/R4/Patient/{patient['id']}", json={**patient, "active": True}).json()
    assert updated["meta"]["accounts"] == [account]
    assert "tag" not in updated["meta"]
    found = http.get(f"fhir/R4/Patient?_compartment={account['reference']}").json()
    assert len(found["entry"]) == 1


def test_set_accounts_counts_the_updated_resources(http: httpx.Client) -> None:
    patient = create(http)
    create(
        http,
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "x"},
            "subject": {"reference": f"Patient/{patient['id']}"},
        },
    )
    account = {"reference": f"Organization/{UNKNOWN_ID}"}
    url = f"fhir/R4/Patient/{patient['id']}/$set-accounts"
    body = parameters(accounts={"valueReference": account})
    plain = http.post(url, json=body, headers=ASYNC)
    assert plain.status_code == 200
    assert plain.json()["parameter"] == [{"name": "resourcesUpdated", "valueInteger": 1}]
    body["parameter"].append({"name": "propagate", "valueBoolean": True})
    job = finish(http, http.post(url, json=body, headers=ASYNC))
    assert job["output"]["parameter"] == [{"name": "resourcesUpdated", "valueInteger": 2}]
    assert http.get("fhir/R4/Observation").json()["entry"][0]["resource"]["meta"]["accounts"]


def test_on_behalf_of_is_recorded_and_refused(server: MedplumServer, http: httpx.Client) -> None:
    def created_for(reference: str) -> httpx.Response:
        headers = {"X-Medplum-On-Behalf-Of": reference}
        return http.post("fhir/R4/Patient", json=PATIENT, headers=headers)

    expected = server.profiles["doctor"]
    for reference in (f"ProjectMembership/{server.membership_ids['doctor']}", expected):
        assert created_for(reference).json()["meta"]["onBehalfOf"]["reference"] == expected
    assert created_for(f"Practitioner/{UNKNOWN_ID}").status_code == 403
    assert created_for(f"ProjectMembership/{UNKNOWN_ID}").status_code == 404


def test_history_has_no_links_and_tombstones_without_resource(http: httpx.Client) -> None:
    patient = create(http)
    url = f"fhir/R4/Patient/{patient['id']}"
    http.put(url, json={**patient, "active": True})
    http.delete(url)
    history = http.get(f"{url}/_history").json()
    assert not {"link", "total"} & set(history)
    assert [entry["response"]["status"] for entry in history["entry"]] == ["410", "200", "200"]
    assert "resource" not in history["entry"][0]
    assert len(http.get(f"{url}/_history?_count=1&_offset=2").json()["entry"]) == 1
    assert http.get(f"{url}/_history/{patient['meta']['versionId']}").json() == patient
    assert http.get(f"{url}/_history/{UNKNOWN_ID}").status_code == 404
