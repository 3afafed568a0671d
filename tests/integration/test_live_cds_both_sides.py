"""A client of ours and services of ours, over HTTP: discovery, prefetch, trust, cards, feedback."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from threading import Thread
from typing import Any

import pytest
import uvicorn
from foreign_services import ISSUER, auth, pair
from live_calls import FakeClock, LiveClient, Requests

from pymedplum import AuthenticationError, PreconditionFailedError
from pymedplum.cds import (
    AcceptedSuggestion,
    Card,
    CDSServices,
    Feedback,
    PatientViewRequest,
    Source,
    Suggestion,
    TrustedEHR,
)
from tests.medplum_server.process import MedplumServer


class Adviser:
    """Services that greet by name, and what they were told."""

    def __init__(self, base_url: str, fhir_server: str) -> None:
        trusted = TrustedEHR(ISSUER, keys=pair().public_jwks(), fhir_servers=[fhir_server])
        self.base_url = base_url
        self.feedback: list[Any] = []
        self.services = CDSServices(trusted=[trusted], base_url=base_url)
        self.services.service(
            "patient-view",
            id="greeter",
            description="Greets.",
            prefetch={
                "patient": "Patient/{{context.patientId}}",
                "weights": "Observation?patient={{context.patientId}}&date=gt{{today() - 9 days}}",
            },
        )(self.greet)
        self.services.on_feedback("greeter")(self.feedback.append)

    def greet(self, request: PatientViewRequest) -> Card:
        prefetch: Any = request.prefetch
        name = prefetch["patient"].name[0].family
        count = len(prefetch["weights"].entry or ())
        return Card(
            uuid="c-1",
            summary=f"{name}: {count} weights",
            indicator="info",
            source=Source(label="Adviser"),
            suggestions=[Suggestion(label="Weigh again", uuid="s-1")],
            selection_behavior="any",
        )


@contextmanager
def serving(application: Any, listening: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(application, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(autouse=True)
def _today(clock: FakeClock) -> None:
    clock.time = float(int(time.time()))  # the services verify by their own clock


@pytest.fixture
def adviser(server: MedplumServer) -> Iterator[Adviser]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        made = Adviser(base_url, f"{server.base_url}fhir/R4")
        with serving(made.services, listening):
            yield made


def patient_with_weight(client: LiveClient) -> str:
    patient_id = str(client.create()["id"])
    reference = {"reference": f"Patient/{patient_id}"}
    client.create(
        "Observation", subject=reference, effectiveDateTime=datetime.now(timezone.utc).isoformat()
    )
    return patient_id


def test_a_service_is_found_asked_and_told(client: LiveClient, adviser: Adviser) -> None:
    patient_id = patient_with_weight(client)
    there: dict[str, Any] = {"base_url": adviser.base_url, "authorization": auth()}
    [service] = client("get_cds_services", base_url=adviser.base_url)
    context = {"patientId": patient_id}
    request = client("build_cds_request", service, context, user="Practitioner/1")
    for _ in range(2):
        [card] = client("call_cds_service", service, request, **there).cards
        assert card.summary == "Ro: 1 weights"
    feedback = Feedback(
        card=card.uuid,
        outcome="accepted",
        accepted_suggestions=[AcceptedSuggestion(id=card.suggestions[0].uuid)],
        outcome_timestamp="2024-05-01T09:30:00Z",
    )
    client("send_cds_feedback", service, feedback, **there)
    assert len(adviser.feedback) == 1


def test_a_service_reads_for_itself_with_the_token_that_it_is_given(
    client: LiveClient, adviser: Adviser, server: MedplumServer, requests: Requests
) -> None:
    patient_id = patient_with_weight(client)
    [service] = client("get_cds_services", base_url=adviser.base_url)
    token = {
        "access_token": server.access_token(),
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "user/*.read",
        "subject": "adviser",
    }
    context = {"userId": "Practitioner/1", "patientId": patient_id}
    bare = service.model_copy(update={"prefetch": None})
    request = client("build_cds_request", bare, context, fhir_authorization=token)
    there: dict[str, Any] = {"base_url": adviser.base_url, "authorization": auth()}
    [card] = client("call_cds_service", service, request, **there).cards
    assert card.summary == "Ro: 1 weights"
    read = [each for each in requests.fhir() if each["method"] == "GET"]
    shown = {each["headers"]["authorization"] for each in read}
    assert shown == {f"Bearer {token['access_token']}"}
    without = client("build_cds_request", bare, context)
    with pytest.raises(PreconditionFailedError):
        client("call_cds_service", service, without, **there)


def test_nobody_else_is_answered(client: LiveClient, adviser: Adviser) -> None:
    [service] = client("get_cds_services", base_url=adviser.base_url)
    context = {"userId": "Practitioner/1", "patientId": "1"}
    request = client("build_cds_request", service, context)
    stranger = type(auth())("https://elsewhere.example", pair())
    for shown in (None, "Bearer abc", stranger):
        options = {"base_url": adviser.base_url, "authorization": shown}
        with pytest.raises(AuthenticationError):
            client("call_cds_service", service, request, **options)
