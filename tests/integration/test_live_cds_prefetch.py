"""Requests made ready: the prefetch templates of a service are read from the server."""

import pytest
from cds_bots import DOCTOR, HOOK_INSTANCE, NOBODY, bot_of, context_of, service_of
from live_calls import LiveClient, Requests

from pymedplum import (
    CDSHooksError,
    MedplumError,
)
from pymedplum.cds import (
    CDSRequest,
    OrderSignRequest,
    PatientViewContext,
    PatientViewRequest,
    PrefetchError,
)
from pymedplum.fhir import Bundle, Encounter, MedicationRequest, Patient, Practitioner
from tests.medplum_server.process import MedplumServer

WEIGHT = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
DRAFT = {
    "resourceType": "MedicationRequest",
    "id": "draft-1",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/1"},
    "medicationCodeableConcept": {"text": "x"},
}


def test_a_request_has_the_class_of_its_hook(client: LiveClient) -> None:
    request = client("build_cds_request", service_of({}), context_of())
    assert type(request) is PatientViewRequest
    assert request.context.patient_id == "1"
    own = client("build_cds_request", service_of({}, hook="my-own"), {"anything": 1})
    assert type(own) is CDSRequest
    assert own.hook_instance != request.hook_instance
    given = client("build_cds_request", service_of({}), context_of(), hook_instance=HOOK_INSTANCE)
    assert given.hook_instance == HOOK_INSTANCE


def test_prefetch_is_read_typed_and_what_is_not_there_is_null(client: LiveClient) -> None:
    patient = client.create()
    request = client("build_cds_request", service_of(), context_of(patient["id"], NOBODY))
    assert set(request.prefetch) == {"patient", "weights", "doctor"}  # there is no visit to read
    assert isinstance(request.prefetch["patient"], Patient)
    assert isinstance(request.prefetch["weights"], Bundle)
    assert request.prefetch["doctor"] is None


def test_nothing_is_sent_where_nothing_is_asked_for(client: LiveClient, requests: Requests) -> None:
    templates = {"visit": "Encounter/{{context.encounterId}}"}
    request = client("build_cds_request", service_of(templates), context_of())
    assert not request.prefetch
    assert requests.all() == []


def test_decimals_keep_their_digits(client: LiveClient) -> None:
    patient = client.create()
    reference = {"reference": f"Patient/{patient['id']}"}
    quantity = {"value": 72.5, "unit": "kg"}
    client.create("Observation", code=WEIGHT, subject=reference, valueQuantity=quantity)
    templates = {"weights": "Observation?patient={{context.patientId}}"}
    request = client("build_cds_request", service_of(templates), context_of(patient["id"]))
    assert '"value":72.5' in request.model_dump_json()
    assert str(request.prefetch["weights"].entry[0].resource.value_quantity.value) == "72.5"


def test_the_user_may_be_a_resource_and_fills_the_context(client: LiveClient) -> None:
    templates = {"me": "Practitioner/{{userPractitionerId}}", "role": "Basic/{{userPatientId}}"}
    doctor = Practitioner(id=DOCTOR.partition("/")[2])
    request = client(
        "build_cds_request", service_of(templates), {"patientId": "1"}, user=[doctor, "Patient/x"]
    )
    assert request.context.user_id == DOCTOR
    assert isinstance(request.prefetch["me"], Practitioner)
    assert request.prefetch["role"] is None
    with pytest.raises(CDSHooksError, match="a user is a reference"):
        client(
            "build_cds_request", service_of(), {"patientId": "1"}, user=Practitioner(active=True)
        )


