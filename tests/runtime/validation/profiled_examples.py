"""Resources that keep US Core's and FHIR's own profiles, written from the specifications."""

from typing import Any

FHIR = "http://hl7.org/fhir/StructureDefinition/"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
OMB = "urn:oid:2.16.840.1.113883.6.238"
NARRATIVE = {
    "status": "generated",
    "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>An example</p></div>',
}


def race_or_ethnicity(name: str, category: str, detailed: str) -> dict[str, Any]:
    return {
        "url": US_CORE + name,
        "extension": [
            {"url": "ombCategory", "valueCoding": {"system": OMB, "code": category}},
            {"url": "detailed", "valueCoding": {"system": OMB, "code": detailed}},
            {"url": "text", "valueString": "as told"},
        ],
    }


def us_core_patient() -> dict[str, Any]:
    identity = {"coding": [{"system": "http://snomed.info/sct", "code": "446151000124109"}]}
    return {
        "resourceType": "Patient",
        "text": NARRATIVE,
        "extension": [
            race_or_ethnicity("race", "2106-3", "1586-7"),
            race_or_ethnicity("ethnicity", "2135-2", "2148-5"),
            {"url": US_CORE + "birthsex", "valueCode": "F"},
            {"url": US_CORE + "genderIdentity", "valueCodeableConcept": identity},
        ],
        "identifier": [{"system": "http://hospital.example.org", "value": "1032702"}],
        "name": [{"family": "Baxter", "given": ["Amy"]}],
        "telecom": [{"system": "phone", "value": "555-0100", "use": "home"}],
        "gender": "female",
        "birthDate": "1987-02-20",
        "address": [{"line": ["1 Main"], "city": "Mounds", "state": "OK", "postalCode": "74047"}],
        "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "en"}]}}],
    }


def implantable_device() -> dict[str, Any]:
    return {
        "resourceType": "Device",
        "text": NARRATIVE,
        "udiCarrier": [{"deviceIdentifier": "09504000059118", "carrierHRF": "(01)0950400005"}],
        "type": {"coding": [{"system": "http://snomed.info/sct", "code": "468063009"}]},
        "patient": {"reference": "Patient/example"},
    }


def medication_request() -> dict[str, Any]:
    category = "http://terminology.hl7.org/CodeSystem/medicationrequest-category"
    rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
    return {
        "resourceType": "MedicationRequest",
        "text": NARRATIVE,
        "status": "active",
        "intent": "order",
        "category": [{"coding": [{"system": category, "code": "outpatient"}]}],
        "reportedBoolean": False,
        "medicationCodeableConcept": {"coding": [{"system": rxnorm, "code": "1049502"}]},
        "subject": {"reference": "Patient/example"},
        "authoredOn": "2020-01-01",
        "requester": {"reference": "Patient/example"},
        "dosageInstruction": [{"text": "one tablet a day"}],
    }


def quantity(value: float, code: str) -> dict[str, Any]:
    return {"value": value, "unit": code, "system": UCUM, "code": code}


def concept(code: str, system: str = LOINC) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def vital_sign(code: str, **members: Any) -> dict[str, Any]:
    category = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation",
        "text": NARRATIVE,
        "status": "final",
        "category": [concept("vital-signs", category)],
        "code": concept(code),
        "subject": {"reference": "Patient/example"},
        "effectiveDateTime": "2020-01-01",
        **members,
    }


def blood_pressure() -> dict[str, Any]:
    component = [
        {"code": concept("8480-6"), "valueQuantity": quantity(120, "mm[Hg]")},
        {"code": concept("8462-4"), "valueQuantity": quantity(80, "mm[Hg]")},
    ]
    return vital_sign("85354-9", component=component)


def lipid_profile() -> dict[str, Any]:
    """A report on contained results, sliced by what their references lead to."""

    def result(id_: str, code: str, display: str, limit: str, value: float) -> dict[str, Any]:
        coding = [{"system": LOINC, "code": code, "display": display}]
        return {
            "resourceType": "Observation",
            "id": id_,
            "status": "final",
            "code": {"coding": coding},
            "valueQuantity": quantity(2, "mmol/L"),
            "referenceRange": [{limit: {"value": value}}],
        }

    volume = "[Moles/\u200bvolume] in Serum or Plasma"
    name = "Lipid panel with direct LDL - Serum or Plasma"
    return {
        "resourceType": "DiagnosticReport",
        "text": NARRATIVE,
        "contained": [
            result("c", "35200-5", f"Cholesterol {volume}", "high", 4.5),
            result("t", "35217-9", f"Triglyceride {volume}", "high", 2.0),
            result("h", "2085-9", "HDL Cholesterol", "low", 1.5),
            result("l", "18262-6", "LDL", "high", 3.0),
        ],
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "57698-3", "display": name}]},
        "result": [{"reference": f"#{id_}"} for id_ in "cthl"],
    }
