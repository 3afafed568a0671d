"""What US Core's profiles and FHIR's vital signs are about, in instances written by hand."""

from dataclasses import dataclass
from typing import Any

from definitions import Json
from validation_published import FHIR, US_CORE, Keys

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
CDC = "urn:oid:2.16.840.1.113883.6.238"


@dataclass(frozen=True, slots=True)
class Instance:
    """A valid resource, and the keys of what a profile is about in it: an extension or all."""

    payload: Json
    root: Keys = ()


def quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def extension(name: str, parts: dict[str, Any]) -> Json:
    """Make one of US Core's extensions, a complex one of parts by `url value[x]`."""
    if "" in parts:
        return {"url": US_CORE + name, **parts[""]}
    inner = [{"url": key.split()[0], key.split()[1]: value} for key, value in parts.items()]
    return {"url": US_CORE + name, "extension": inner}


def cdc(code: str, display: str) -> Json:
    return {"system": CDC, "code": code, "display": display}


RACE = extension(
    "us-core-race",
    {
        "ombCategory valueCoding": cdc("2106-3", "White"),
        "detailed valueCoding": cdc("2108-9", "European"),
        "text valueString": "European",
    },
)
ETHNICITY = extension(
    "us-core-ethnicity",
    {
        "ombCategory valueCoding": cdc("2135-2", "Hispanic or Latino"),
        "detailed valueCoding": cdc("2148-5", "Mexican"),
        "text valueString": "Mexican",
    },
)
BIRTH_SEX = extension("us-core-birthsex", {"": {"valueCode": "F"}})
GENDER_IDENTITY = extension(
    "us-core-genderIdentity",
    {"": {"valueCodeableConcept": concept("http://snomed.info/sct", "446141000124107")}},
)
PATIENT: Json = {
    "resourceType": "Patient",
    "contained": [{"resourceType": "Organization", "id": "org", "name": "Ward"}],
    "extension": [RACE, ETHNICITY, BIRTH_SEX, GENDER_IDENTITY],
    "identifier": [{"system": "http://example.org/mrn", "value": "1"}],
    "name": [{"family": "Smith", "given": ["Ann", "Bea"]}],
    "telecom": [{"system": "phone", "value": "555", "use": "home"}],
    "gender": "female",
    "address": [{"state": "CA", "postalCode": "90210", "period": {"start": "2020"}}],
    "contact": [{"name": {"family": "Smith"}}],
    "communication": [{"language": concept("urn:ietf:bcp:47", "en")}],
    "managingOrganization": {"reference": "#org"},
    "link": [{"other": {"reference": "Patient/2"}, "type": "seealso"}],
}
DEVICE: Json = {
    "resourceType": "Device",
    "contained": [{"resourceType": "Organization", "id": "org", "name": "Ward"}],
    "udiCarrier": [{"deviceIdentifier": "1", "entryType": "manual"}],
    "type": concept("http://snomed.info/sct", "468063009"),
    "deviceName": [{"name": "Pump", "type": "other"}],
    "patient": {"reference": "Patient/1"},
    "owner": {"reference": "#org"},
}
REQUEST: Json = {
    "resourceType": "MedicationRequest",
    "contained": [{"resourceType": "Practitioner", "id": "by"}],
    "status": "active",
    "intent": "order",
    "category": [
        concept("http://terminology.hl7.org/CodeSystem/medicationrequest-category", "outpatient")
    ],
    "priority": "routine",
    "medicationCodeableConcept": concept("http://www.nlm.nih.gov/research/umls/rxnorm", "1049502"),
    "subject": {"reference": "Patient/1"},
    "requester": {"reference": "Practitioner/1"},
    "recorder": {"reference": "#by"},
}


def vital_sign(code: str, value: Json | None, components: list[Json]) -> Json:
    return {
        "resourceType": "Observation",
        "contained": [{"resourceType": "Organization", "id": "org", "name": "Ward"}],
        "status": "final",
        "category": [concept(CATEGORY, "vital-signs")],
        "code": concept(LOINC, code),
        "subject": {"reference": "Patient/1"},
        "performer": [{"reference": "#org"}],
        "effectiveDateTime": "2020-01-01",
        "component": components,
        **({"valueQuantity": value} if value else {}),
    }


def component(code: str, value: Json | None = None) -> Json:
    return {"code": concept(LOINC, code), "valueQuantity": value or quantity(1, "%")}


PRESSURES = [
    component("8480-6", quantity(120, "mm[Hg]")),
    component("8462-4", quantity(80, "mm[Hg]")),
]
OTHERS = [component("8478-0")]
SIGNS = {
    "vitalsigns": vital_sign("8867-4", quantity(60, "/min"), OTHERS),
    "vitalspanel": vital_sign("85353-1", None, OTHERS),
    "bodyweight": vital_sign("29463-7", quantity(70, "kg"), OTHERS),
    "bodyheight": vital_sign("8302-2", quantity(170, "cm"), OTHERS),
    "resprate": vital_sign("9279-1", quantity(12, "/min"), OTHERS),
    "heartrate": vital_sign("8867-4", quantity(60, "/min"), OTHERS),
    "bodytemp": vital_sign("8310-5", quantity(37, "Cel"), OTHERS),
    "headcircum": vital_sign("9843-4", quantity(50, "cm"), OTHERS),
    "oxygensat": vital_sign("2708-6", quantity(98, "%"), OTHERS),
    "bmi": vital_sign("39156-5", quantity(22, "kg/m2"), OTHERS),
    "bp": vital_sign("85354-9", None, PRESSURES),
}
SEEDS: dict[str, Instance] = {
    **{FHIR + name: Instance(payload) for name, payload in SIGNS.items()},
    US_CORE + "us-core-blood-pressure": Instance(SIGNS["bp"]),
    US_CORE + "us-core-implantable-device": Instance(DEVICE),
    US_CORE + "us-core-medicationrequest": Instance(REQUEST),
    US_CORE + "us-core-patient": Instance(PATIENT),
    US_CORE + "us-core-race": Instance(PATIENT, ("extension", 0)),
    US_CORE + "us-core-ethnicity": Instance(PATIENT, ("extension", 1)),
    US_CORE + "us-core-birthsex": Instance(PATIENT, ("extension", 2)),
    US_CORE + "us-core-genderIdentity": Instance(PATIENT, ("extension", 3)),
}
