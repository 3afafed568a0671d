"""Implementation guides from npm: their profiles, their examples, and what HL7's validator says."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from definitions import Json

from codegen.download import fetch_package
from codegen.sources import read_sources

GUIDES = ("hl7.fhir.us.mcode", "hl7.fhir.uv.ips")
# Errors of a validator whose terminology server did not answer say nothing of the resource.
UNANSWERED = ("UnknownHostException", "Error from http://tx.fhir.org")


@dataclass(frozen=True, slots=True)
class Guide:
    """An implementation guide as published."""

    folder: Path
    examples: dict[str, Json]
    errors: dict[str, list[str]]  # what HL7's validator found, by example


@cache
def guide(name: str) -> Guide:
    folder = fetch_package(read_sources().packages[name])
    examples = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((folder / "example").glob("*.json"))
    }
    outcomes = json.loads((folder / "other" / "validation-oo.json").read_text(encoding="utf-8"))
    errors = {e["resource"]["id"]: _errors(e["resource"]) for e in outcomes["entry"]}
    return Guide(folder, examples, {n: errors[n] for n in examples if n in errors})


def _errors(outcome: Json) -> list[str]:
    issues = [i for i in outcome.get("issue", ()) if i["severity"] in {"error", "fatal"}]
    texts = [issue["details"]["text"] for issue in issues]
    return [text for text in texts if not any(u in text for u in UNANSWERED)]
