"""The services that a slot or schedule is for.

R5 types `serviceType` as `CodeableReference(HealthcareService)`; Medplum says the same in R4 with
a CodeableConcept whose extension holds the reference.
"""

from collections.abc import Sequence
from typing import Any

from pymedplum_runtime.helpers.extensions import get_extensions
from pymedplum_runtime.helpers.members import (
    FHIRData,
    choice_value,
    is_data,
    member,
    members_of,
    objects,
    text,
)
from pymedplum_runtime.helpers.references import parse_reference
from pymedplum_runtime.helpers.serialization import to_fhir_json

SERVICE_TYPE_REFERENCE_URL = "https://medplum.com/fhir/service-type-reference"


def service_type_reference_extension(
    reference: str, codings: Sequence[FHIRData] | None = None
) -> dict[str, Any]:
    """Build an entry of `serviceType` that refers to a HealthcareService.

    Args:
        reference: such as `HealthcareService/123`.
        codings: codes of the same service, for readers that ignore the extension.

    Returns:
        A CodeableConcept in FHIR JSON: the extension and the codings.

    Raises:
        ValueError: the reference is not to a HealthcareService.

    Example:
        >>> slot["serviceType"] = [service_type_reference_extension("HealthcareService/123")]
    """
    _require_service(reference)
    extension = {
        "url": SERVICE_TYPE_REFERENCE_URL,
        "valueReference": {"reference": reference},
    }
    concept: dict[str, Any] = {"extension": [extension]}
    if codings:
        concept["coding"] = [to_fhir_json(coding) for coding in codings]
    return concept


def read_service_type_references(slot_or_schedule: FHIRData) -> list[str]:
    """Return the references to HealthcareServices in `serviceType`, in their order.

    Entries without Medplum's extension are skipped.
    """
    concepts = objects(members_of(slot_or_schedule).get("serviceType"))
    extensions = [e for c in concepts for e in get_extensions(c, SERVICE_TYPE_REFERENCE_URL)]
    values = [choice_value(members_of(extension)) for extension in extensions]
    references = [text(member(value, "reference")) for value in values if is_data(value)]
    return [reference for reference in references if reference]


def _require_service(reference: str) -> None:
    try:
        resource_type, _ = parse_reference(reference)
    except ValueError:
        resource_type = ""
    if resource_type != "HealthcareService":
        raise ValueError("expected a reference to a service, such as HealthcareService/123")
