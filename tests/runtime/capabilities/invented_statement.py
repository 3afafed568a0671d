"""A small server's CapabilityStatement, invented; tests change it as they like."""

from typing import Any

OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


def param(name: str, kind: str = "token", **more: str) -> dict[str, str]:
    return {"name": name, "type": kind, **more}


def resource(resource_type: str, *params: dict[str, str], **more: object) -> dict[str, Any]:
    return {"type": resource_type, "searchParam": list(params), **more}


def statement(*resources: dict[str, Any], **rest: object) -> dict[str, Any]:
    """Give a statement with these resources; keywords are members of `rest`."""
    return {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [{"mode": "server", "resource": list(resources), **rest}],
    }


def clinic() -> dict[str, Any]:
    """Give the statement of a server with three types that can be searched."""
    return statement(
        resource(
            "Patient",
            param("_id"),
            param("name", "string"),
            param("birthdate", "date"),
            param("organization", "reference"),
        ),
        resource(
            "Observation", param("code"), param("subject", "reference"), param("date", "date")
        ),
        resource("Organization", param("partof", "reference"), param("address-city", "string")),
        resource("Binary"),
        searchParam=[param("_sort"), param("_special")],
    )
