"""Calls that take several requests, and lose one: what was written is never denied."""

import socket
from typing import Any

import pytest
from fault_calls import PATIENT, Called, put, sent, stored
from fault_clock import SharedClock

from pymedplum import (
    AuthenticationError,
    ClientClosedError,
    MedplumError,
    NetworkError,
    PreconditionFailedError,
    ServerError,
    TokenRefreshCooldownError,
    UnsafeRedirectError,
)
from pymedplum.fhir import Patient
from tests.medplum_server.process import MedplumServer

LOST = {"method": "PUT", "drop": True, "commit": True}
NEVER_ARRIVED = {"method": "PUT", "drop": True}
FAILING_READ = {"method": "GET", "path": "^fhir/", "status": 500}
PROXIED = {"status": 200, "text": "<html>", "type": "text/html"}


def incremented(counter: dict[str, Any]) -> dict[str, Any]:
    return {**counter, "multipleBirthInteger": counter.get("multipleBirthInteger", 0) + 1}


def test_the_equal_change_of_another_is_not_taken_for_the_own_one(
    call: Called, server: MedplumServer, clock: SharedClock
) -> None:
    made = call("create_resource", PATIENT)
    server.control("script", NEVER_ARRIVED)

    def count_one() -> None:  # by another client
        clock.on_sleep = lambda: None
        put(server, incremented(made))

    clock.on_sleep = count_one
    with pytest.raises(PreconditionFailedError) as caught:
        call("update_with_retry", "Patient", made["id"], incremented, max_retries=3)
    assert caught.value.possibly_committed
    assert stored(server, f"Patient/{made['id']}")["multipleBirthInteger"] == 1


def test_an_update_whose_answer_was_lost_may_be_a_write(
    call: Called, server: MedplumServer
) -> None:
    made = call("create_resource", PATIENT)
    server.control("script", LOST)
    with pytest.raises(PreconditionFailedError) as caught:
        call("update_resource", {**made, "active": False})
    assert caught.value.possibly_committed
    assert not stored(server, f"Patient/{made['id']}")["active"]
    assert sent(server, "PUT") == 2


def test_a_lost_answer_before_a_refused_token_may_be_a_write(
    call: Called, server: MedplumServer
) -> None:
    made = call("create_resource", PATIENT)
    server.control("script", [LOST, {"method": "PUT", "status": 401}])
    server.control("tokens", {"fault": "500"})
    with pytest.raises(AuthenticationError) as caught:
        call("update_resource", {**made, "active": False})
    assert caught.value.possibly_committed


@pytest.mark.parametrize("location", ["fhir/R4/Patient/123", "https://evil.test/fhir/R4/Patient/1"])
def test_a_create_whose_resource_cannot_be_read_back_is_a_write(
    call: Called, server: MedplumServer, location: str
) -> None:
    url = location if "://" in location else f"{server.base_url}{location}"
    created = {"method": "POST", "status": 201, "headers": {"Location": url}, "text": ""}
    server.control("script", [created, FAILING_READ])
    with pytest.raises((ServerError, UnsafeRedirectError)) as caught:
        call("create_resource", PATIENT)
    assert caught.value.possibly_committed


@pytest.mark.parametrize("resource_type", ["Basic", 5, None])
def test_a_create_answered_with_something_else_may_be_a_write(
    call: Called, server: MedplumServer, resource_type: object
) -> None:
    server.control("script", {"status": 201, "json": {"resourceType": resource_type, "id": "1"}})
    with pytest.raises(MedplumError) as caught:
        call("create_resource", PATIENT, as_fhir=Patient)
    assert caught.value.possibly_committed


@pytest.mark.parametrize("answer", [{}, {"resourceType": "Patient"}, {"resourceType": 5}, []])
@pytest.mark.parametrize("place", ["GET", "PUT"])
def test_update_with_retry_refuses_what_is_no_resource(
    call: Called, server: MedplumServer, answer: object, place: str
) -> None:
    made = call("create_resource", PATIENT)
    server.control("script", {"method": place, "json": answer})
    with pytest.raises(MedplumError) as caught:
        call("update_with_retry", "Patient", made["id"], incremented)
    assert caught.value.possibly_committed is (place == "PUT")


ANSWERED = {"resourceType": "Bundle", "type": "batch-response"}
CREATED, THROTTLED = {"response": {"status": "201"}}, {"response": {"status": "429"}}
POST = {"request": {"method": "POST", "url": "Patient"}, "resource": PATIENT}


TWO = {"resourceType": "Bundle", "type": "batch", "entry": [POST, POST]}
HALF_DONE = {"json": {**ANSWERED, "entry": [CREATED, THROTTLED]}}


@pytest.mark.parametrize("status", [400, 403])
def test_throttled_entries_that_are_refused_leave_the_others_written(
    call: Called, server: MedplumServer, status: int
) -> None:
    server.control("script", [HALF_DONE, {"status": status}])
    assert call("execute_batch", TWO)["entry"] == [CREATED, THROTTLED]


@pytest.mark.parametrize("failure", [{"status": 500}, {"drop": True}, PROXIED])
def test_a_batch_that_breaks_off_at_its_throttled_entries_is_a_write(
    call: Called, server: MedplumServer, failure: dict[str, Any]
) -> None:
    server.control("script", [HALF_DONE, failure])
    with pytest.raises(MedplumError) as caught:
        call("execute_batch", TWO)
    assert caught.value.possibly_committed


@pytest.mark.parametrize("failure", [{"status": 400}, {"status": 403}, PROXIED])
def test_a_later_chunk_that_fails_leaves_a_write(
    call: Called, server: MedplumServer, failure: dict[str, Any]
) -> None:
    server.control("script", [{"json": {**ANSWERED, "entry": [CREATED]}}, failure])
    entries = [(PATIENT, "identifier=1"), (PATIENT, "identifier=2")]
    with pytest.raises(MedplumError) as caught:
        call("conditional_create_batch", entries, chunk_size=1)
    assert caught.value.possibly_committed


def test_a_bot_that_is_saved_and_not_deployed_is_a_write(
    call: Called, server: MedplumServer
) -> None:
    bot = call("create_resource", {"resourceType": "Bot", "name": "b"})
    server.control("script", {"method": "POST", "status": 403})
    with pytest.raises(MedplumError) as caught:
        call("save_and_deploy_bot", bot["id"], "source", "compiled")
    assert caught.value.possibly_committed


def test_what_never_left_is_never_a_possible_write(
    call: Called, server: MedplumServer, clock: SharedClock
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        client = call.made(base_url=nowhere, access_token="t")
        with pytest.raises(NetworkError) as caught:
            call.on(client, "create_resource", PATIENT)
    assert not caught.value.possibly_committed
    server.control("tokens", {"fault": "500"})
    unsigned = call.made()
    for expected in (AuthenticationError, TokenRefreshCooldownError):
        with pytest.raises(expected) as refused:
            call.on(unsigned, "create_resource", PATIENT)
        assert not refused.value.possibly_committed
    clock.move(10)
    server.control("tokens", {"fault": "drop"})
    with pytest.raises(NetworkError) as dropped:
        call.on(unsigned, "create_resource", PATIENT)
    assert not dropped.value.possibly_committed
    call.on(unsigned, "close")
    with pytest.raises(ClientClosedError) as closed:
        call.on(unsigned, "create_resource", PATIENT)
    assert not closed.value.possibly_committed
    assert sent(server, "POST") == 0
