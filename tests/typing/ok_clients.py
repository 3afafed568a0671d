"""Calls of both clients as users write them, and the types that checkers infer.

Nothing here is called: the functions are for the checkers, the imports run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal, TypeVar

from typing_extensions import assert_type

from pymedplum import AsyncMedplumClient, FHIRBundle, MedplumClient
from pymedplum.cds import CDSRequest, CDSResponse, CDSService, PatientViewContext
from pymedplum.fhir import Observation, Patient

Dict = dict[str, Any]
Model = TypeVar("Model", Patient, Observation)


def reads(client: MedplumClient) -> None:
    assert_type(client.read_resource("Patient", "1"), Dict)
    assert_type(client.read_resource("Patient", "1", Patient), Patient)
    assert_type(client.read_resource("Patient", "1", as_fhir=Patient), Patient)
    assert_type(client.create_resource({"resourceType": "Patient"}), Dict)
    assert_type(client.create_resource(Patient(active=True), as_fhir=Patient), Patient)
    assert_type(client.vread_resource("Patient", "1", "2", Patient), Patient)
    assert_type(client.search_one("Patient", as_fhir=Patient), Patient | None)
    assert_type(client.download_binary("1"), bytes)
    assert_type(client.delete_resource("Patient", "1"), None)


def searches(client: MedplumClient) -> None:
    assert_type(client.search_resources("Patient", {"family": "Smith"}), Dict)
    assert_type(client.search_resources("Patient", return_bundle=True), FHIRBundle[Dict])
    assert_type(client.search_resources("P", None, True, Patient), FHIRBundle[Patient])  # noqa: FBT003
    assert_type(
        client.search_resources("Patient", return_bundle=True, as_fhir=Patient),
        FHIRBundle[Patient],
    )
    assert_type(
        client.searchWithOptions("Patient", count=5, return_bundle=True, as_fhir=Patient),
        FHIRBundle[Patient],
    )
    assert_type(client.search_resource_pages("Patient"), Iterator[Dict])
    assert_type(client.search_resource_pages("Patient", None, Patient), Iterator[Patient])
    assert_type(client.search_resource_pages("Patient", as_fhir=Patient), Iterator[Patient])


def choices(client: MedplumClient, model: type[Patient] | None, *, is_bundle: bool) -> object:
    """Arguments that are only known when the code runs give unions."""
    either: Dict | Patient = client.read_resource("Patient", "1", model)
    several: Iterator[Dict] | Iterator[Patient] = client.search_resource_pages("P", as_fhir=model)
    bundle: Dict | FHIRBundle[Dict] = client.search_resources("Patient", return_bundle=is_bundle)
    typed: Dict | FHIRBundle[Patient] = client.search_resources("P", None, is_bundle, Patient)
    any_of_them: Dict | FHIRBundle[Dict] | FHIRBundle[Patient] = client.search_resources(
        "Patient", return_bundle=is_bundle, as_fhir=model
    )
    return either, several, bundle, typed, any_of_them


def hand_on(client: MedplumClient, model: type[Model]) -> Model:
    return client.read_resource("Patient", "1", model)


def groups(client: MedplumClient) -> None:
    client.admin.invite({"resourceType": "Patient", "firstName": "Ann", "lastName": "Lee"})
    assert_type(client.operations.patient_everything("1", type=["Observation"]), Dict)


def advice(client: MedplumClient, service: CDSService) -> None:
    assert_type(client.get_cds_services(), list[CDSService])
    request = client.build_cds_request(service, {"patientId": "2"}, user=["Practitioner/1"])
    assert_type(request, CDSRequest)
    assert_type(client.call_cds_service(service, request), CDSResponse)
    plain = {"hook": "patient-view", "hookInstance": "1", "context": {"patientId": "2"}}
    cards = client.call_cds_service("1", plain, base_url="https://cds.example.org").cards
    assert_type(cards[0].indicator, Literal["info", "warning", "critical"])
    feedback = {"card": "1", "outcome": "overridden", "outcomeTimestamp": "2024-05-01T09:30:00Z"}
    assert_type(client.send_cds_feedback(service, [feedback], on_behalf_of=""), None)


async def asynchronous(client: AsyncMedplumClient) -> None:
    assert_type(await client.read_resource("Patient", "1", as_fhir=Patient), Patient)
    assert_type(
        await client.search_resources("Patient", return_bundle=True, as_fhir=Patient),
        FHIRBundle[Patient],
    )
    assert_type(client.search_resource_pages("Patient", as_fhir=Patient), AsyncIterator[Patient])
    async for patient in client.search_resource_pages("Patient", as_fhir=Patient):
        assert_type(patient, Patient)
    assert_type(await client.operations.patient_everything("1"), Dict)
    [service] = await client.get_cds_services(authorization="Bearer abc", base_url="https://x.y")
    request = await client.build_cds_request(
        service, PatientViewContext(patient_id="2", user_id="")
    )
    assert_type(await client.call_cds_service(service, request), CDSResponse)
    async with client.on_behalf_of("ProjectMembership/1"):
        await client.delete_resource("Patient", "1")
