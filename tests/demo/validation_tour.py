"""The last part of the demo: rules, profiles, a guide of one's own, and guarded writes."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pymedplum import InvalidResourceError, MedplumClient, us_core, vital_signs
from pymedplum.fhir import Observation, Patient
from pymedplum.validation import load_profile, validate
from tests.demo.story import Story, console
from tests.medplum_server.process import MedplumServer

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
WARD = "https://example.com/invented/StructureDefinition/ward-patient"
SYSTEM = "https://example.com/invented/beds"
DAY = "2026-03-01"
SAID = "1 profile, 0 value sets: ward.py"
BROKEN: dict[str, Any] = {
    "resourceType": "Patient",
    "gender": "femal",
    "birthDate": "1990-02-30",
    "contact": [{"gender": "female"}],
    "famly": "Example",
}
BED = {
    "id": "Patient.identifier:bed",
    "path": "Patient.identifier",
    "sliceName": "bed",
    "min": 1,
    "max": "1",
}
SLICING = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
GUIDE: dict[str, Any] = {
    "resourceType": "StructureDefinition",
    "url": WARD,
    "name": "WardPatient",
    "type": "Patient",
    "kind": "resource",
    "derivation": "constraint",
    "baseDefinition": US_CORE,
    "differential": {
        "element": [
            {"id": "Patient.identifier", "path": "Patient.identifier", "slicing": SLICING},
            BED,
            {
                "id": "Patient.identifier:bed.system",
                "path": "Patient.identifier.system",
                "min": 1,
                "fixedUri": SYSTEM,
            },
        ]
    },
}


def tour_validation(server: MedplumServer, story: Story) -> None:
    """Validate what is invented, offline and before a write."""
    story.begin("Validation: profiles, invariants, codes (all names are invented)")
    patient = american_patient()
    story.tell("validate", "a US Core patient", report_of(patient, US_CORE), "valid")
    story.tell("validate", "a broken one", report_of(BROKEN), "4 errors")
    console.print(str(validate(BROKEN)), soft_wrap=True, markup=False)
    compile_guide(patient, story)
    measure(story)
    write(server, patient, story)


def american_patient() -> Patient:
    """Give a patient with what US Core asks for, and its extensions."""
    patient = Patient(
        text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Ada</div>'},
        identifier=[{"system": "https://example.com/invented/patients", "value": "1"}],
        name=[{"given": ["Ada"], "family": "Example"}],
        gender="female",
    )
    us_core.set_birth_sex(patient, "F")
    us_core.set_race(patient, us_core.Race(text="White", omb_category=["2106-3"]))
    return patient


def report_of(resource: Patient | Observation | dict[str, Any], profile: str | None = None) -> str:
    errors = validate(resource, profile=profile).errors
    return f"{len(errors)} error{'s'[: len(errors) - 1]}" if errors else "valid"


def compile_guide(patient: Patient, story: Story) -> None:
    """Compile a profile of a profile on the command line, and load the module."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ward.json").write_text(json.dumps(GUIDE), encoding="utf-8")
        command = [sys.executable, "-m", "pymedplum", "profile", "ward.json", "-o", "ward.py"]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        said = ran.stderr.strip()
        story.tell("guide", "pymedplum profile ward.json -o ward.py", said, SAID)
        [url] = load_profile(folder / "ward.py")
    story.tell("guide", "load_profile('ward.py')", url, WARD)
    [missing] = validate(patient, profile=WARD).errors
    story.tell("guide", "a slice that is missing", missing.element, "Patient.identifier:bed")
    bed = {"system": SYSTEM, "value": "7"}
    moved = patient.model_copy(update={"identifier": [*(patient.identifier or ()), bed]})
    story.tell("guide", "with the slice", report_of(moved, WARD), "valid")


def measure(story: Story) -> None:
    weight = vital_signs.body_weight(70.5, "kg", subject="Patient/1", effective=DAY)
    story.tell("vitals", "body_weight(70.5, 'kg', ...)", report_of(weight), "valid")
    pressure = us_core.blood_pressure(118, 76, subject="Patient/1", effective=DAY)
    story.tell("vitals", "us_core.blood_pressure(118, 76, ...)", report_of(pressure), "valid")
    systolic = us_core.systolic(pressure)
    shown = f"{systolic.value} {systolic.unit}" if systolic else None
    story.tell("vitals", "us_core.systolic(...)", shown, "118 mm[Hg]")


def write(server: MedplumServer, patient: Patient, story: Story) -> None:
    """Let the client validate what it is about to send."""
    with MedplumClient(
        base_url=server.base_url,
        client_id=server.client_id,
        client_secret=server.client_secret,
        validate="local",
    ) as client:
        created = client.create_resource(patient, as_fhir=Patient)
        story.tell("write", "validate='local', a valid patient", bool(created.id), expected=True)
        try:
            client.create_resource(BROKEN)
        except InvalidResourceError as error:
            stopped = f"{type(error).__name__}, {len(error.report.errors)} errors"
        else:
            stopped = "nothing"
        story.tell("write", "a broken one", stopped, "InvalidResourceError, 4 errors")
        found = client.search_with_options("Patient", summary="count", total="accurate")
        story.tell("write", "patients that the server got", found["total"], 1)
