"""Measures processes from start to end: imports, and first instances of resources."""

import json

from tests.benchmarks.children import Command, Runs, alternate, snippet
from tests.benchmarks.contestants import CONTESTANTS, OURS, ROOT, Contestant
from tests.benchmarks.minimal import Json, minimal_instances
from tests.benchmarks.rows import Report, Row, Target, notes_of

WORK = ROOT / ".cache" / "benchmarks"
PATIENT: Json = {
    "resourceType": "Patient",
    "active": True,
    "name": [{"family": "Lovelace", "given": ["Ada"]}],
    "birthDate": "1815-12-10",
}
COMMON = (
    "Observation",
    "Condition",
    "Encounter",
    "Practitioner",
    "Organization",
    "MedicationRequest",
    "Procedure",
    "AllergyIntolerance",
    "DiagnosticReport",
)
BUILDS = {
    "patient": "process start to first Patient(...)",
    "ten": "the same, ten common resources",
    "all": "the same, all resources built",
}
MEMORY = {"patient": "first Patient(...)", "ten": "ten common", "all": "all built"}
# The design's milliseconds are from a machine whose floor was 100.
IMPORT_TARGET = Target("<= 0.15 x floor (15 ms of 100)", "floor", 0.15)
TARGETS = {
    "patient": Target("<= 1.2 x floor (+20 ms of 100)", "floor", 1.2),
    "ten": Target("<= 1.6 x floor (+60 ms of 100)", "floor", 1.6),
    "all": Target("<= 7 x floor (+600 ms of 100)", "floor", 7.0),
}


def measure_starts(rounds: int) -> Report:
    """Time every start in one alternation."""
    _write_instances()
    commands = {
        "bare": snippet(OURS.python, "start.py", "bare"),
        "floor": snippet(OURS.python, "start.py", "floor"),
    }
    for contestant in CONTESTANTS:
        commands |= _commands(contestant)
    runs, failures = alternate(commands, rounds)
    floor = runs["floor"]
    rows = [_import_row(runs), *(_build_row(runs, start) for start in BUILDS)]
    rows += [_memory_row(runs, start, floor) for start in BUILDS]
    return Report(tuple(rows), notes_of(failures))


def _write_instances() -> None:
    every = minimal_instances()
    by_type = {instance["resourceType"]: instance for instance in every}
    WORK.mkdir(parents=True, exist_ok=True)
    for start, instances in {
        "patient": [PATIENT],
        "ten": [PATIENT, *(by_type[name] for name in COMMON)],
        "all": every,
    }.items():
        (WORK / f"{start}.json").write_text(json.dumps(instances), encoding="utf-8")


def _commands(contestant: Contestant) -> dict[str, Command]:
    python, pattern = contestant.python, contestant.pattern
    imports = {
        f"{contestant.name} import": snippet(python, "start.py", "import", contestant.module)
    }
    return imports | {
        f"{contestant.name} {start}": snippet(
            python, "start.py", "build", pattern, str(WORK / f"{start}.json")
        )
        for start in BUILDS
    }


def _of(runs: dict[str, Runs], start: str) -> dict[str, Runs]:
    """Return the runs of one start by contestant."""
    names = {contestant.name: f"{contestant.name} {start}" for contestant in CONTESTANTS}
    return {name: runs[key] for name, key in names.items() if key in runs}


def _import_row(runs: dict[str, Runs]) -> Row:
    bare = runs["bare"].milliseconds
    return Row(
        measure="import pymedplum (minus bare python)",
        unit="ms",
        floor=runs["floor"].milliseconds,
        values={n: r.milliseconds - bare for n, r in _of(runs, "import").items()},
        target=IMPORT_TARGET,
    )


def _build_row(runs: dict[str, Runs], start: str) -> Row:
    found = _of(runs, start)
    return Row(
        measure=BUILDS[start],
        unit="ms",
        floor=runs["floor"].milliseconds,
        values={name: r.milliseconds for name, r in found.items()},
        target=TARGETS[start],
        counts={name: f"{json.loads(r.outputs[0])['built']} built" for name, r in found.items()},
    )


def _memory_row(runs: dict[str, Runs], start: str, floor: Runs) -> Row:
    return Row(
        measure=f"peak memory: {MEMORY[start]}",
        unit="MiB",
        floor=floor.peak_mib,
        values={name: r.peak_mib for name, r in _of(runs, start).items()},
    )
