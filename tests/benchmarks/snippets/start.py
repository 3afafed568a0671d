"""What a process does from its start; its whole life is timed from outside.

Usage: start.py bare | floor | import MODULE | build PATTERN INSTANCES_JSON
"""

import sys


def build(pattern: str, file: str) -> None:
    """Build one instance of each resource in the file; print how many were accepted."""
    import json  # noqa: PLC0415 - only this start pays for it
    from pathlib import Path  # noqa: PLC0415 - the same

    from tests.benchmarks.snippets.models import find_class  # noqa: PLC0415 - the same

    built = 0
    refused: list[str] = []
    for instance in json.loads(Path(file).read_bytes()):
        name = instance["resourceType"]
        try:
            model = find_class(pattern, name)
            model(**{key: value for key, value in instance.items() if key != "resourceType"})
        except (ImportError, AttributeError, ValueError):
            refused.append(name)
        else:
            built += 1
    print(json.dumps({"built": built, "refused": refused}))


def floor() -> None:
    """Import Pydantic and build one small model."""
    from pydantic import BaseModel  # noqa: PLC0415 - only this start pays for it

    class Small(BaseModel):
        family: str
        given: list[str]

    Small(family="Lovelace", given=["Ada"])


if sys.argv[1] == "floor":
    floor()
elif sys.argv[1] == "import":
    __import__(sys.argv[2])
elif sys.argv[1] == "build":
    build(*sys.argv[2:])
