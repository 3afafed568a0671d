"""Texts that a careless pattern takes for ever over, and a place for one of each type."""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
LONG = 2**16
MEGABYTE = 2**20
UCUM = "http://unitsofmeasure.org"


def patient(**members: Any) -> Json:
    return {"resourceType": "Patient", **members}


# Beginnings, middles and ends that patterns with nested repetition stumble over.
PATHOLOGICAL = (
    "a", " ", "\t", "\n", "\r", "0", "1.", ".", "-", "/", "a ", "  a", "=", "A=", "+", "\u00a0",
    "é", "<", "<p>", "<!--", "&", "&a", "'", '"', "\\", "a.", "0.0", "urn:oid:1.", "http://", "#",
    "2020-", "2020-01-01T", "10:00:00.", "0" * 7 + "Z", "Aa", "A:", "x|",
)  # fmt: skip
ENDINGS = ("", "!", "\n", " ", "\u0000", "é")
PRIMITIVES: dict[str, Callable[[Any], Json]] = {
    "id": lambda text: patient(id=text),
    "uri": lambda text: patient(implicitRules=text),
    "code": lambda text: patient(language=text, gender=text),
    "date": lambda text: patient(birthDate=text),
    "dateTime": lambda text: patient(deceasedDateTime=text),
    "instant": lambda text: patient(meta={"lastUpdated": text}),
    "string": lambda text: patient(name=[{"family": text, "given": [text]}]),
    "canonical": lambda text: patient(meta={"profile": [text]}),
    "reference": lambda text: patient(managingOrganization={"reference": text}),
    "extension": lambda text: patient(extension=[{"url": text, "valueString": text}]),
    "xhtml": lambda text: patient(text={"status": "generated", "div": f"<div>{text}</div>"}),
    "base64Binary": lambda text: patient(photo=[{"data": text}]),
    "time": lambda text: {"resourceType": "Observation", "valueTime": text},
    "oid": lambda text: patient(extension=[{"url": "http://a", "valueOid": text}]),
    "uuid": lambda text: patient(extension=[{"url": "http://a", "valueUuid": text}]),
    "url": lambda text: patient(extension=[{"url": "http://a", "valueUrl": text}]),
    "markdown": lambda text: patient(extension=[{"url": "http://a", "valueMarkdown": text}]),
    "Quantity": lambda text: {
        "resourceType": "Observation",
        "valueQuantity": {"value": 1, "system": UCUM, "code": text, "unit": text},
    },
    "Coding": lambda text: patient(
        communication=[{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": text}]}}]
    ),
    "name": lambda text: {  # a name that an invariant holds against a pattern, as sdf-0
        "resourceType": "StructureDefinition", "name": text, "url": text, "status": "draft",
    },
    "fhirpath": lambda text: {
        "resourceType": "StructureDefinition",
        "differential": {"element": [{"id": text, "path": text, "sliceName": text}]},
    },
    "mime type": lambda text: patient(photo=[{"contentType": text}]),
    "fullUrl": lambda text: {
        "resourceType": "Bundle", "type": "collection",
        "entry": [{"fullUrl": text, "resource": patient()}],
    },
}  # fmt: skip


def pathological(size: int) -> list[str]:
    """Return strings of about a size that take a careless pattern for ever."""
    repeated = [part * (size // len(part)) for part in PATHOLOGICAL]
    return [text + ending for text in repeated for ending in ENDINGS]


def texts() -> list[str]:
    return [*pathological(LONG), "a" * MEGABYTE, " " * MEGABYTE, "0" * MEGABYTE, "a " * MEGABYTE]
