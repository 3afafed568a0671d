"""Resources as users read them: typed entries, JSON text, helpers, errors."""

import copy

from pydantic import BaseModel, TypeAdapter, ValidationError

import pymedplum.fhir
from pymedplum import get_extension_value, get_patient_display_name, to_fhir_json
from pymedplum.fhir import (
    FHIR_TYPES,
    Bundle,
    Observation,
    Parameters,
    Patient,
    codes,
    parse_resource,
    resource_class,
)
from pymedplum.fhir.humanname import HumanName  # noqa: TC001 - as users write it

TEXT = """{"resourceType": "Bundle", "type": "searchset", "entry": [
  {"resource": {"resourceType": "Patient", "birthDate": "1990", "name": [{"family": "A"}]}},
  {"resource": {"resourceType": "Observation", "status": "final", "code": {"text": "b"}}}
]}"""


class Visit(BaseModel):
    patient: Patient
    notes: list[Observation] = []


def families(bundle: Bundle) -> list[str]:
    found: list[str] = []
    for entry in bundle.entry or []:
        if isinstance(entry.resource, Patient):
            names: list[HumanName] = entry.resource.name or []
            found += [name.family for name in names if name.family]
        elif isinstance(entry.resource, Observation):
            found.append(entry.resource.status or "")
    return found


def greeting(gender: codes.AdministrativeGender) -> str:
    return {"male": "Mr", "female": "Ms"}.get(gender, "")


bundle = Bundle.model_validate_json(TEXT)
assert families(bundle) == ["A", "final"]
made = Bundle(type="batch", entry=[{"resource": Patient(birth_date="1990")}])
assert families(made) == []

patient = Patient.model_validate({"resourceType": "Patient", "gender": "male"}, extra="allow")
if patient.gender:
    assert greeting(patient.gender) == "Mr"
account: str | None = patient.medplum_account
accounts: list[str] = patient.medplum_accounts
resource = parse_resource(b'{"resourceType": "Patient", "id": "a"}')
identity: str | None = resource.id
assert (account, accounts, identity) == (None, [], "a")
assert resource_class("Patient") is Patient is pymedplum.fhir.Patient
assert "Patient" in FHIR_TYPES

text: str = patient.model_dump_json(indent=2)
plain = to_fhir_json(patient)
assert plain == patient.model_dump() == Patient.model_validate_json(text).model_dump()
assert get_patient_display_name(patient) is not None or account is None
assert get_extension_value(patient, "http://a") is None
updated: Patient = copy.deepcopy(patient).model_copy(update={"active": True})
assert updated.active

parameters = Parameters(
    parameter=[{"name": "a", "resource": patient}, {"name": "b", "valueCode": "c"}]
)
for parameter in parameters.parameter or []:
    if isinstance(parameter.resource, Patient):
        assert parameter.resource.gender == "male"

visit = Visit(patient=patient)
assert visit.patient.gender == "male"
patients: list[Patient] = TypeAdapter(list[Patient]).validate_python([{"resourceType": "Patient"}])
try:
    Patient.model_validate({"active": "yes"})
except ValidationError as error:
    print(error.error_count(), error)
