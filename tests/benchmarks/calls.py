"""Measures calls inside a warm process: one resource read and written."""

import statistics
from pathlib import Path

from tests.benchmarks.children import alternate, snippet
from tests.benchmarks.client_rows import medians_of
from tests.benchmarks.contestants import CONTESTANTS
from tests.benchmarks.rows import Report, Row, Target, notes_of

BLOOD_PRESSURE = Path(__file__).with_name("blood_pressure.json")
MEASURES = {
    "validate": "validate a BP Observation (dict)",
    "dump_json": "dump it to JSON text",
    "validate_json": "read it from JSON bytes",
}
TARGETS = {
    "validate": Target("<= 1.1 x pymedplum", "peer", 1.1),
    "dump_json": Target("<= 1.0 x pymedplum", "peer", 1.0),
}


def measure_calls(rounds: int, repeats: int) -> Report:
    """Time reading and writing in every contestant; the floor is `json.loads` of the text."""
    commands = {
        c.name: snippet(c.python, "micro.py", c.pattern, c.dump, str(BLOOD_PRESSURE), str(repeats))
        for c in CONTESTANTS
    }
    runs, failures = alternate(commands, rounds, warm_up=False)
    medians = {name: medians_of(r) for name, r in runs.items()}
    floor = statistics.median(m["loads"] for m in medians.values()) if medians else None
    rows = [
        Row(
            measure=measure,
            unit="us",
            floor=floor,
            values={name: m[call] for name, m in medians.items()},
            target=TARGETS.get(call),
        )
        for call, measure in MEASURES.items()
    ]
    return Report(tuple(rows), notes_of(failures))
