"""Every overload of both clients, and the types that checkers infer; nothing here is called."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from typing_extensions import assert_type

from pymedplum import AsyncMedplumClient, FHIRBundle, MedplumClient, PatchOperation
from pymedplum.fhir import Bundle, OperationOutcome, Parameters, Patient

Dict = dict[str, Any]
ADA: Dict = {"resourceType": "Patient", "id": "1"}
PATCH: list[PatchOperation] = [{"op": "replace", "path": "/active", "value": True}]


class Owner(Patient):
    """A model of a user's own."""

    nickname: str | None = None


def writes(client: MedplumClient, patient: Patient, other: type[Patient] | None) -> None:
    assert_type(client.create_resource(patient), Dict)
    assert_type(client.create_resource(patient, as_fhir=Owner), Owner)
    assert_type(client.create_resource(ADA, as_fhir=other), Dict | Patient)
    assert_type(client.create_resource_if_none_exist(ADA, "identifier=1"), Dict)
    assert_type(client.create_resource_if_none_exist(ADA, "a=1", as_fhir=Patient), Patient)
    assert_type(client.update_resource(ADA), Dict)
    assert_type(client.update_resource(ADA, if_match='W/"1"', as_fhir=Patient), Patient)
    assert_type(client.update_resource(patient, if_match=False, as_fhir=other), Dict | Patient)
    assert_type(client.patch_resource("Patient", "1", PATCH), Dict)
    phone = {"system": "phone", "value": "555"}
    operations = [  # as people write it: to the type checkers a list of anything
        {"op": "replace", "path": "/active", "value": False},
        {"op": "add", "path": "/telecom/-", "value": phone},
    ]
    assert_type(client.patch_resource("Patient", "1", operations), Dict)
    assert_type(client.patch_resource("Patient", "1", PATCH, as_fhir=Patient), Patient)
    assert_type(client.patch_resource("Patient", "1", PATCH, as_fhir=other), Dict | Patient)
    assert_type(client.upsert_resource(ADA, "identifier=1", as_fhir=Patient), Patient)
    assert_type(client.update_with_retry("Patient", "1", lambda found: found).resource, Dict)
    assert_type(client.update_with_retry("Patient", "1", lambda _: None).wrote, bool)


def reads(client: MedplumClient, other: type[Patient] | None) -> None:
    assert_type(client.read_resource("Patient", "1", Owner), Owner)
    assert_type(client.read_resource("Patient", "1", other), Dict | Patient)
    assert_type(client.vread_resource("Patient", "1", "2"), Dict)
    assert_type(client.vread_resource("Patient", "1", "2", as_fhir=Patient), Patient)
    assert_type(client.vread_resource("Patient", "1", "2", other), Dict | Patient)
    assert_type(client.read_reference("Patient/1", Patient), Patient)
    assert_type(client.read_resource_if_modified("Patient", "1", version_id="2"), Dict | None)
    assert_type(
        client.read_resource_if_modified("Patient", "1", Patient, version_id="2"), Patient | None
    )
    assert_type(client.resource_history("Patient", "1"), Dict)
    assert_type(client.search_one("Patient"), Dict | None)
    assert_type(client.search_one("Patient", as_fhir=other), Dict | Patient | None)


def searches(client: MedplumClient, other: type[Patient] | None) -> None:
    assert_type(client.search_resources("Patient"), Dict)
    assert_type(client.search_resources("Patient", None, False), Dict)  # noqa: FBT003
    assert_type(client.search_resources("Patient", None, True), FHIRBundle[Dict])  # noqa: FBT003
    assert_type(client.search_with_options("Patient"), Dict)
    assert_type(client.search_with_options("Patient", return_bundle=True), FHIRBundle[Dict])
    assert_type(
        client.search_with_options("Patient", return_bundle=True, as_fhir=Owner), FHIRBundle[Owner]
    )
    for patient in client.search_resources("Patient", return_bundle=True, as_fhir=Patient):
        assert_type(patient, Patient)
    assert_type(
        client.search_resource_pages("Patient", as_fhir=other), Iterator[Dict] | Iterator[Patient]
    )
    for owner in client.search_resource_pages("Patient", {"_count": 5}, Owner, max_resources=9):
        assert_type(owner, Owner)


def operations(client: MedplumClient, other: type[Parameters] | None) -> None:
    assert_type(client.execute_operation("Patient", "everything", "1"), Dict)
    assert_type(client.execute_operation("Patient", "everything", "1", as_fhir=Bundle), Bundle)
    assert_type(client.execute_operation(None, "x", as_fhir=other), Dict | Parameters)
    assert_type(client.execute_batch(Bundle(type="batch")), Dict)
    assert_type(client.execute_graphql("{ a }", {"id": "1"}), Dict)
    assert_type(client.validate_resource(ADA), Dict)
    assert_type(client.operations.patient_everything("1", as_fhir=Bundle), Bundle)
    assert_type(client.terminology.subsumes(code_a="1", code_b="2"), Dict)
    assert_type(client.terminology.subsumes(code_a="1", as_fhir=Parameters), Parameters)
    client.create_resource(ADA, as_fhir=OperationOutcome)


async def asynchronous(client: AsyncMedplumClient, other: type[Patient] | None) -> None:
    assert_type(await client.read_resource("Patient", "1"), Dict)
    assert_type(await client.read_resource("Patient", "1", Patient), Patient)
    assert_type(await client.read_resource("Patient", "1", as_fhir=other), Dict | Patient)
    assert_type(await client.vread_resource("Patient", "1", "2", Patient), Patient)
    assert_type(await client.create_resource(ADA, as_fhir=Owner), Owner)
    assert_type(await client.update_resource(ADA, if_match=True, as_fhir=Patient), Patient)
    assert_type(await client.patch_resource("Patient", "1", PATCH, as_fhir=Patient), Patient)
    assert_type(await client.search_one("Patient", as_fhir=Patient), Patient | None)
    assert_type(await client.search_resources("Patient", None, True), FHIRBundle[Dict])  # noqa: FBT003
    assert_type(await client.search_resources("P", None, True, Patient), FHIRBundle[Patient])  # noqa: FBT003
    assert_type(client.search_resource_pages("Patient"), AsyncIterator[Dict])
    assert_type(client.search_resource_pages("Patient", None, Owner), AsyncIterator[Owner])
    assert_type(
        client.search_resource_pages("Patient", as_fhir=other),
        AsyncIterator[Dict] | AsyncIterator[Patient],
    )
    assert_type(await client.execute_operation(None, "x", as_fhir=Parameters), Parameters)
    assert_type(await client.operations.patient_everything("1", as_fhir=Bundle), Bundle)
    assert_type(await client.terminology.subsumes(code_a="1", as_fhir=Parameters), Parameters)
