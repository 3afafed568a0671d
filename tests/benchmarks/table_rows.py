"""Measures views: a million blood pressures into Parquet, beside the loop that scripts have."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.children import Runs, alternate, snippet
from tests.benchmarks.client_rows import medians_of
from tests.benchmarks.contestants import OURS, ROOT, TABLES
from tests.benchmarks.environments import install_checkout, prepare_environment
from tests.benchmarks.rows import Report, Row, Target, notes_of

LINES = 1_000_000
FOLDER = ROOT / ".cache" / "benchmarks"
MOST_MIB = 500e6 / 2**20
WAYS = {
    "loop": ("loop", "1"),
    "default": ("default", "1"),
    "DuckDB, 1 thread": ("duckdb", "1"),
    "DuckDB, 2 threads": ("duckdb", "2"),
    "Python, 1 process": ("python", "1"),
    "Python, 2 processes": ("python", "2"),
}
FIVE_TIMES = Target("rate >= 5 x the loop", "floor", 1 / 5)
THRICE = Target("rate >= 3 x Python", "floor", 1 / 3)
NEARLY_TWICE = Target("rate >= 1.7 x one process", "floor", 1 / 1.7)
MEMORY = Target("<= 500 MB", "floor", 1.0)


def measure_tables(rounds: int, lines: int = LINES) -> Report:
    """Run every way in a process of its own, in turn, over one file."""
    prepare_environment(TABLES)
    install_checkout(TABLES)
    source = _source(lines)
    commands = {
        name: snippet(TABLES.python, "table_run.py", *way, str(source), "{empty}")
        for name, way in WAYS.items()
    }
    runs, failures = alternate(commands, rounds, warm_up=False)
    return Report(tuple(_rows(runs, lines)), notes_of(failures))


def _rows(runs: dict[str, Runs], lines: int) -> Iterator[Row]:
    medians = {name: medians_of(each) for name, each in runs.items()}
    seconds = {name: numbers["seconds"] for name, numbers in medians.items()}
    compared = (
        ("default", "loop", FIVE_TIMES),
        ("DuckDB, 1 thread", "Python, 1 process", THRICE),
        ("DuckDB, 2 threads", "DuckDB, 1 thread", None),
        ("Python, 2 processes", "Python, 1 process", NEARLY_TWICE),
    )
    for name, floor, target in compared:
        if name in seconds:
            yield Row(
                measure=f"{lines:,} BP Observations to Parquet: {name} (floor: {floor})",
                unit="s",
                floor=seconds.get(floor),
                values={OURS.name: seconds[name]},
                target=target,
            )
    for name in ("default", "Python, 1 process"):
        if name in runs:
            yield Row(
                measure=f"the same, peak memory: {name} (floor: 500 MB)",
                unit="MiB",
                floor=MOST_MIB,
                values={OURS.name: runs[name].peak_mib},
                target=MEMORY,
            )


def _source(lines: int) -> Path:
    """Return the file, which is made once and kept."""
    path = FOLDER / f"blood-pressures-{lines}.ndjson"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = path.with_suffix(".part")
        draw = random.Random(1)  # noqa: S311 - numbers that differ
        with begun.open("w", encoding="utf-8") as file:
            for number in range(lines):
                text = json.dumps(_observation(number, draw), separators=(",", ":"))
                file.write(f"{text}\n")
        shutil.move(begun, path)
    return path


def _observation(number: int, draw: random.Random) -> dict[str, Any]:
    day, hour = f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}", number % 24
    vital = {"code": "vital-signs", "display": "Vital Signs"}
    category = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {
        "resourceType": "Observation",
        "id": f"obs-{number}",
        "meta": {"versionId": "1", "lastUpdated": "2024-05-01T09:30:00.123Z"},
        "status": "final",
        "category": [{"coding": [{"system": category, **vital}]}],
        "code": {**_loinc("85354-9", "Blood pressure panel"), "text": "Blood pressure"},
        "subject": {"reference": f"Patient/p{number % 10_000}"},
        "effectiveDateTime": f"{day}T{hour:02}:30:00-05:00",
        "component": [
            _component("8480-6", "Systolic blood pressure", draw.randint(900, 1800) / 10),
            _component("8462-4", "Diastolic blood pressure", draw.randint(50, 120)),
        ],
    }


def _component(code: str, display: str, value: float) -> dict[str, Any]:
    unit = {"unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}
    return {"code": _loinc(code, display), "valueQuantity": {"value": value, **unit}}


def _loinc(code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://loinc.org", "code": code, "display": display}]}
