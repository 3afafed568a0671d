"""Data that was not prefetched is asked from the EHR, and what is missing is told."""

from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import pytest
from cds_calls import (
    NOW,
    SECRET,
    RecordingEHR,
    a_card,
    a_request,
    anonymous_services,
    authorized,
    post,
    recording_ehr,
    respond,
)
from prefetch_calls import PATIENT, SEARCH, TEMPLATES, bundle, faults, said, serving

from pymedplum.fhir import Bundle


def test_what_the_ehr_did_not_send_is_fetched_with_its_token() -> None:
    with recording_ehr({"/fhir/Patient/p1": PATIENT, SEARCH: bundle("a", "b")}) as ehr:
        answer = post(serving(ehr), a_request(**authorized(ehr)))

    assert said(answer) == "2 weights, 2 keys"
    assert sorted(ehr.paths) == [SEARCH, "/fhir/Patient/p1"]
    assert ehr.tokens == {f"Bearer {SECRET}"}
    assert {headers["accept"] for _, headers in ehr.requests} == {"application/fhir+json"}


def test_a_transport_may_give_answers_that_are_read_already() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["Authorization"])
        return httpx.Response(200, json=PATIENT)

    ehr = RecordingEHR(0, {})
    transport = httpx.MockTransport(answer)
    services = anonymous_services(fhir_servers=ehr.base, transport=transport)
    services.service(
        "patient-view", id="greet", description="d", prefetch={"patient": TEMPLATES["patient"]}
    )(lambda request: a_card(request.prefetch["patient"].id))

    assert said(post(services, a_request(**authorized(ehr)))) == "p1"
    assert asked == [f"Bearer {SECRET}"]


def test_only_what_is_missing_is_fetched() -> None:
    with recording_ehr({SEARCH: bundle()}) as ehr:
        body = a_request(**authorized(ehr), prefetch={"patient": PATIENT})
        answer = post(serving(ehr), body)

    assert said(answer) == "0 weights, 2 keys"
    assert ehr.paths == [SEARCH]


def test_null_is_an_answer_and_not_fetched_again() -> None:
    with recording_ehr() as ehr:
        body = a_request(**authorized(ehr), prefetch={"patient": None, "weights": None})
        answer = post(serving(ehr), body)

    assert said(answer) == "0 weights, 2 keys"
    assert ehr.requests == []


def test_a_read_that_finds_nothing_is_null() -> None:
    with recording_ehr({SEARCH: bundle(), "/fhir/Patient/p1": 410}) as ehr:
        services = serving(ehr)
        seen: list[Any] = []
        services.service("encounter-start", id="greet", description="d", prefetch=TEMPLATES)(
            lambda request: seen.append(dict(request.prefetch))
        )
        context = {"userId": "Practitioner/7", "patientId": "p1", "encounterId": "e1"}
        body = a_request(hook="encounter-start", context=context, **authorized(ehr))

        assert post(services, body).status_code == 200

    assert seen[0]["patient"] is None
    assert isinstance(seen[0]["weights"], Bundle)


def test_another_patient_than_the_one_asked_for_is_a_412() -> None:
    with recording_ehr({"/fhir/Patient/p1": {**PATIENT, "id": "p2"}, SEARCH: bundle()}) as ehr:
        found = faults(post(serving(ehr), a_request(**authorized(ehr))))

    assert "another resource" in found["prefetch.patient"]


STATUSES = [400, 401, 403, 404, 410, 429, 500, 503]


@pytest.mark.parametrize("status", STATUSES)
def test_a_search_that_fails_is_a_412_with_its_status(status: int) -> None:
    with recording_ehr({"/fhir/Patient/p1": PATIENT, SEARCH: status}) as ehr:
        found = faults(post(serving(ehr), a_request(**authorized(ehr))))

    assert list(found) == ["prefetch.weights"]
    assert f"HTTP {status}" in found["prefetch.weights"]


WRONG_ANSWERS: list[tuple[str, Any, str]] = [
    ("text", lambda h: respond(h, 200, b"<html>Sekret"), "no JSON"),
    ("list", lambda h: respond(h, 200, []), "no Bundle"),
    ("another type", lambda h: respond(h, 200, PATIENT), "no Bundle"),
    ("an outcome", lambda h: respond(h, 200, {"resourceType": "OperationOutcome"}), "no Bundle"),
    ("deep", lambda h: respond(h, 200, b"[" * 100_000), "no JSON"),
    ("gzip", lambda h: respond(h, 200, b"x", {"Content-Encoding": "gzip"}), "compressed"),
    ("cut off", "cut", "no answer"),
]