def test_a_context_may_be_a_model_and_holds_models(client: LiveClient) -> None:
    context = PatientViewContext(user_id=DOCTOR, patient_id="1")
    request = client("build_cds_request", service_of({}), context)
    assert request.context == context
    orders = Bundle(type="collection", entry=[{"resource": DRAFT}, {"resource": DRAFT}])
    templates = {"meds": "MedicationRequest?_id={{context.draftOrders.MedicationRequest.id}}"}
    signed = client(
        "build_cds_request",
        service_of(templates, hook="order-sign"),
        {**context_of(), "draftOrders": orders},
    )
    assert type(signed) is OrderSignRequest
    assert isinstance(signed.context.draft_orders.entry[0].resource, MedicationRequest)
    assert isinstance(signed.prefetch["meds"], Bundle)


def test_what_is_at_hand_is_not_fetched(client: LiveClient, requests: Requests) -> None:
    visit = Encounter(status="planned", class_={"code": "AMB"})
    ready = {"patient": None, "visit": visit, "weights": {"resourceType": "Bundle"}, "doctor": None}
    request = client("build_cds_request", service_of(), context_of(), prefetch=ready)
    assert request.prefetch["visit"] == visit
    assert request.prefetch["patient"] is None
    assert requests.all() == []


def test_a_service_gets_no_more_than_it_asked_for(client: LiveClient, requests: Requests) -> None:
    with pytest.raises(CDSHooksError, match="no prefetch template for allergies"):
        client("build_cds_request", service_of(), context_of(), prefetch={"allergies": None})
    assert requests.all() == []


def test_what_the_server_refuses_is_told_as_its_outcome(client: LiveClient) -> None:
    templates = {"wrong": "Nonsense/{{context.patientId}}", "doctor": "{{context.userId}}"}
    request = client("build_cds_request", service_of(templates), context_of())
    assert request.prefetch.raw("wrong")["resourceType"] == "OperationOutcome"
    with pytest.raises(PrefetchError, match="'wrong' is an OperationOutcome"):
        request.prefetch["wrong"]
    assert isinstance(request.prefetch["doctor"], Practitioner)
    written = request.model_dump()["prefetch"]
    assert {key: value["resourceType"] for key, value in written.items()} == {
        "wrong": "OperationOutcome",
        "doctor": "Practitioner",
    }
    bot = bot_of(client)
    assert len(client("call_cds_service", bot, request).cards) == 1


def test_an_unknown_token_is_an_error_before_anything_is_sent(
    client: LiveClient, requests: Requests
) -> None:
    templates = {"bad": "Patient/{{patient}}", "doctor": "{{context.userId}}"}
    with pytest.raises(CDSHooksError, match=r"prefetch template 'bad', token \{\{patient\}\}"):
        client("build_cds_request", service_of(templates), context_of())
    assert requests.all() == []
    told: list[CDSHooksError] = []
    request = client("build_cds_request", service_of(templates), context_of(), on_error=told.append)
    assert list(request.prefetch) == ["doctor"]
    assert "'bad'" in str(told[0])


@pytest.mark.parametrize("template", ["https://evil.example/x", "Patient/1/$everything", "admin/x"])
def test_a_service_cannot_ask_for_more_than_reads_and_searches(
    client: LiveClient, requests: Requests, template: str
) -> None:
    with pytest.raises(CDSHooksError, match="must be a read such as"):
        client("build_cds_request", service_of({"bad": template}), context_of())
    assert requests.all() == []


def test_prefetch_that_fails_as_a_whole_need_not_end_the_call(
    client: LiveClient, server: MedplumServer
) -> None:
    server.control("faults", {"kinds": ["500"], "path": "^fhir/R4/$"})
    told: list[CDSHooksError] = []
    with pytest.raises(MedplumError):
        client("build_cds_request", service_of(), context_of())
    request = client("build_cds_request", service_of(), context_of(), on_error=told.append)
    assert not request.prefetch
    assert told[0].args[0].startswith("nothing could be prefetched")


def test_throttled_prefetch_is_asked_for_again(client: LiveClient, server: MedplumServer) -> None:
    server.control("config", {"throttledEntries": 1})
    patient = client.create()
    request = client("build_cds_request", service_of(), context_of(patient["id"]))
    assert isinstance(request.prefetch["patient"], Patient)
    assert client.clock.sleeps
