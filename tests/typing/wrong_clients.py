"""Calls of the clients that are wrong, and what the checkers say: see diagnostics.py."""

from typing import Any

from pymedplum import AsyncMedplumClient, MedplumClient
from pymedplum.fhir import HumanName, Observation, Patient
from pymedplum.hooks import PreparedRequest, RequestEvent

ADA: dict[str, Any] = {"resourceType": "Patient", "id": "1"}


async def later(event: RequestEvent) -> None:
    print(event)


async def change_later(request: PreparedRequest) -> PreparedRequest:
    return request


def of_the_event(event: RequestEvent) -> PreparedRequest:
    raise NotImplementedError


MedplumClient(on_request_complete=later)  # expect mypy: arg-type; pyright: reportArgumentType
MedplumClient(before_request=change_later)  # expect mypy: arg-type; pyright: reportArgumentType
MedplumClient(before_request=of_the_event)  # expect mypy: arg-type; pyright: reportArgumentType
AsyncMedplumClient(before_request=change_later)  # expect mypy: arg-type; pyright: reportArgumentType
MedplumClient("https://a.example", "id")  # expect mypy: call-arg; pyright: reportCallIssue
MedplumClient(client_secrt="a")  # expect mypy: call-arg; pyright: reportCallIssue
MedplumClient(validate="loccal")  # expect mypy: arg-type; pyright: reportArgumentType
client = MedplumClient()
later_client = AsyncMedplumClient()

client.read_resorce("Patient", "1")  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue, reportUnknownMemberType
client.read_resource("Patient")  # expect mypy: call-overload; pyright: reportCallIssue
client.read_resource("Patient", "1", foo=1)  # expect mypy: call-overload, call-overload; pyright: reportCallIssue
client.read_resource("Patient", 1)  # expect mypy: call-overload; pyright: reportArgumentType
client.read_resource("Patient", "1", as_fhir="Patient")  # expect mypy: call-overload; pyright: reportArgumentType, reportCallIssue
client.read_resource("Patient", "1", as_fhir=HumanName)  # expect mypy: type-var; pyright: reportArgumentType, reportCallIssue
client.search_resource_pages("Patient", as_fhir=dict)  # expect mypy: type-var; pyright: reportArgumentType, reportCallIssue
client.update_resource(ADA, if_match=1)  # expect mypy: call-overload; pyright: reportArgumentType
client.create_resource(ADA, validate="locally")  # expect mypy: call-overload; pyright: reportArgumentType
client.create_resource(ADA, validate=True)  # expect mypy: call-overload; pyright: reportArgumentType
client.update_resource([ADA])  # expect mypy: call-overload; pyright: reportArgumentType
client.update_with_retry("Patient", "1", lambda found: str(found))  # expect mypy: arg-type, return-value; pyright: reportArgumentType
client.search_with_options("Patient", total="all")  # expect mypy: call-overload; pyright: reportArgumentType, reportCallIssue
client.search_with_options("Patient", cuont=5)  # expect mypy: call-overload, call-overload; pyright: reportCallIssue
client.operations.patient_evrything("1")  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue, reportUnknownMemberType
client.terminolgy  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue, reportUnknownMemberType
client.fhir_base_url = "https://b.example/"  # expect mypy: misc; pyright: reportAttributeAccessIssue
born: str = client.read_resource("Patient", "1", Patient)  # expect mypy: assignment; pyright: reportAssignmentType
weight: Observation = client.read_resource("Patient", "1", as_fhir=Patient)  # expect mypy: assignment; pyright: reportAssignmentType
for each in client.search_resource_pages("Patient", as_fhir=Patient):
    print(each.birthDate)  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType


async def asynchronous() -> None:
    forgotten: Patient = later_client.read_resource("Patient", "1", as_fhir=Patient)  # expect mypy: assignment; pyright: reportAssignmentType
    print(forgotten)
    await later_client.read_resorce("Patient", "1")  # expect mypy: attr-defined; pyright: reportAttributeAccessIssue, reportUnknownMemberType
    await later_client.search_resource_pages("Patient")  # expect mypy: misc; pyright: reportGeneralTypeIssues
    for each in later_client.search_resource_pages("Patient"):  # expect mypy: attr-defined; pyright: reportGeneralTypeIssues, reportUnknownVariableType
        print(each)  # expect pyright: reportUnknownArgumentType
    with later_client:  # expect mypy: attr-defined, attr-defined; pyright: reportGeneralTypeIssues, reportGeneralTypeIssues
        pass
