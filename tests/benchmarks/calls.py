"""Measures calls inside a warm process: one resource read and written, one client call."""

import json
import statistics
from pathlib import Path

from tests.benchmarks.children import Runs, alternate, snippet
from tests.benchmarks.contestants import CONTESTANTS, OURS, PYMEDPLUM
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
    medians = {name: _medians(r) for name, r in runs.items()}
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


def measure_client(rounds: int, repeats: int) -> Report:
    """Time what each client adds to one read through httpx, which is the floor."""
    commands = {
        c.name: snippet(c.python, "client_call.py", str(repeats)) for c in (PYMEDPLUM, OURS)
    }
    runs, failures = alternate(commands, rounds, warm_up=False)
    medians = {name: _medians(r) for name, r in runs.items()}
    row = Row(
        measure="client overhead per call over bare httpx",
        unit="us",
        floor=statistics.median(m["httpx"] for m in medians.values()) if medians else None,
        values={name: m["client"] - m["httpx"] for name, m in medians.items()},
        target=Target("<= 1.0 x pymedplum", "peer", 1.0),
    )
    return Report((row,), notes_of(failures))


def _medians(runs: Runs) -> dict[str, float]:
    every = [json.loads(output) for output in runs.outputs]
    return {call: statistics.median(times[call] for times in every) for call in every[0]}
