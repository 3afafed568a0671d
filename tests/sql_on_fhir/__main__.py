"""`make sql-on-fhir`: how many of the conformance cases each way of running a view passes.

Or `.venv/bin/python -m tests.sql_on_fhir [--cases FOLDER] [--runner NAME ...]`.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.sql_on_fhir.cases import PUBLISHED, read_cases
from tests.sql_on_fhir.runners import RUNNERS
from tests.sql_on_fhir.verdicts import Verdict


def main() -> int:
    """Print the score of each runner and what fails; 1 where anything does."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--cases", type=Path, default=PUBLISHED, help="a folder of cases")
    parser.add_argument("--runner", nargs="*", choices=RUNNERS, default=list(RUNNERS))
    arguments = parser.parse_args()
    folder = arguments.cases.resolve()
    cases = read_cases(folder)
    return max(_report(name, RUNNERS[name](cases, folder)) for name in arguments.runner)


def _report(runner: str, verdicts: Sequence[Verdict]) -> int:
    failed = [verdict for verdict in verdicts if verdict.failure is not None]
    notes = Counter(verdict.note for verdict in verdicts if verdict.note)
    ways = ", ".join(f"{count} {note}" for note, count in sorted(notes.items()))
    passed = len(verdicts) - len(failed)
    print(f"{runner:<14}{passed} of {len(verdicts)}{ways and f' ({ways})'}", flush=True)
    for verdict in failed:
        print(f"  {verdict.case}\n    {verdict.failure}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
