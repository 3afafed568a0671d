"""Seconds of reading Observations from NDJSON, and of mapping a function over them.

Usage: ndjson_rates.py RESOURCE_JSON LINES FOLDER. Prints a JSON object.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pymedplum.fhir import Observation
from pymedplum.ndjson import map_ndjson, read_ndjson


def status_of(observation: Observation) -> str:
    return observation.status


def seconds_of(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def exhausted(items: Iterator[Any]) -> int:
    return sum(1 for _ in items)


def seconds_after_the_first(results: Iterator[Any]) -> float:
    """Time results without the start of the processes."""
    next(results)
    return seconds_of(lambda: exhausted(results))


def main(resource: str, count: str, folder: str) -> None:
    line = json.dumps(json.loads(Path(resource).read_text(encoding="utf-8"))).encode()
    lines = [line] * int(count)
    file = Path(folder) / "Observation.ndjson"
    file.write_bytes(b"".join(each + b"\n" for each in lines))
    Observation.model_validate_json(line)
    seconds = {
        "validate_json": seconds_of(lambda: exhausted(map(Observation.model_validate_json, lines))),
        "typed": seconds_of(lambda: exhausted(read_ndjson(file, Observation))),
    }
    for processes in (1, 2):
        results = map_ndjson(status_of, [file] * 6, as_fhir=Observation, processes=processes)
        seconds[f"{processes} processes"] = seconds_after_the_first(results)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
