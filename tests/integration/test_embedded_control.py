"""A test can steer the embedded server: faults, scripts, tokens, counters."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from embedded_requests import PATIENT, create, token

from tests.medplum_server.process import MedplumServer, ServerError


def test_a_reset_forgets_everything(server: MedplumServer, http: httpx.Client) -> None:
    create(http)
    server.control("faults", {"kinds": ["500"]})
    server.control("config", {"jobPolls": 5})
    server.reset()
    assert http.get("fhir/R4/Patient").status_code == 401
    headers = {"Authorization": f"Bearer {server.access_token()}"}
    assert "entry" not in http.get("fhir/R4/Patient", headers=headers).json()
    assert server.control("config")["jobPolls"] == 1


def count_patients(server: MedplumServer, http: httpx.Client) -> int:
    server.control("faults", method="DELETE")
    return int(http.get("fhir/R4/Patient?_total=accurate").json()["total"])


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("drop", 0),
        ("drop-before", 0),
        ("drop-after", 1),
        ("reset-headers-before", 0),
        ("reset-headers-after", 1),
        ("truncate-body", 1),
    ],
)
def test_broken_connections(
    server: MedplumServer, http: httpx.Client, kind: str, written: int
) -> None:
    server.control("faults", {"kinds": [kind], "times": 1})
    with pytest.raises(httpx.TransportError):
        http.post("fhir/R4/Patient", json=PATIENT)
    assert count_patients(server, http) == written


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("kind", "status"),
    [("429", 429), ("500", 500), ("502", 502), ("503", 503), ("504", 504), ("empty-error", 500)],
)
def test_error_answers(
    server: MedplumServer, http: httpx.Client, kind: str, status: int, when: str
) -> None:
    server.control("faults", {"kinds": [f"{kind}-{when}"], "times": 1})
    assert http.post("fhir/R4/Patient", json=PATIENT).status_code == status
    assert count_patients(server, http) == (when == "after")


def test_slow_answers_and_silence(server: MedplumServer, http: httpx.Client) -> None:
    server.control("faults", {"kinds": ["slow"], "times": 1, "slow": 80})
    started = time.monotonic()
    assert http.get("fhir/R4/Patient").status_code == 200
    assert time.monotonic() - started >= 0.08
    server.control("faults", {"kinds": ["hang"], "times": 1})
    with pytest.raises(httpx.ReadTimeout):
        http.get("fhir/R4/Patient", timeout=0.1)


def test_the_same_seed_gives_the_same_faults(server: MedplumServer, http: httpx.Client) -> None:
    def run() -> list[int]:
        faults = {"seed": 7, "rate": 0.5, "kinds": ["500", "503", "html-error"]}
        server.control("faults", faults)
        return [http.get("fhir/R4/Patient").status_code for _ in range(20)]

    first = run()
    assert run() == first
    assert {200, 500, 503} == set(first)


def test_faults_can_be_aimed(server: MedplumServer, http: httpx.Client) -> None:
    server.control("faults", {"kinds": ["503"], "method": "POST", "path": "^fhir/R4/Patient$"})
    assert http.get("fhir/R4/Patient").status_code == 200
    assert http.post("fhir/R4/Patient", json=PATIENT).status_code == 503
    create(http, {"resourceType": "Organization", "name": "x"})


def test_an_unknown_fault_is_refused(server: MedplumServer) -> None:
    with pytest.raises(ServerError, match="bogus"):
        server.control("faults", {"kinds": ["bogus"]})


def test_answers_can_be_scripted(server: MedplumServer, http: httpx.Client) -> None:
    steps = [
        {"status": 418, "json": {"a": 1}, "headers": {"X-Test": "1"}, "path": "^fhir/"},
        {"drop": True, "commit": True, "method": "POST"},
    ]
    server.control("script", steps)
    first = http.get("fhir/R4/Patient")
    assert (first.status_code, first.json(), first.headers["X-Test"]) == (418, {"a": 1}, "1")
    assert "entry" not in http.get("fhir/R4/Patient").json()
    with pytest.raises(httpx.TransportError):
        http.post("fhir/R4/Patient", json=PATIENT)
    assert len(http.get("fhir/R4/Patient").json()["entry"]) == 1


@pytest.mark.parametrize("kind", ["500", "html-ok", "incomplete-json", "empty-object", "slow"])
def test_the_token_endpoint_can_fail(server: MedplumServer, kind: str) -> None:
    server.control("tokens", {"fault": kind, "times": 1})
    form = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
    }
    struck = token(server, **form)
    assert (struck.status_code == 500) == (kind == "500")
    assert ("expires_in" in struck.text) == (kind == "slow")
    assert "access_token" in token(server, **form).json()


def test_counters_and_the_log_tell_what_came(server: MedplumServer, http: httpx.Client) -> None:
    patient = create(http)
    http.get(f"fhir/R4/Patient/{patient['id']}", headers={"X-Test": "1"})
    counters = server.control("counters")
    assert counters["tokens"] == 1
    assert counters["byRoute"]["GET fhir/R4/Patient/:id"] == 1
    assert counters["byStatus"] == {"200": 2, "201": 1}
    last = server.control("requests")[-1]
    assert (last["method"], last["status"], last["headers"]["x-test"]) == ("GET", 200, "1")
    server.control("counters", method="DELETE")
    assert server.control("counters")["total"] == 0


def test_peak_concurrency_is_counted(server: MedplumServer, http: httpx.Client) -> None:
    server.control("faults", {"kinds": ["slow"], "slow": 100})
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: http.get("fhir/R4/Patient").status_code, range(4)))
    assert answers == [200] * 4
    assert server.control("counters")["peak"] == 4
