"""The benchmark command: measures, prints, and never judges by its exit status."""

import argparse
import os
from dataclasses import dataclass
from datetime import datetime, timezone
from platform import python_version

from tests.benchmarks.calls import measure_calls, measure_client
from tests.benchmarks.checkers import measure_checkers
from tests.benchmarks.environments import prepare_environments
from tests.benchmarks.published import measure_published
from tests.benchmarks.starts import measure_starts
from tests.benchmarks.table import print_reports


@dataclass(frozen=True, slots=True)
class Effort:
    """How often each kind of measurement is repeated."""

    starts: int
    calls: int
    repeats: int
    checkers: int


FULL = Effort(starts=11, calls=9, repeats=100, checkers=3)
QUICK = Effort(starts=3, calls=3, repeats=30, checkers=1)


def main() -> None:
    """Run every benchmark and print the table of design section 10."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, rougher numbers")
    effort = QUICK if parser.parse_args().quick else FULL
    prepare_environments()
    print("Measuring: starts, calls, a client, examples, type checkers ...", flush=True)
    reports = [
        measure_starts(effort.starts),
        measure_calls(effort.calls, effort.repeats),
        measure_client(effort.calls, effort.repeats),
        measure_published(),
        measure_checkers(effort.checkers),
    ]
    day = datetime.now(timezone.utc).date()
    machine = f"load {os.getloadavg()[2]:.1f} over 15 minutes on {os.cpu_count()} processors"
    print_reports(reports, f"Medians of one run, Python {python_version()}, {day}, {machine}")
