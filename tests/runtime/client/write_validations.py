"""A scripted server behind either client, and resources to write."""

from collections.abc import Callable
from typing import Any

from tests.api.api_calls import (
    Server,
    path,
)

MakeClient = Callable[..., Any]
BMI = "http://hl7.org/fhir/StructureDefinition/bmi"
US_CORE_PATIENT = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
SECRET = "Zebediah"
GOOD = {"resourceType": "Patient", "id": "1", "active": True}
BAD = {"resourceType": "Patient", "id": "1", "gender": SECRET, "name": [{"family": SECRET}]}
WEIRD = {"resourceType": "Patient", "id": "1", "contact": [{"gender": "male"}]}


def stored() -> dict[str, Any]:
    return {**GOOD, "meta": {"versionId": "3"}, "entry": []}


def written(server: Server) -> list[str]:
    return [
        f"{each.method} {path(each)}"
        for each in server.requests
        if each.method != "GET" and not path(each).endswith("$validate")
    ]


def entry(resource: dict[str, Any], method: str = "POST") -> dict[str, Any]:
    return {"resource": resource, "request": {"method": method, "url": "Patient"}}


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}
