"""Messages of CDS Hooks as services and health records build and read them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, SecretStr
from typing_extensions import assert_type

from pymedplum.cds import (
    REQUESTS,
    Action,
    Card,
    CDSRequest,
    CDSResponse,
    FHIRAuthorization,
    OrderSelectContext,
    OrderSelectRequest,
    PatientViewContext,
    PatientViewRequest,
    Source,
    Suggestion,
)
from pymedplum.fhir import Bundle, MedicationRequest, Patient, Reference

drug = MedicationRequest(
    id="d", status="draft", intent="order", subject=Reference(reference="Patient/1"),
    medication_codeable_concept={"text": "Aspirin"},
)  # fmt: skip
card = Card(
    summary="Take care",
    indicator="warning",
    source=Source(label="Drug desk"),
    suggestions=[
        Suggestion(
            label="Change it",
            is_recommended=True,
            actions=[Action(type="create", description="Order", resource=drug)],
        )
    ],
    selection_behavior="any",
)
card.detail = "More"
card.detail = None
response = CDSResponse(cards=[card])
assert_type(response.model_dump(), dict[str, Any])
assert_type(response.model_dump_json(), str)

context = OrderSelectContext(
    user_id="Practitioner/1",
    patient_id="1",
    selections=["MedicationRequest/d"],
    draft_orders=Bundle(type="collection", entry=[{"resource": drug}]),
)
request = OrderSelectRequest(
    hook_instance="6f1c2d6e-4a0b-4f6e-9c3a-0d9e5a7b1c2d",
    fhir_server="https://ehr.example/fhir",
    fhir_authorization=FHIRAuthorization(
        access_token=SecretStr("t"), expires_in=1, scope="patient/*.read", subject="c"
    ),
    context=context,
)
assert_type(request.hook, str)
assert_type(request.context.draft_orders, Bundle)
assert_type(request.prefetch, Mapping[str, Any])
request.prefetch = {"patient": Patient(active=True), "none": None}
patient: Patient = request.prefetch["patient"]
again = OrderSelectRequest.model_validate_json(request.model_dump_json())
assert_type(again, OrderSelectRequest)
cls: type[CDSRequest] = REQUESTS[request.hook]


class BedContext(BaseModel):
    """What a hook of our own says."""

    ward: str


class BedRequest(CDSRequest):
    """A request of it."""

    context: BedContext


bed = BedRequest(
    hook="com.example.bed",
    hook_instance="6f1c2d6e-4a0b-4f6e-9c3a-0d9e5a7b1c2d",
    context=BedContext(ward="A"),
)
assert_type(bed.context.ward, str)
view = PatientViewRequest(
    hook_instance="6f1c2d6e-4a0b-4f6e-9c3a-0d9e5a7b1c2d",
    context=PatientViewContext(user_id="Patient/1", patient_id="1"),
)
