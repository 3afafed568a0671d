"""The benchmark command: measures, prints, and never judges by its exit status."""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from platform import python_version

from tests.benchmarks.calls import measure_calls
from tests.benchmarks.checkers import measure_checkers
from tests.benchmarks.client_rows import (
    measure_calls_of_clients,
    measure_concurrent_reads,
    measure_first_reads,
)
from tests.benchmarks.environments import prepare_environments
from tests.benchmarks.export_rows import measure_exports
from tests.benchmarks.fhirpath_rows import measure_fhirpath
from tests.benchmarks.ndjson_rows import measure_ndjson
from tests.benchmarks.paging_rows import measure_paging, measure_paging_memory
from tests.benchmarks.published import measure_published
from tests.benchmarks.rows import Report
from tests.benchmarks.starts import measure_starts
from tests.benchmarks.table import print_reports
from tests.benchmarks.table_rows import measure_tables
from tests.benchmarks.validation_rows import measure_validation


@dataclass(frozen=True, slots=True)
class Effort:
    """How often each kind of measurement is repeated."""

    starts: int
    calls: int
    repeats: int
    clients: int
    checkers: int


FULL = Effort(starts=11, calls=9, repeats=100, clients=3, checkers=3)
QUICK = Effort(starts=3, calls=3, repeats=30, clients=1, checkers=1)

PARTS: dict[str, Callable[[Effort], list[Report]]] = {
    "starts": lambda e: [measure_starts(e.starts)],
    "calls": lambda e: [measure_calls(e.calls, e.repeats)],
    "clients": lambda e: [
        measure_calls_of_clients(e.calls, e.repeats),
        measure_concurrent_reads(e.clients),
        measure_first_reads(e.starts),
    ],
    "paging": lambda e: [measure_paging(e.clients), measure_paging_memory()],
    "ndjson": lambda e: [measure_ndjson(e.calls)],
    "exports": lambda e: [measure_exports(e.calls + 1)],  # ten pairs
    "validation": lambda e: [measure_validation(e.starts, e.calls)],
    "fhirpath": lambda e: [measure_fhirpath(e.starts, e.calls, e.repeats)],
    "tables": lambda e: [measure_tables(e.clients)],
    "examples": lambda _: [measure_published()],
    "checkers": lambda e: [measure_checkers(e.checkers)],
}


def main() -> None:
    """Run the benchmarks and print one table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, rougher numbers")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=str([*PARTS])
    )
    arguments = parser.parse_args()
    effort = QUICK if arguments.quick else FULL
    prepare_environments()
    reports: list[Report] = []
    for part in arguments.only:
        print(f"Measuring: {part} ...", flush=True)
        reports += PARTS[part](effort)
    day = datetime.now(timezone.utc).date()
    machine = f"load {os.getloadavg()[2]:.1f} over 15 minutes on {os.cpu_count()} processors"
    print_reports(reports, f"Medians of one run, Python {python_version()}, {day}, {machine}")
