"""CDS services that are not Medplum's: found, called, told, and what becomes of failures."""

from typing import Any

import pytest
from foreign_services import (
    CARD,
    FEEDBACK,
    REQUEST,
    SERVICE,
    ForeignServices,
    call_everything,
    context_of,
    foreign_services,
)
from live_calls import LiveClient, MakeClient, Requests

from pymedplum import (
    CDSHooksError,
    ClientClosedError,
    MedplumError,
    NetworkError,
    NotFoundError,
    PreconditionFailedError,
    RequestEvent,
    ServerError,
)
from pymedplum.cds import CDSService, Feedback
from pymedplum_runtime.cds.client import sending


def test_services_of_others_are_found_called_and_told(
    client: LiveClient, elsewhere: ForeignServices, requests: Requests
) -> None:
    [service] = client("get_cds_services", base_url=elsewhere.base_url)
    response = client("call_cds_service", service, REQUEST, base_url=f"{elsewhere.base_url}/")
    assert [card.summary for card in response.cards] == [CARD["summary"]]
    feedback = [Feedback.model_validate(FEEDBACK), FEEDBACK]
    client("send_cds_feedback", service, feedback, base_url=elsewhere.base_url)
    assert [(each.method, each.path) for each in elsewhere.seen] == [
        ("GET", "/cds-services"),
        ("POST", "/cds-services/statin"),
        ("POST", "/cds-services/statin/feedback"),
    ]
    assert elsewhere.seen[1].json() == REQUEST
    assert elsewhere.seen[2].json() == {"feedback": [FEEDBACK, FEEDBACK]}
    assert {each.headers["accept"] for each in elsewhere.seen} == {"application/json"}
    assert elsewhere.seen[1].headers["content-type"] == "application/json"
    assert requests.all() == []


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, NotFoundError), (412, PreconditionFailedError), (500, ServerError)],
)
def test_refusals_have_their_classes(
    client: LiveClient, elsewhere: ForeignServices, status: int, error: type[MedplumError]
) -> None:
    elsewhere.answers["POST /cds-services/statin"] = (status, {"error": "sent Bearer abc-123"})
    options: dict[str, Any] = {"base_url": elsewhere.base_url, "authorization": "Bearer abc-123"}
    with pytest.raises(error, match=rf"POST /cds-services/\{{id\}}: {status}") as caught:
        client("call_cds_service", "statin", REQUEST, **options)
    shown = f"{caught.value!r} {caught.value} {caught.value.response_data}"
    assert "abc-123" not in shown
    assert elsewhere.base_url not in shown


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_without_end_is_not_read_on(
    client: LiveClient, elsewhere: ForeignServices, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(sending, "LARGEST", 1000)
    elsewhere.answers["POST /cds-services/statin"] = (status, {"error": "x" * 1000})
    with pytest.raises(MedplumError, match="the answer has more than 1000 bytes"):
        client("call_cds_service", "statin", REQUEST, base_url=elsewhere.base_url)
    assert len(elsewhere.seen) == 1


@pytest.mark.parametrize("as_model", [True, False])
def test_a_request_of_another_hook_is_not_sent(
    client: LiveClient, elsewhere: ForeignServices, *, as_model: bool
) -> None:
    other = {**SERVICE, "hook": "order-sign"}
    service = CDSService.model_validate(other) if as_model else other
    with pytest.raises(CDSHooksError, match="is for order-sign, and the request is one of patient"):
        client("call_cds_service", service, REQUEST, base_url=elsewhere.base_url)
    assert elsewhere.seen == []


def test_a_call_is_not_repeated_where_the_service_may_have_acted(
    client: LiveClient, elsewhere: ForeignServices
) -> None:
    elsewhere.script = [503]
    with pytest.raises(ServerError):
        client("call_cds_service", "statin", REQUEST, base_url=elsewhere.base_url)
    assert len(elsewhere.seen) == 1


def test_a_service_that_is_away_is_a_network_error(client: LiveClient) -> None:
    with foreign_services() as services:
        base_url = services.base_url
    with pytest.raises(NetworkError, match="GET /cds-services: no answer"):
        client("get_cds_services", base_url=base_url)
    assert len(client.clock.sleeps) == 2


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"services": [{**SERVICE, "id": 5}]}, r"services\.0\.id"),
        ({"services": None}, "services"),
        ({}, "services: Field required"),
    ],
)
def test_a_discovery_that_is_none_is_an_error(
    client: LiveClient, elsewhere: ForeignServices, value: object, error: str
) -> None:
    elsewhere.answers["GET /cds-services"] = (200, value)
    with pytest.raises(CDSHooksError, match=f"the answer of the CDS service breaks .*{error}"):
        client("get_cds_services", base_url=elsewhere.base_url)


def test_an_answer_that_is_no_object_is_an_error(
    client: LiveClient, elsewhere: ForeignServices
) -> None:
    elsewhere.answers["GET /cds-services"] = (200, [SERVICE])
    with pytest.raises(CDSHooksError, match="answered 200 with what is no JSON object"):
        client("get_cds_services", base_url=elsewhere.base_url)


def test_unknown_members_of_a_service_are_kept(
    client: LiveClient, elsewhere: ForeignServices
) -> None:
    newer = {**SERVICE, "version": "3", "extension": {"org.example": {"a": 1}}}
    elsewhere.answers["GET /cds-services"] = (200, {"services": [newer]})
    [service] = client("get_cds_services", base_url=elsewhere.base_url)
    assert service.model_dump() == newer


def test_prefetch_comes_from_medplum_and_goes_to_the_service(
    client: LiveClient, elsewhere: ForeignServices
) -> None:
    patient = client.create()
    templates = {**SERVICE["prefetch"], "weights": "Observation?patient={{context.patientId}}"}
    client.create(
        "Observation",
        subject={"reference": f"Patient/{patient['id']}"},
        valueQuantity={"value": 72.5},
    )
    service = CDSService.model_validate({**SERVICE, "prefetch": templates})
    request = client("build_cds_request", service, context_of(patient["id"]))
    client("call_cds_service", service, request, base_url=elsewhere.base_url)
    sent = elsewhere.seen[-1]
    assert sent.json()["prefetch"]["patient"] == client("read_resource", "Patient", patient["id"])
    assert b'"value":72.5' in sent.body
    assert "fhirAuthorization" not in sent.json()
    assert "fhirServer" not in sent.json()


def test_the_completion_hook_sees_these_calls(
    client_of: MakeClient, elsewhere: ForeignServices
) -> None:
    events: list[RequestEvent] = []
    client = client_of(on_request_complete=events.append)
    elsewhere.script = [429]
    call_everything(client, elsewhere)
    with pytest.raises(NotFoundError):
        client("call_cds_service", "other", REQUEST, base_url=elsewhere.base_url)
    assert [(each.path_template, each.final_status_code) for each in events] == [
        ("/cds-services", 200),
        ("/cds-services/{id}", 200),
        ("/cds-services/{id}/{id}", 200),
        ("/cds-services/{id}", 404),
    ]
    assert len(events[0].attempts) == 2


def test_a_closed_client_calls_nobody(client_of: MakeClient, elsewhere: ForeignServices) -> None:
    client = client_of()
    client.close()
    with pytest.raises(ClientClosedError):
        call_everything(client, elsewhere)
    assert elsewhere.seen == []
