"""HL7's published examples as bytes, and what "the same JSON" means."""

import json
from pathlib import Path
from typing import Any

from codegen.download import fetch_package
from codegen.sources import read_sources


def read_examples(label: str) -> dict[str, bytes]:
    """Return every published example of a FHIR release by its file's name."""
    folder = fetch_package(read_sources().releases[label].examples)
    return {p.name: p.read_bytes() for p in example_files(folder)}


def example_files(folder: Path) -> list[Path]:
    """List the resources in an npm package of examples."""
    return sorted(p for p in folder.glob("*.json") if p.name != "package.json")


def exactly(text: str | bytes) -> Any:
    """Parse JSON with its numbers as they are written; the order of members says nothing."""
    return json.loads(text, parse_float=_written, parse_int=_written)


def _written(number: str) -> tuple[str, str]:
    return ("number", number)
