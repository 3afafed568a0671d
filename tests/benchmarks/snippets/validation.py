"""Validation of one US Core Patient, and of a folder of resources. Prints a JSON object.

Usage: validation.py warm PATIENT REPEATS | first PATIENT | pydantic | once PATIENT
| examples FOLDER | fhircraft DEFINITIONS PATIENT REPEATS
"""

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

PROFILE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"


def seconds_of(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def resource_in(file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(file).read_bytes())
    return found


def checked(patient: dict[str, Any]) -> None:
    """Validate, and see that the profile was applied and nothing found."""
    from pymedplum.validation import validate  # noqa: PLC0415 - the start is timed

    report = validate(patient)
    assert report.profiles == (PROFILE,)
    assert report.issues == ()


def warm(file: str, repeats: str) -> dict[str, float]:
    """Return microseconds of reading into the model, and of validating the same dict."""
    from pymedplum.fhir import Patient  # noqa: PLC0415 - other starts do without
    from pymedplum.validation import validate  # noqa: PLC0415 - the same
    from tests.benchmarks.snippets.timing import median_times  # noqa: PLC0415 - the same

    patient = resource_in(file)
    checked(patient)
    return median_times(
        {
            "model_validate": lambda: Patient.model_validate(patient),
            "validate": lambda: validate(patient),
        },
        int(repeats),
    )


def first(file: str) -> dict[str, float]:
    """Return milliseconds of the import, and of the first call after it."""
    patient = resource_in(file)
    imported = seconds_of(lambda: import_module("pymedplum.validation").validate)
    called = seconds_of(lambda: checked(patient))
    assert "pydantic" not in sys.modules
    return {"import": imported * 1e3, "first": called * 1e3}


def pydantic() -> dict[str, float]:
    return {"import": seconds_of(lambda: __import__("pydantic").BaseModel) * 1e3}


def once(file: str) -> dict[str, float]:
    checked(resource_in(file))
    return {}


def examples(folder: str) -> dict[str, float]:
    """Return the seconds of validating every resource, and how many are without an error."""
    from pymedplum.validation import validate  # noqa: PLC0415 - the same

    files = [f for f in sorted(Path(folder).glob("*.json")) if f.name != "package.json"]
    resources = [json.loads(file.read_bytes()) for file in files]
    valid = 0
    start = time.perf_counter()
    for resource in resources:
        valid += validate(resource).ok
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "resources": len(resources), "valid": valid}


def fhircraft(definitions: str, file: str, repeats: str) -> dict[str, float]:
    """Return the seconds until the model is built, and microseconds of validating with it."""
    import warnings  # noqa: PLC0415 - other starts do without

    warnings.simplefilter("ignore")  # its constraints of severity warning
    start = time.perf_counter()
    factory = import_module("fhircraft").FHIRModelFactory(fhir_release="R4")
    factory.disable_internet_access()
    for definition in json.loads(Path(definitions).read_bytes()):
        factory.register(definition)
    model = factory.build(canonical_url=PROFILE)
    built = time.perf_counter() - start
    patient = resource_in(file)
    call = seconds_of(lambda: model.model_validate(patient))
    again = [seconds_of(lambda: model.model_validate(patient)) for _ in range(int(repeats))]
    return {"built": built, "first": call * 1e3, "validate": sorted(again)[len(again) // 2] * 1e6}


MODES: dict[str, Callable[..., dict[str, float]]] = {
    "warm": warm,
    "first": first,
    "pydantic": pydantic,
    "once": once,
    "examples": examples,
    "fhircraft": fhircraft,
}
print(json.dumps(MODES[sys.argv[1]](*sys.argv[2:])))
