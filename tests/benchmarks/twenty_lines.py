"""Twenty lines as a user writes them, valid for pymedplum 0.6.0 and for ours."""

from pymedplum.fhir import Observation, Patient
from pymedplum.fhir.humanname import HumanName


def full_name(name: HumanName) -> str:
    return " ".join([*(name.given or []), name.family or ""])


def summary(patient: Patient, observation: Observation) -> dict[str, str]:
    value = observation.value_quantity
    number = str(value.value) if value and value.value is not None else "unknown"
    names = [full_name(name) for name in patient.name or []]
    return {"who": ", ".join(names), "born": patient.birth_date or "", "value": number}


ada = Patient(birthDate="1815-12-10", name=[HumanName(family="Lovelace", given=["Ada"])])
pulse = Observation.model_validate({"resourceType": "Observation", "status": "final"})
print(summary(ada, pulse))
