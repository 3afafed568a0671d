"""Reads every resource of a folder from its bytes and writes it again.

Usage: examples.py PATTERN DUMP_ARGUMENTS_JSON FOLDER. Prints the files that were parsed, those
whose JSON came back the same (numbers compared as text, members in any order), and why not.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.snippets.models import find_class


def exactly(text: str | bytes) -> Any:
    """Parse JSON so that 1.0, 1.00 and "1.0" all differ."""
    return json.loads(text, parse_float=_number, parse_int=_number)


def _number(digits: str) -> tuple[str, str]:
    return ("number", digits)


def main(pattern: str, arguments: str, folder: str) -> None:
    dump: dict[str, Any] = json.loads(arguments)
    parsed: list[str] = []
    identical: list[str] = []
    errors: dict[str, str] = {}
    for path in sorted(Path(folder).glob("*.json")):
        if path.name == "package.json":
            continue
        text = path.read_bytes()
        source = exactly(text)
        try:
            model = find_class(pattern, source["resourceType"]).model_validate_json(text)
            parsed.append(path.name)
            if exactly(model.model_dump_json(**dump)) == source:
                identical.append(path.name)
        except Exception as error:  # noqa: BLE001 - whatever a contestant raises, it refuses
            errors[path.name] = f"{type(error).__name__}: {error}"[:300]
    print(json.dumps({"parsed": parsed, "identical": identical, "errors": errors}))


main(*sys.argv[1:])
