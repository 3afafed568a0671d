"""Measures the clients: what one call costs, many at once, and the first one of a process."""

import json
import statistics
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

from tests.benchmarks.children import SNIPPETS, Runs, alternate, environment, snippet
from tests.benchmarks.contestants import OURS, PYMEDPLUM
from tests.benchmarks.rows import Report, Row, Target, notes_of

RIVALS = (PYMEDPLUM, OURS)
READS = 1000
AT_MOST_AS_LONG = Target("<= 1.0 x pymedplum", "peer", 1.0)


def measure_calls_of_clients(rounds: int, repeats: int) -> Report:
    """Time what each client adds to one read through httpx, which is the floor."""
    commands = {c.name: snippet(c.python, "client_call.py", str(repeats)) for c in RIVALS}
    runs, failures = alternate(commands, rounds, warm_up=False)
    times = {name: medians_of(each) for name, each in runs.items()}
    return Report(tuple(_overhead(times, kind) for kind in ("", "async ")), notes_of(failures))


def _overhead(times: dict[str, dict[str, float]], kind: str) -> Row:
    return Row(
        measure=f"{kind}client: overhead per call over bare httpx",
        unit="us",
        floor=_floor(times, f"{kind}httpx"),
        values={n: t[f"{kind}client"] - t[f"{kind}httpx"] for n, t in times.items()},
        target=AT_MOST_AS_LONG,
    )


def measure_concurrent_reads(rounds: int) -> Report:
    """Time many reads at once from one server on loopback: new clients, and warm ones."""
    with _canned_server() as port:
        commands = {
            c.name: snippet(c.python, "concurrent_reads.py", port, str(READS)) for c in RIVALS
        }
        runs, failures = alternate(commands, rounds, warm_up=False)
    times = {name: medians_of(each) for name, each in runs.items()}
    rows = [
        Row(
            measure=f"{READS:,} concurrent async reads, loopback server, {state}",
            unit="ms",
            values={name: t[state] for name, t in times.items()},
            target=AT_MOST_AS_LONG,
        )
        for state in ("connecting", "connected")
    ]
    return Report(tuple(rows), notes_of(failures))


def measure_first_reads(rounds: int) -> Report:
    """Time processes that read one resource and end; one that does it with httpx is the floor."""
    commands = {"floor": snippet(OURS.python, "first_read.py", "httpx")}
    forms = {"client": "a dict", "typed": "a Patient"}
    for c in RIVALS:
        commands |= {f"{c.name} {f}": snippet(c.python, "first_read.py", f) for f in forms}
    runs, failures = alternate(commands, rounds)
    floor = runs.pop("floor", None)
    rows = [
        Row(
            measure=f"process start to first read of a client, {said}",
            unit="ms",
            floor=floor.milliseconds if floor else None,
            values={
                c.name: runs[key].milliseconds
                for c in RIVALS
                if (key := f"{c.name} {form}") in runs
            },
            target=AT_MOST_AS_LONG,
        )
        for form, said in forms.items()
    ]
    return Report(tuple(rows), notes_of(failures))


def medians_of(runs: Runs) -> dict[str, float]:
    """Return the median of each number that the runs of a snippet printed."""
    every = [json.loads(output) for output in runs.outputs]
    return {name: statistics.median(numbers[name] for numbers in every) for name in every[0]}


def _floor(times: dict[str, dict[str, float]], name: str) -> float | None:
    return statistics.median(t[name] for t in times.values()) if times else None


@contextmanager
def _canned_server() -> Generator[str]:
    command = snippet(sys.executable, "canned_server.py")
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=SNIPPETS,
        env=environment(command),
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.stdin.close()