def _cut(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"{")


@pytest.mark.parametrize(
    ("answer", "message"), [row[1:] for row in WRONG_ANSWERS], ids=[row[0] for row in WRONG_ANSWERS]
)
def test_what_is_no_bundle_is_a_412(answer: Any, message: str) -> None:
    served = _cut if answer == "cut" else answer
    with recording_ehr({"/fhir/Patient/p1": PATIENT, SEARCH: served}) as ehr:
        response = post(serving(ehr), a_request(**authorized(ehr)))

    assert message in faults(response)["prefetch.weights"]
    assert "Sekret" not in response.text


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pymedplum_runtime.cds.service.fhir_data._LARGEST", 1000)
    large = bundle(*(str(number) for number in range(100)))
    with recording_ehr({"/fhir/Patient/p1": PATIENT, SEARCH: large}) as ehr:
        found = faults(post(serving(ehr), a_request(**authorized(ehr))))

    assert "more than 1000 bytes" in found["prefetch.weights"]


def test_a_server_that_is_not_there_is_a_412() -> None:
    with recording_ehr() as ehr:
        pass

    found = faults(post(serving(ehr), a_request(**authorized(ehr))))

    assert "no answer (ConnectError)" in found["prefetch.patient"]


@pytest.mark.parametrize("value", ["123", 3, [], {}, {"id": "p1"}, {"resourceType": 3}, [PATIENT]])
def test_what_was_sent_and_is_no_resource_counts_as_not_sent(value: object) -> None:
    body = a_request(prefetch={"patient": value, "weights": bundle("a"), "other": value})
    with recording_ehr({"/fhir/Patient/p1": PATIENT}) as ehr:
        fetched = post(serving(ehr), body | authorized(ehr))
        refused = post(serving(ehr), body)

    assert said(fetched) == "1 weights, 2 keys"
    assert list(faults(refused)) == ["prefetch.patient"]


def test_what_is_no_resource_is_told_to_a_service_that_asks_for_it() -> None:
    services = anonymous_services()
    services.service("patient-view", id="greet", description="d")(
        lambda request: request.prefetch["user"]
    )

    found = faults(post(services, a_request(prefetch={"user": "Sekret"})))

    assert found == {"prefetch": "prefetch 'user' is neither a resource nor null"}


def test_what_is_no_resource_is_missing_like_what_was_not_sent() -> None:
    found: list[object] = []
    services = anonymous_services()
    services.service("patient-view", id="greet", description="d")(
        lambda request: found.extend([request.prefetch.get("user"), "user" in request.prefetch])
    )

    assert post(services, a_request(prefetch={"user": "123"})).status_code == 200
    assert found == [None, False]


def test_optional_data_may_be_missing() -> None:
    with recording_ehr({SEARCH: bundle()}) as ehr:
        ehr.answers["/fhir/Patient/p1"] = 500
        answer = post(serving(ehr, optional=["patient"]), a_request(**authorized(ehr)))

    assert said(answer) == "0 weights, 1 keys"


def test_a_template_whose_token_stands_for_nothing_is_left_out() -> None:
    templates = TEMPLATES | {"visit": "Encounter/{{context.encounterId}}"}
    with recording_ehr({"/fhir/Patient/p1": PATIENT, SEARCH: bundle()}) as ehr:
        answer = post(serving(ehr, prefetch=templates), a_request(**authorized(ehr)))

    assert said(answer) == "0 weights, 2 keys"
    assert len(ehr.requests) == 2


def test_today_is_the_day_of_the_clock_in_utc() -> None:
    template = {"weights": "Observation?patient={{context.patientId}}&date=ge{{today()}}"}
    assert NOW == 1_800_000_000.0
    with recording_ehr() as ehr:
        path = "/fhir/Observation?patient=p1&date=ge2027-01-15"
        ehr.answers[path] = bundle()
        post(serving(ehr, prefetch=template), a_request(**authorized(ehr)))

    assert ehr.paths == [path]


def test_missing_data_that_a_service_asks_for_is_a_412_that_names_it() -> None:
    templates = {"visit": "Encounter/{{context.encounterId}}"}
    services = anonymous_services()
    services.service("patient-view", id="greet", description="d", prefetch=templates)(
        lambda request: request.prefetch["visit"]
    )

    found = faults(post(services, a_request()))

    assert "prefetch 'visit'" in found["prefetch"]
    assert templates["visit"] in found["prefetch"]
