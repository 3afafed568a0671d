"""CDS services of Medplum's own: bots, found and called with the client's token."""

import pytest
from cds_bots import DOCTOR, HOOK_INSTANCE, TEMPLATES, bot_of, context_of, service_of
from live_calls import LiveClient, MakeClient, Requests

from pymedplum import (
    AuthenticationError,
    BadRequestError,
    CDSHooksError,
    MedplumError,
    NotFoundError,
)
from tests.medplum_server.process import MedplumServer

CARD = "{ summary: 'fine', indicator: 'info', source: { label: 'bot' } }"


def test_the_services_are_the_bots_that_are_some(client: LiveClient) -> None:
    client.create("Bot")
    bot_id = bot_of(client, usageRequirements="None.")
    [service] = client("get_cds_services")
    assert (service.id, service.hook, service.title) == (bot_id, "patient-view", "Names")
    assert (service.description, service.usage_requirements) == (
        "Says whose record it is.",
        "None.",
    )
    assert dict(service.prefetch) == TEMPLATES


def test_the_services_are_for_those_who_signed_in(client_of: MakeClient) -> None:
    with pytest.raises(AuthenticationError, match="GET /cds-services: 401"):
        client_of(access_token="spent")("get_cds_services")


def test_a_service_that_breaks_cds_hooks_hides_no_other(
    client: LiveClient, server: MedplumServer
) -> None:
    services = [{"id": "one", "hook": "my-own", "description": "One."}, {"id": "two"}, 3]
    script = {"path": "^cds-services", "json": {"services": services}, "times": 2}
    server.control("script", script)
    with pytest.raises(CDSHooksError, match=r"services\.1\.hook: Field required"):
        client("get_cds_services")
    told: list[CDSHooksError] = []
    [service] = client("get_cds_services", on_error=told.append)
    assert service.id == "one"
    assert [str(each).partition(" of the")[0] for each in told] == ["services.1", "services.2"]


def test_a_service_is_called_with_what_it_asks_for(client: LiveClient, requests: Requests) -> None:
    patient = client.create()
    client.create("Observation", subject={"reference": f"Patient/{patient['id']}"})
    bot_of(client)
    [service] = client("get_cds_services")
    sent_before = len(requests.targets())
    request = client("build_cds_request", service, context_of(patient["id"]))
    response = client("call_cds_service", service, request)
    assert [card.summary for card in response.cards] == [f"{patient['id']}: Ro"]
    assert requests.targets()[sent_before:] == ["POST ", f"POST /cds-services/{service.id}"]


def test_prefetch_and_call_act_for_the_same_membership(
    client: LiveClient, requests: Requests
) -> None:
    bot_id = bot_of(client)
    membership = "ProjectMembership/30000000-0000-4000-8000-000000000003"
    service = service_of()
    with client.acting_for(membership):
        request = client("build_cds_request", service, context_of())
        client("call_cds_service", bot_id, request)
    client("call_cds_service", bot_id, request, on_behalf_of=membership)
    acting = [
        each["headers"].get("x-medplum-on-behalf-of")
        for each in requests.all()
        if each["target"] in {"/fhir/R4/", f"/cds-services/{bot_id}"}
    ]
    assert acting == [membership] * 3


def test_a_bot_that_is_no_service_is_not_called(client: LiveClient) -> None:
    bot = client.create("Bot")
    request = client("build_cds_request", service_of({}), context_of())
    with pytest.raises(NotFoundError):
        client("call_cds_service", bot["id"], request)


def test_a_bot_that_fails_is_an_error(client: LiveClient) -> None:
    bot_id = bot_of(client, "exports.handler = async () => { throw new Error('no') };")
    request = client("build_cds_request", service_of({}), context_of())
    with pytest.raises(BadRequestError):
        client("call_cds_service", bot_id, request)


def test_a_request_that_breaks_cds_hooks_is_not_sent(
    client: LiveClient, requests: Requests
) -> None:
    request = {"hook": "patient-view", "hookInstance": HOOK_INSTANCE, "context": {"userId": DOCTOR}}
    with pytest.raises(CDSHooksError, match=r"context\.patientId: Field required"):
        client("call_cds_service", "1", request)
    with pytest.raises(CDSHooksError, match=r"context\.patientId: Field required"):
        client("build_cds_request", service_of(), {"userId": DOCTOR})
    with pytest.raises(CDSHooksError, match=r"context\.userId") as caught:
        client("build_cds_request", service_of(), context_of(user_id="Ada Lovelace"))
    assert "Ada" not in str(caught.value)
    with pytest.raises(TypeError, match="request must be a dict or a CDSRequest, got list"):
        client("call_cds_service", "1", [])
    with pytest.raises(ValueError, match="service_id must be one segment"):
        client("call_cds_service", "../admin", {**request, "context": context_of()})
    assert requests.all() == []


def test_a_card_that_breaks_cds_hooks_hides_no_other(client: LiveClient) -> None:
    long = f"{{ ...{CARD}, summary: 'x'.repeat(200) }}"
    bot_id = bot_of(
        client,
        f"exports.handler = async () => ({{ cards: [{long}, {CARD}], "
        "systemActions: [{ type: 'burn', description: 'x' }] });",
    )
    request = client("build_cds_request", service_of({}), context_of())
    with pytest.raises(CDSHooksError, match=r"cards\.0\.summary"):
        client("call_cds_service", bot_id, request)
    told: list[CDSHooksError] = []
    response = client("call_cds_service", bot_id, request, on_error=told.append)
    assert [card.summary for card in response.cards] == ["fine"]
    assert [str(each).partition(" of the")[0] for each in told] == ["cards.0", "systemActions.0"]


@pytest.mark.parametrize("value", ["'text'", "{}", "{ cards: 'none' }", "{ cards: {} }"])
def test_an_answer_without_cards_is_an_error(client: LiveClient, value: str) -> None:
    bot_id = bot_of(client, f"exports.handler = async () => ({value});")
    request = client("build_cds_request", service_of({}), context_of())
    for on_error in (None, [].append):
        with pytest.raises(MedplumError):
            client("call_cds_service", bot_id, request, on_error=on_error)


def test_medplum_takes_no_feedback(client: LiveClient) -> None:
    feedback = {
        "card": HOOK_INSTANCE,
        "outcome": "overridden",
        "outcomeTimestamp": "2024-05-01T09:30:00Z",
    }
    with pytest.raises(NotFoundError):
        client("send_cds_feedback", "123", feedback)
