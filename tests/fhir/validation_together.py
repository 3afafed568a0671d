"""Run in a process of its own: threads validate first, all at once, each in an order of its own.

Argument: how many threads. Prints the failures and the different outcomes they came to.
"""

import json
import sys
import threading
from pathlib import Path

Reports = list[tuple[str, str]]


def main(count: int) -> None:
    sys.path[:0] = [str(Path(__file__).parents[2])]
    from validation_instances import all_instances  # noqa: PLC0415 - needs the path

    asked = list(all_instances())
    barrier = threading.Barrier(count)
    outcomes: list[Reports] = []
    failures: list[str] = []

    def work(start: int) -> None:
        from pymedplum.validation import validate  # noqa: PLC0415 - its import is part of the race

        reports: Reports = []
        try:
            barrier.wait()
            for step in range(len(asked)):
                number = (start + step) % len(asked)
                url, instance = asked[number]
                report = validate(instance.payload, profile=None if instance.root else url)
                reports.append((str(number), repr(report)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            failures.append(repr(error))
        outcomes.append(sorted(reports))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    different = [o for n, o in enumerate(outcomes) if o not in outcomes[:n]]
    print(json.dumps({"failures": failures, "outcomes": different}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
