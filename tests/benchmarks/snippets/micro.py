"""Microseconds of reading and writing one resource, with its models built.

Usage: micro.py PATTERN DUMP_ARGUMENTS_JSON RESOURCE_JSON REPEATS. Prints a JSON object of medians.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.snippets.models import find_class
from tests.benchmarks.snippets.timing import median_times


def main(pattern: str, arguments: str, file: str, repeats: str) -> None:
    dump: dict[str, Any] = json.loads(arguments)
    text = Path(file).read_bytes()
    data = json.loads(text)
    cls = find_class(pattern, data["resourceType"])
    model = cls.model_validate(data)
    calls = {
        "loads": lambda: json.loads(text),
        "validate": lambda: cls.model_validate(data),
        "validate_json": lambda: cls.model_validate_json(text),
        "dump_json": lambda: model.model_dump_json(**dump),
    }
    print(json.dumps(median_times(calls, int(repeats))))


main(*sys.argv[1:])
