"""Asks two FHIRPath engines, run in Node: Medplum's evalFhirPathTyped, and LHNCBC's fhirpath.js.

The first stands in @medplum/core, pinned by specs/sources.toml, the second in packages pinned by
fhirpath_judges.toml beside this file.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge import CORE, _node

from codegen.download import fetch_package
from codegen.sources import CACHE, NpmPackage, read_sources
from codegen.toml import read_toml

HERE = Path(__file__).parent
PINS = HERE / "fhirpath_judges.toml"
SCRIPT = HERE / "fhirpath_judges.mjs"
UCUM = HERE / "fhirpath_ucum.cjs"
JUDGES = ("medplum", "fhirpath.js")
Answer = list[Any] | None  # None: the expression fails


@dataclass(frozen=True, slots=True)
class Question:
    """Expressions to evaluate on one resource."""

    resource: dict[str, Any]
    expressions: tuple[str, ...]


def ask_judges(questions: Sequence[Question]) -> list[dict[str, list[Answer]]]:
    """Return for each question what each judge answers to each expression."""
    packages = read_sources().packages
    core = fetch_package(packages[CORE]) / "dist" / "esm" / "index.mjs"
    lines = "".join(
        json.dumps({"resource": q.resource, "expressions": q.expressions}) + "\n" for q in questions
    )
    run = subprocess.run(
        [_node(), SCRIPT, core, _fhirpath_js()],
        input=lines.encode(),
        capture_output=True,
        check=False,
        env={**os.environ, "TZ": "UTC"},
    )
    assert run.returncode == 0, run.stderr.decode()[-2000:]
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(questions)
    return [dict(zip(JUDGES, answer, strict=True)) for answer in answers]


def _fhirpath_js() -> Path:
    """Return a folder whose node_modules holds fhirpath.js and what it needs."""
    pins = PINS.read_bytes() + UCUM.read_bytes()
    folder = CACHE / "fhirpath" / hashlib.sha256(pins).hexdigest()[:16]
    if not folder.is_dir():
        scratch = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
        _assemble(scratch / "node_modules")
        try:
            scratch.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(scratch)
    return folder


def _assemble(modules: Path) -> None:
    registry = read_toml(HERE.parents[1] / "specs" / "sources.toml")["registry"]["url"]
    for name, pin in read_toml(PINS)["packages"].items():
        package = fetch_package(NpmPackage(name=name, registry=registry, **pin))
        shutil.copytree(package, modules / name)
    units = modules / "@lhncbc" / "ucum-lhc"
    units.mkdir(parents=True)
    shutil.copyfile(UCUM, units / "index.js")
