"""Asks Medplum's validator what it says of a resource against a profile; see judge.py."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from definitions import Json
from judge import CORE, DEFINITIONS, Issue, Verdict, _node

from codegen.download import fetch_package
from codegen.sources import read_sources

SCRIPT = Path(__file__).with_name("validation_judge.mjs")


def judge_profiled(asked: Iterable[tuple[str | None, Json]]) -> list[Verdict]:
    """Return Medplum's errors for each resource against a profile, or None for its type."""
    packages = read_sources().packages
    core = fetch_package(packages[CORE]) / "dist" / "esm" / "index.mjs"
    definitions = fetch_package(packages[DEFINITIONS]) / "dist" / "fhir" / "r4"
    lines = [json.dumps({"profile": p, "resource": r}, ensure_ascii=False) for p, r in asked]
    run = subprocess.run(
        [_node(), SCRIPT, core, definitions],
        input="\n".join(lines).encode(),
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr.decode()
    verdicts = [_errors(line) for line in run.stdout.splitlines()]
    assert len(verdicts) == len(lines)
    return verdicts


def _errors(line: bytes) -> Verdict:
    issues = json.loads(line)
    return tuple(Issue(i["code"], i["text"], i["path"]) for i in issues if i["severity"] == "error")
