"""What the documents say about asynchronous jobs."""

import pytest
from api_calls import FHIR, FakeClock, MakeClient, Server, call, issue, path, reply

from pymedplum import MedplumError
from pymedplum.fhir import OperationOutcome

STATUS = f"{FHIR}job/abc/status"
OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "information", "code": "informational", "diagnostics": STATUS}],
}
JOBS = ["abc", STATUS, OUTCOME, OperationOutcome.model_validate(OUTCOME)]
IDS = ["id", "url", "dict", "model"]


def job(status: str) -> dict[str, str]:
    return {"resourceType": "AsyncJob", "id": "abc", "status": status}


@pytest.mark.parametrize("given", JOBS, ids=IDS)
@pytest.mark.parametrize("name", ["get_async_job_status", "wait_for_async_job"])
def test_a_job_is_an_id_a_url_or_an_outcome(
    make_client: MakeClient, name: str, given: object
) -> None:
    server = Server(job("completed"))
    assert call(make_client(server), name, given) == job("completed")
    assert (server.last.method, path(server.last)) == ("GET", "fhir/R4/job/abc/status")


@pytest.mark.parametrize("status", ["accepted", "active", "completed", "error", "cancelled"])
def test_the_status_is_read_once_without_waiting(
    make_client: MakeClient, clock: FakeClock, status: str
) -> None:
    server = Server(reply(202, job(status)))
    assert call(make_client(server), "get_async_job_status", "abc") == job(status)
    assert (len(server.requests), clock.sleeps) == (1, [])


@pytest.mark.parametrize("final", ["completed", "error", "cancelled"])
@pytest.mark.parametrize("code", [200, 202])
def test_waiting_polls_until_a_terminal_status(
    make_client: MakeClient, clock: FakeClock, final: str, code: int
) -> None:
    """A cancelled job keeps answering 202: medplum-server.md, Asynchronous work."""
    running = [reply(202, job("accepted")), reply(202, job("active"))]
    server = Server(*running, reply(code, job(final)))
    assert call(make_client(server), "wait_for_async_job", OUTCOME) == job(final)
    assert clock.sleeps == [1.0, 1.0]


def test_the_poll_interval_can_be_set(make_client: MakeClient, clock: FakeClock) -> None:
    server = Server(job("active"), job("completed"))
    call(make_client(server), "wait_for_async_job", "abc", 0.25)
    assert clock.sleeps == [0.25]


def test_a_timeout_is_both_a_medplum_error_and_a_timeout_error(
    make_client: MakeClient, clock: FakeClock
) -> None:
    client = make_client(Server(reply(202, job("active"))))
    with pytest.raises(TimeoutError) as caught:
        call(client, "wait_for_async_job", "abc", poll_interval=2.0, timeout=5.0)
    assert isinstance(caught.value, MedplumError)
    assert 2.0 <= sum(clock.sleeps) <= 6.0


def test_without_a_timeout_waiting_goes_on(make_client: MakeClient, clock: FakeClock) -> None:
    server = Server(*[reply(202, job("active"))] * 80, job("completed"))
    client = make_client(server)
    call(client, "wait_for_async_job", "abc", poll_interval=86400.0)
    assert sum(clock.sleeps) == 80 * 86400.0


@pytest.mark.parametrize(
    "given",
    [{}, issue(), {"resourceType": "OperationOutcome"}, issue(diagnostics="no url here")],
    ids=["nothing", "no diagnostics", "no issue", "no url"],
)
def test_an_outcome_without_a_job_is_a_value_error(make_client: MakeClient, given: object) -> None:
    server = Server()
    with pytest.raises(ValueError, match=r"\S"):
        call(make_client(server), "get_async_job_status", given)
    assert server.requests == []


def test_a_job_that_set_accounts_started_is_awaited(make_client: MakeClient) -> None:
    server = Server(reply(202, OUTCOME, headers={"Content-Location": STATUS}), job("completed"))
    client = make_client(server)
    options = {"propagate": True, "prefer_async": True}
    result = call(client, "set_accounts", "Patient/123", "Organization/org-456", **options)
    assert result == OUTCOME
    assert call(client, "wait_for_async_job", result, timeout=60)["status"] == "completed"
