"""The first part of the demo: what a user would do with the models, on HL7's examples."""

import json
import time
from typing import Any

from pydantic import ValidationError
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from codegen.download import fetch_package
from codegen.sources import read_sources
from pymedplum.fhir import FHIR_TYPES, FHIR_VERSION, Observation, Patient, parse_resource
from pymedplum.helpers import get_patient_display_name, to_fhir_json
from tests.demo.story import console


def tour_models() -> int:
    """Show the models, then read every example."""
    console.rule(f"pymedplum: models of FHIR {FHIR_VERSION}, {len(FHIR_TYPES)} classes")
    show_building()
    show_refusals()
    show_exactness()
    return read_examples()


def show_building() -> None:
    """Build a resource in both spellings and write it."""
    patient = Patient(
        name=[{"given": ["Ada"], "family": "Example"}], birth_date="1990-01-01", active=True
    )
    console.print("\n[bold]Build[/bold], in Python's spelling or FHIR's, with nested dicts:")
    console.print(f"  {patient!r} is {get_patient_display_name(patient)}: {to_fhir_json(patient)}")
    assert patient == Patient(
        name=[{"given": ["Ada"], "family": "Example"}], birthDate="1990-01-01", active=True
    )


def show_refusals() -> None:
    """Print what wrong input is answered with."""
    wrong: list[dict[str, Any]] = [
        {"birthDate": "2023-02-29"},
        {"active": "yes"},
        {"gender": "femal"},
        {"name": [{"familly": "Example"}]},
        {"deceasedBoolean": False, "deceasedDateTime": "2020"},
    ]
    console.print("\n[bold]Refuse[/bold], saying where and what, never the value:")
    for data in wrong:
        try:
            Patient.model_validate({"resourceType": "Patient", **data})
        except ValidationError as error:
            for line in error.errors(include_input=False):
                place = ".".join(str(step) for step in line["loc"])
                console.print(f"  Patient.{place}: {line['msg']}", highlight=False, markup=False)


def show_exactness() -> None:
    """Read and write a decimal that a float would change."""
    text = (
        '{"resourceType":"Observation","status":"final","code":{"text":"pH"},'
        '"valueQuantity":{"value":7.400}}'
    )
    observation = Observation.model_validate_json(text)
    assert observation.model_dump_json() == text
    console.print(f"\n[bold]Keep every digit[/bold]:\n  {text}\n")


def read_examples() -> int:
    """Read, write and compare HL7's examples; return the exit status."""
    folder = fetch_package(read_sources().packages["hl7.fhir.r4.examples"])
    files = sorted(path for path in folder.glob("*.json") if path.name != "package.json")
    refused: list[tuple[str, str]] = []
    changed: list[str] = []
    started = time.perf_counter()
    for path in track(files, "Reading HL7's R4 examples", console=console):
        raw = path.read_bytes()
        try:
            written = parse_resource(raw).model_dump_json()
        except ValidationError as error:
            line = error.errors(include_input=False)[0]
            place = ".".join(str(step) for step in line["loc"])
            refused.append((path.name, f"{place}: {line['msg']}"))
            continue
        if _exact(written) != _exact(raw):
            changed.append(path.name)
    report(len(files), refused, changed, time.perf_counter() - started)
    return 1 if changed else 0


def report(total: int, refused: list[tuple[str, str]], changed: list[str], seconds: float) -> None:
    """Print what was checked."""
    table = Table("file", "what breaks FHIR", title="Refused examples", title_justify="left")
    for row in refused:
        table.add_row(*map(escape, row))
    console.print(table)
    accepted = total - len(refused)
    console.print(
        f"{total} examples in {seconds:.0f} s: {accepted} accepted, {len(refused)} refused with "
        f"their reason, {accepted - len(changed)} identical after the round trip, "
        f"{len(changed)} changed."
    )


def _exact(text: str | bytes) -> object:
    """Parse JSON with numbers as their text."""
    return json.loads(text, parse_float=lambda t: ("number", t), parse_int=lambda t: ("number", t))
