"""Validated writes as users write them."""

from typing import Any

from pymedplum import AsyncMedplumClient, InvalidResourceError, MedplumClient, WriteValidation
from pymedplum.fhir import Patient
from pymedplum.types import Validate

ADA: dict[str, Any] = {"resourceType": "Patient", "gender": "f"}
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
wanted: Validate = WriteValidation(where="both", profile=[US_CORE], level="profile")


def write(client: MedplumClient) -> Patient:
    client.create_resource(ADA, validate="server")
    client.update_with_retry("Patient", "1", dict, validate=wanted)
    client.execute_batch({"resourceType": "Bundle"}, validate="off")
    return client.create_resource(ADA, validate="local", as_fhir=Patient)


async def write_later(client: AsyncMedplumClient) -> Patient:
    return await client.upsert_resource(ADA, "identifier=1", validate=wanted, as_fhir=Patient)


with MedplumClient(validate="local", access_token="t") as offline:
    try:
        offline.create_resource(ADA)
    except InvalidResourceError as error:
        places: list[str] = [issue.expression for issue in error.report.errors]
        assert places == ["Patient.gender"]
