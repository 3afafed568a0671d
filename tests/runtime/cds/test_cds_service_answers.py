"""Functions as services: what they are given, and what becomes of what they return."""

import asyncio
import threading
from typing import Any

import pytest
from cds_calls import (
    a_card,
    a_request,
    anonymous_services,
    post,
    with_client,
)
from cds_handlers import serving

from pymedplum.cds_models import Card, CDSRequest, CDSResponse, PatientViewRequest
from pymedplum.fhir import Patient

PATIENT = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Sekret"}]}


def test_discovery_lists_the_services_as_they_were_registered() -> None:
    services = anonymous_services()
    services.service(
        "patient-view",
        id="greet",
        title="Greeter",
        description="Greets",
        prefetch={"patient": "Patient/{{context.patientId}}"},
        usage_requirements="None",
    )(a_card)
    services.service("order-sign", id="greet", description="Also greets")(a_card)

    answer = with_client(services, lambda http: http.get("/cds-services"))

    assert answer.json() == {
        "services": [
            {
                "hook": "patient-view",
                "title": "Greeter",
                "description": "Greets",
                "id": "greet",
                "prefetch": {"patient": "Patient/{{context.patientId}}"},
                "usageRequirements": "None",
            },
            {"hook": "order-sign", "description": "Also greets", "id": "greet"},
        ]
    }


def test_discovery_of_no_services_is_an_empty_list() -> None:
    answer = with_client(anonymous_services(), lambda http: http.get("/cds-services"))

    assert answer.status_code == 200
    assert answer.json() == {"services": []}


def test_a_function_gets_the_typed_request_and_prefetched_models() -> None:
    seen: list[Any] = []

    def greet(request: PatientViewRequest) -> Card:
        seen.append(request)
        patient = request.prefetch["patient"]
        assert isinstance(patient, Patient)
        assert patient.name is not None
        return a_card(f"Hello {patient.name[0].family}")

    template = {"patient": "Patient/{{context.patientId}}"}
    answer = post(serving(greet, prefetch=template), a_request(prefetch={"patient": PATIENT}))

    assert answer.json()["cards"][0]["summary"] == "Hello Sekret"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert type(seen[0]) is PatientViewRequest
    assert seen[0].context.patient_id == "p1"


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (None, []),
        (a_card(), ["Take care"]),
        ([], []),
        ([a_card("one"), a_card("two")], ["one", "two"]),
        ((a_card("one"),), ["one"]),
        (CDSResponse(cards=[a_card("whole")]), ["whole"]),
    ],
)
def test_cards_come_alone_in_lists_whole_or_not_at_all(result: object, expected: list[str]) -> None:
    answer = post(serving(lambda _: result), a_request())

    assert answer.status_code == 200
    assert [card["summary"] for card in answer.json()["cards"]] == expected


def test_asynchronous_functions_are_awaited_and_others_run_in_threads() -> None:
    places: dict[str, str] = {}

    async def inside(_: object) -> None:
        await asyncio.sleep(0)
        places["async"] = threading.current_thread().name

    def outside(_: object) -> None:
        places["sync"] = threading.current_thread().name

    post(serving(inside), a_request())
    post(serving(outside), a_request())

    assert places["async"] == threading.main_thread().name
    assert places["sync"].startswith("cds-service")


def test_a_function_may_return_something_to_await() -> None:
    async def later() -> Card:
        return a_card("later")

    answer = post(serving(lambda _: later()), a_request())

    assert answer.json()["cards"][0]["summary"] == "later"


def test_one_id_serves_several_hooks() -> None:
    services = anonymous_services()
    services.service("patient-view", id="s", description="d")(lambda _: a_card("viewed"))
    services.service("encounter-start", id="s", description="d")(lambda _: a_card("started"))
    context = {"userId": "Practitioner/7", "patientId": "p1", "encounterId": "e1"}
    started = a_request(hook="encounter-start", context=context)

    assert post(services, a_request(), "s").json()["cards"][0]["summary"] == "viewed"
    assert post(services, started, "s").json()["cards"][0]["summary"] == "started"
    refused = post(services, a_request(hook="order-sign"), "s")
    assert refused.status_code == 400
    assert refused.json()["problems"] == [
        {"path": "hook", "problem": "must be encounter-start or patient-view"}
    ]


def test_a_hook_of_ones_own_has_a_plain_context() -> None:
    services = anonymous_services()
    seen: list[CDSRequest] = []

    @services.service("org.example.transmogrify", id="own", description="Own")
    def own(request: CDSRequest) -> None:
        seen.append(request)

    body = a_request(hook="org.example.transmogrify", context={"anything": [1]})

    assert post(services, body, "own").status_code == 200
    assert seen[0].context == {"anything": [1]}


def test_a_hook_of_ones_own_may_have_a_class_of_ones_own() -> None:
    class Transmogrified(CDSRequest):
        """Has a member more."""

        reason: str

    services = anonymous_services()
    options: dict[str, Any] = {"id": "own", "description": "Own", "request": Transmogrified}
    services.service("org.example.transmogrify", **options)(lambda r: a_card(r.reason))
    body = a_request(hook="org.example.transmogrify", context={})

    refused = post(services, body, "own")
    assert refused.status_code == 400
    assert refused.json()["problems"] == [{"path": "reason", "problem": "Field required"}]
    taken = post(services, body | {"reason": "why not"}, "own")
    assert taken.json()["cards"][0]["summary"] == "why not"


def test_a_wrong_request_is_told_by_its_places_and_not_by_its_values() -> None:
    body = a_request(context={"userId": "Sekret Sekretson", "encounterId": 3})

    answer = post(serving(a_card), body)

    assert answer.status_code == 400
    assert "Sekret" not in answer.text
    assert {problem["path"] for problem in answer.json()["problems"]} == {
        "context.userId",
        "context.patientId",
        "context.encounterId",
    }
