"""A service in fifteen lines, for every hook of CDS Hooks 2.0."""

from pymedplum.cds import Card, CDSRequest, CDSServices, Source, prefetched_resource
from pymedplum.fhir import Patient

HOOKS = ["patient-view", "order-select", "order-sign", "appointment-book"]
PREFETCH = {"patient": "Patient/{{context.patientId}}"}
services = CDSServices(allow_anonymous=True)


def greet(request: CDSRequest) -> Card:
    patient = prefetched_resource(request, "patient", Patient)
    summary = f"{request.hook} of a patient born in {(patient.birth_date or '?')[:4]}"
    return Card(summary=summary, indicator="info", source=Source(label="Fifteen lines"))


for hook in (*HOOKS, "encounter-start", "encounter-discharge"):
    services.service(hook, id="greet", description="Greets", prefetch=PREFETCH)(greet)
