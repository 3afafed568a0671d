"""Runs contestants as child processes, in turn, and reads their time and peak memory."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.contestants import ROOT

SNIPPETS = Path(__file__).with_name("snippets")
STOPWATCH = (sys.executable, "-S", "-E", str(SNIPPETS / "stopwatch.py"))

PATIENCE = 60.0  # seconds: a command that takes longer is not run again

Command = tuple[str, ...]


class ChildError(Exception):
    """A child process did not end with status 0."""


@dataclass(frozen=True, slots=True)
class Run:
    """One life of a process."""

    seconds: float
    peak_kib: int
    output: str


@dataclass(frozen=True, slots=True)
class Runs:
    """The lives of one contestant's process in one measurement."""

    runs: tuple[Run, ...]

    @property
    def milliseconds(self) -> float:
        return statistics.median(run.seconds for run in self.runs) * 1e3

    @property
    def peak_mib(self) -> float:
        return statistics.median(run.peak_kib for run in self.runs) / 1024

    @property
    def outputs(self) -> tuple[str, ...]:
        return tuple(run.output for run in self.runs)


def snippet(python: str, name: str, *arguments: str) -> Command:
    """Return the command that runs one of the snippets in a contestant's interpreter."""
    return (python, str(SNIPPETS / name), *arguments)


def run(command: Command) -> Run:
    """Run a command in an empty folder, where no project's configuration reaches it.

    Raises:
        ChildError: it failed; the message holds its last words.
    """
    with tempfile.TemporaryDirectory() as folder:
        filled = [part.replace("{empty}", folder) for part in command]
        child = subprocess.run(
            [*STOPWATCH, *filled],
            cwd=folder,
            env=environment(command),
            capture_output=True,
            text=True,
            check=False,
        )
    output, _, measured = child.stdout.rstrip("\n").rpartition("\n")
    if child.returncode:
        raise ChildError(f"the stopwatch itself failed: {child.stderr.strip()}")
    seconds, kib, status = measured.split()
    if status != "0":
        words = (child.stderr.strip() or output.strip() or "nothing said").splitlines()
        raise ChildError(f"exit status {status} after {float(seconds):.0f} s: {words[-1]}")
    return Run(float(seconds), int(kib), output.strip())


def alternate(
    commands: Mapping[str, Command], rounds: int, *, warm_up: bool = True
) -> tuple[dict[str, Runs], dict[str, str]]:
    """Run A B C A B C ..., so that the machine's drift meets all alike.

    Returns:
        The runs by contestant, and the last words of those that failed, which are left out.
    """
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    failures: dict[str, str] = {}
    for number in range(rounds + warm_up):
        for name, command in commands.items():
            if name in failures or any(run.seconds > PATIENCE for run in runs[name]):
                continue
            try:
                measured = run(command)
            except ChildError as error:
                failures[name] = str(error)
                continue
            if number >= warm_up:
                runs[name].append(measured)
    return {n: Runs(tuple(r)) for n, r in runs.items() if n not in failures}, failures


def environment(command: Command) -> dict[str, str]:
    """Return the variables that a command gets: none of Python's but ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    if str(SNIPPETS) in command[1]:
        kept["PYTHONPATH"] = str(ROOT)  # the snippets share modules; type checkers need no path
    return {**kept, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
