"""Measures FHIRPath: conditions of FHIR's own on one resource, beside the engines on PyPI."""

import subprocess

from tests.benchmarks.calls import BLOOD_PRESSURE
from tests.benchmarks.children import Runs, alternate, snippet
from tests.benchmarks.client_rows import medians_of
from tests.benchmarks.contestants import FHIRCRAFT, OURS, Contestant
from tests.benchmarks.environments import prepare_environment
from tests.benchmarks.rows import Report, Row, Target, notes_of

FHIRPATHPY, FHIRPATHRS = (
    Contestant(name=f"{name}-{version}", module=name, pattern="", dump="{}", requirements=(pin,))
    for name, version in (("fhirpathpy", "2.2.4"), ("fhirpathrs", "0.1.5"))
    for pin in (f"{name}=={version}",)
)
ENGINES = {"ours": OURS, "fhirpathpy": FHIRPATHPY, "fhirpathrs": FHIRPATHRS, "fhircraft": FHIRCRAFT}
CONDITIONS = {"obs-6": "short", "obs-7": "typical", "dom-3": "long"}
# Tens of them have to fit in well under a millisecond.
QUICK = Target("<= 0.2 x floor", "floor", 0.2)


def measure_fhirpath(starts: int, rounds: int, repeats: int) -> Report:
    """Time three invariants of an Observation, and processes that evaluate one once."""
    ready, notes = _prepare()
    conditions, failed = _run(ready, rounds, str(BLOOD_PRESSURE), str(repeats))
    lives, cold = _run(ready, starts, "start")
    times = {name: medians_of(runs) for name, runs in conditions.items()}
    rows = [
        Row(
            measure=f"{key}, a {size} invariant of a BP Observation (floor: {peer.name})",
            unit="us",
            floor=times.get(peer.name, {}).get(key),
            values=_shown({name: found[key] for name, found in times.items()}),
            target=QUICK,
        )
        for key, size in CONDITIONS.items()
        for peer in (FHIRPATHPY, FHIRPATHRS)
    ]
    starting = {name: runs.milliseconds for name, runs in lives.items()}
    rows.append(
        Row(
            measure=f"process start to first invariant (floor: {FHIRPATHPY.name})",
            unit="ms",
            floor=starting.get(FHIRPATHPY.name),
            values=_shown(starting),
        )
    )
    return Report(tuple(rows), notes_of(notes | failed | cold))


def _prepare() -> tuple[dict[str, Contestant], dict[str, str]]:
    ready: dict[str, Contestant] = {"ours": OURS}
    notes: dict[str, str] = {}
    for engine, contestant in ENGINES.items():
        if contestant is not OURS:
            try:
                prepare_environment(contestant)
            except subprocess.CalledProcessError:
                notes[contestant.name] = "it cannot be installed here"
                continue
        ready[engine] = contestant
    return ready, notes


def _run(
    ready: dict[str, Contestant], rounds: int, *arguments: str
) -> tuple[dict[str, Runs], dict[str, str]]:
    commands = {
        contestant.name: snippet(contestant.python, "fhirpath_calls.py", engine, *arguments)
        for engine, contestant in ready.items()
    }
    # It takes a quarter of a minute to start: once is enough.
    slow = {name: command for name, command in commands.items() if name == FHIRCRAFT.name}
    quick = {name: command for name, command in commands.items() if name not in slow}
    runs, failures = alternate(quick, rounds)
    more, failed = alternate(slow, 1, warm_up=False)
    return runs | more, failures | failed


def _shown(values: dict[str, float]) -> dict[str, float]:
    """Leave those out that stand in the floor's column."""
    return {name: value for name, value in values.items() if name in {OURS.name, FHIRCRAFT.name}}
