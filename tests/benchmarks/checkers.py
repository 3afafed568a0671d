"""Measures cold type checking of twenty lines that are valid for pymedplum 0.6.0 and for ours."""

from pathlib import Path

from tests.benchmarks.children import Command, alternate
from tests.benchmarks.contestants import OURS, PYMEDPLUM, Contestant
from tests.benchmarks.rows import Report, Row, Target, notes_of

LINES = str(Path(__file__).with_name("twenty_lines.py"))
TARGET = Target("<= 1.1 x pymedplum", "peer", 1.1)


def measure_checkers(rounds: int) -> Report:
    """Time both checkers in one alternation; memory is that of the largest process."""
    contestants = (PYMEDPLUM, OURS)
    commands = {f"{c.name} mypy": _mypy(c) for c in contestants}
    commands |= {f"{c.name} pyright": _pyright(c) for c in contestants}
    runs, failures = alternate(commands, rounds, warm_up=False)
    rows: list[Row] = []
    for checker, label in (
        ("mypy", "cold mypy --strict, 20 lines"),
        ("pyright", "pyright, 20 lines"),
    ):
        names = {c.name: f"{c.name} {checker}" for c in contestants}
        found = {name: runs[key] for name, key in names.items() if key in runs}
        seconds = {name: r.milliseconds / 1e3 for name, r in found.items()}
        peaks = {name: r.peak_mib for name, r in found.items()}
        rows.append(Row(label, "s", seconds, target=TARGET))
        rows.append(Row(f"{label}: peak memory", "MiB", peaks, target=TARGET))
    return Report(tuple(rows), notes_of(failures))


def _mypy(contestant: Contestant) -> Command:
    cold = ("--config-file=", "--cache-dir={empty}/mypy")
    return (contestant.python, "-m", "mypy", "--strict", *cold, LINES)


def _pyright(contestant: Contestant) -> Command:
    python = contestant.python
    return (python, "-m", "pyright", "--pythonpath", python, LINES)
