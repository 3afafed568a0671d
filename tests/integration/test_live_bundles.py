"""Batches and transactions as the server carries them out."""

from typing import Any

import pytest
from live_calls import LiveClient, MakeClient, Requests, bundle_of, entry_of, statuses

from pymedplum import BundleEntryError, FHIRBundle, PreparedRequest, ValidationError
from pymedplum.fhir import Bundle
from tests.medplum_server.process import MedplumServer

PATIENT = {"resourceType": "Patient"}
UNKNOWN = "Patient/99999999-9999-4999-8999-999999999999"


def _creates(count: int) -> list[dict[str, Any]]:
    return [entry_of("POST", "Patient", {**PATIENT, "active": True}) for _ in range(count)]


def test_deletes_run_before_reads_and_answers_keep_their_places(client: LiveClient) -> None:
    path = f"Patient/{client.create()['id']}"
    batch = bundle_of("batch", entry_of("GET", path), entry_of("DELETE", path))
    assert statuses(client("execute_batch", batch)) == ["410", "200"]


def test_an_empty_bundle_is_not_sent(client: LiveClient, requests: Requests) -> None:
    for method, kind in (("execute_batch", "batch"), ("execute_transaction", "transaction")):
        with pytest.raises(ValueError, match="no entries"):
            client(method, bundle_of(kind))
    assert requests.all() == []


def test_a_batch_may_be_a_model_and_its_failures_are_told(client: LiveClient) -> None:
    batch = bundle_of("batch", *_creates(1), entry_of("GET", UNKNOWN))
    answer = FHIRBundle(client("execute_batch", Bundle.model_validate(batch)))
    assert [each.ok for each in answer.entry_results()] == [True, False]
    assert [each.status_code for each in answer.failures()] == [404]
    with pytest.raises(BundleEntryError):
        answer.raise_for_entry_errors()


def test_a_transaction_is_atomic(client: LiveClient) -> None:
    with pytest.raises(ValidationError):
        client(
            "execute_transaction",
            bundle_of("transaction", *_creates(1), entry_of("POST", "Patient", {"active": "no"})),
        )
    assert client("search_resources", "Patient").get("entry") is None
    answer = client("execute_transaction", bundle_of("transaction", *_creates(2)))
    assert statuses(answer) == ["201", "201"]


def test_without_the_feature_a_transaction_runs_as_a_batch_and_tells_its_failures(
    client: LiveClient, server: MedplumServer
) -> None:
    server.control("config", {"transactions": False})
    transaction = bundle_of("transaction", *_creates(1), entry_of("GET", UNKNOWN))
    answer = FHIRBundle(client("execute_transaction", transaction))
    assert [each.status_code for each in answer.failures()] == [404]
    with pytest.raises(BundleEntryError):
        answer.raise_for_entry_errors()


@pytest.mark.parametrize("count", [9, 51, 120])
def test_a_transaction_is_never_split(client: LiveClient, requests: Requests, count: int) -> None:
    answer = client("execute_transaction", bundle_of("transaction", *_creates(count)))
    assert len(answer["entry"]) == count
    assert requests.targets() == ["POST "]


def test_an_asynchronous_transaction_is_refused(client: LiveClient) -> None:
    transaction = bundle_of("transaction", *_creates(1))
    with pytest.raises(ValidationError):
        client("post", "fhir/R4/", json=transaction, headers={"Prefer": "respond-async"})
    with pytest.raises(TypeError):
        client("execute_transaction", transaction, prefer_async=True)


def test_a_throttled_entry_inside_a_batch_is_sent_again(
    client_of: MakeClient, server: MedplumServer
) -> None:
    bodies: list[Any] = []

    def keep(request: PreparedRequest) -> None:
        bodies.append(request.json_body)

    client = client_of(before_request=keep)
    server.control("config", {"throttledEntries": 2})
    entries = [entry_of("POST", "Patient", {**PATIENT, "active": n == 2}) for n in range(3)]
    answer = client("execute_batch", bundle_of("batch", *entries))
    assert statuses(answer) == ["201", "201", "201"]
    assert [each["resource"].get("active") for each in answer["entry"]] == [False, False, True]
    assert bodies[1]["entry"] == entries[:2]
    assert client.clock.sleeps == [1.0]
    assert client("search_resources", "Patient", "_total=accurate")["total"] == 3


def test_an_entry_that_stays_throttled_is_a_failure(
    client: LiveClient, server: MedplumServer
) -> None:
    server.control("config", {"throttledEntries": 99})
    answer = FHIRBundle(client("execute_batch", bundle_of("batch", *_creates(2))))
    assert [each.status_code for each in answer.failures()] == [429, 429]
    assert len(client.clock.sleeps) == 5


def test_a_batch_is_not_repeated_after_a_lost_answer(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    server.control("faults", {"kinds": ["503-after"], "times": 1})
    with pytest.raises(Exception, match="503"):
        client("execute_batch", bundle_of("batch", *_creates(1)))
    assert len(requests.fhir()) == 1


def test_conditional_creates_are_chunked_and_can_be_repeated(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    entries = [
        ({**PATIENT, "identifier": [{"system": "urn:s", "value": str(n)}]}, f"identifier=urn:s|{n}")
        for n in range(5)
    ]
    server.control("faults", {"kinds": ["502-after"], "times": 1})
    first = client("conditional_create_batch", entries, chunk_size=2)
    assert (len(first.existed), len(first.created), first.failed) == (2, 3, [])
    assert first.ok
    again = client("conditional_create_batch", entries)
    assert [each.index for each in again.existed] == [0, 1, 2, 3, 4]
    assert len(requests.fhir()) == 5
    assert client("search_resources", "Patient", "_total=accurate")["total"] == 5


def test_accounts_are_set_on_every_entry(client: LiveClient) -> None:
    account = f"Organization/{client.create('Organization', name='Clinic')['id']}"
    for method, kind in (("execute_batch", "batch"), ("execute_transaction", "transaction")):
        answer = client(method, bundle_of(kind, *_creates(2)), accounts=account)
        stored = [each["resource"]["meta"]["accounts"] for each in answer["entry"]]
        assert stored == [[{"reference": account}]] * 2
