"""The embedded server starts, stops, describes itself and serves what is not FHIR's."""

import subprocess
import sys
import time

import httpx
import pytest
from embedded_requests import token

from tests.medplum_server.process import MedplumServer, ServerError, start_server


def test_it_starts_beside_another_and_stops(server: MedplumServer) -> None:
    with start_server(config={"jobPolls": 7}) as other:
        assert other.base_url != server.base_url
        assert other.control("config")["jobPolls"] == 7
        url = other.base_url
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_a_port_in_use_is_an_error_with_the_reason(server: MedplumServer) -> None:
    port = int(server.base_url.rstrip("/").rpartition(":")[2])
    with pytest.raises(ServerError, match="EADDRINUSE"):
        start_server(port=port)


def test_the_module_runs_it_and_prints_the_credentials() -> None:
    command = [sys.executable, "-m", "tests.medplum_server"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        line = run.stdout.readline()
        assert httpx.get(f"{line.split()[-1]}healthcheck", trust_env=False).json()["ok"] is True
        assert "client id" in run.stdout.readline()
        run.kill()
    time.sleep(0.2)  # node ends when its stdin closes
    with pytest.raises(httpx.ConnectError):
        httpx.get(line.split()[-1], trust_env=False)


def test_connections_are_kept_alive(server: MedplumServer, http: httpx.Client) -> None:
    for _ in range(3):
        assert http.get("fhir/R4/Patient").headers["Connection"] == "keep-alive"
    assert server.control("counters")["total"] == 4


def test_unknown_paths_are_html(http: httpx.Client) -> None:
    response = http.get("nowhere")
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")


def test_the_server_describes_itself(http: httpx.Client) -> None:
    assert http.get("healthcheck").json()["ok"] is True
    assert len(http.get("openapi.json").json()["paths"]) == 4
    resources = {r["type"]: r for r in http.get("fhir/R4/metadata").json()["rest"][0]["resource"]}
    assert len(resources) > 140
    assert resources["Group"]["operation"][0]["name"] == "export"
    assert "identifier" in {p["name"] for p in resources["Patient"]["searchParam"]}


def test_the_project_is_administered(server: MedplumServer, http: httpx.Client) -> None:
    base = f"admin/projects/{server.project_id}"
    assert http.get(base).json()["project"]["name"] == "Test Project"
    person = {"resourceType": "Patient", "firstName": "A", "lastName": "B", "email": "a@b.example"}
    member = http.post(f"{base}/invite", json=person).json()
    assert member["resourceType"] == "ProjectMembership"
    url = f"{base}/members/{member['id']}"
    assert http.get(url).json()["id"] == member["id"]
    assert http.post(url, json={**member, "admin": True}).json()["admin"] is True
    assert http.delete(url).status_code == 200
    client = http.post(f"{base}/client", json={"name": "second"}).json()
    assert token(
        server,
        grant_type="client_credentials",
        client_id=client["id"],
        client_secret=client["secret"],
    ).is_success
    assert http.post(f"{base}/bot", json={"name": "b"}).json()["resourceType"] == "Bot"
    secrets = [{"name": "KEY", "valueString": "x"}]
    assert http.post(f"{base}/secrets", json=secrets).status_code == 200


def test_the_key_value_store_holds_text(http: httpx.Client) -> None:
    url = "keyvalue/v1/colour"
    plain = {"Content-Type": "text/plain"}
    assert http.get(url).status_code == 404
    assert http.put(url, content="blue", headers=plain).status_code == 204
    assert http.get(url).text == "blue"
    assert http.delete(url).status_code == 204
    assert http.get(url).status_code == 404


def test_mail_is_kept_for_the_test_to_see(server: MedplumServer, http: httpx.Client) -> None:
    mail = {"to": "a@b.example", "subject": "Hello", "text": "x"}
    assert http.post("email/v1/send", json=mail).status_code == 200
    assert server.control("mails") == [mail]
    assert http.get("cds-services").json() == {"services": []}
