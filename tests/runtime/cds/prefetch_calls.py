"""Services that need data, and the answers of an EHR's FHIR server."""

from typing import Any

import httpx
from cds_calls import (
    RecordingEHR,
    a_card,
    anonymous_services,
)

from pymedplum.cds_models import Card, PatientViewRequest
from pymedplum.fhir import Observation
from pymedplum_runtime.cds.messages.prefetch import prefetched_resources
from pymedplum_runtime.cds.service.services import CDSServices

TEMPLATES = {
    "patient": "Patient/{{context.patientId}}",
    "weights": "Observation?patient={{context.patientId}}&code=29463-7",
}
PATIENT = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Sekret"}]}
SEARCH = "/fhir/Observation?patient=p1&code=29463-7"


def bundle(*ids: str, following: str | None = None) -> dict[str, Any]:
    """Give a page of a search."""
    entries = [
        {
            "resource": {
                "resourceType": "Observation",
                "id": each,
                "status": "final",
                "code": {"text": "weight"},
            }
        }
        for each in ids
    ]
    found: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    found |= {"entry": entries} if entries else {}
    if following:
        found["link"] = [
            {"relation": "self", "url": "x"},
            {"relation": "next", "url": following},
        ]
    return found


def serving(ehr: RecordingEHR, **options: Any) -> CDSServices:
    """Give a service that says how many weights it got."""
    given: dict[str, Any] = {"prefetch": TEMPLATES, **options}
    services = anonymous_services(fhir_servers=[ehr.base])

    @services.service("patient-view", id="greet", description="d", **given)
    def greet(request: PatientViewRequest) -> Card:
        found = prefetched_resources(request, "weights", Observation)
        return a_card(f"{len(found)} weights, {len(request.prefetch)} keys")

    return services


def said(answer: httpx.Response) -> str:
    """Return what the card of an answer says."""
    assert answer.status_code == 200, answer.text
    summary: str = answer.json()["cards"][0]["summary"]
    return summary


def faults(answer: httpx.Response) -> dict[str, str]:
    """Return what is missing, and why."""
    assert answer.status_code == 412, answer.text
    assert answer.json()["error"] == "the service lacks FHIR data that it needs"
    return {each["path"]: each["problem"] for each in answer.json()["problems"]}


def a_none(_: object) -> None:
    """Answer with no cards."""
