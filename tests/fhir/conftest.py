"""What the tests of the models share: examples, Medplum's verdicts, broken payloads."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hl7_examples import read_examples
from judge import Verdict, judge, judge_published
from mutations import Mutation, Pool, mutations_by_kind
from reading import Outcome, accepts_json, read
from scramble import random_edits

from codegen.download import fetch_package
from codegen.sources import ROOT, read_sources

RANDOM_EDITS = 4000
Outcomes = dict[str, Outcome]


@pytest.fixture(scope="session")
def examples() -> dict[str, bytes]:
    """HL7's R4 examples by file name."""
    return read_examples("r4")


@pytest.fixture(scope="session")
def verdicts(examples: dict[str, bytes]) -> dict[str, Verdict]:
    """What Medplum says of each R4 example."""
    return judge_published(examples, "r4")


@pytest.fixture(scope="session")
def outcomes(examples: dict[str, bytes]) -> Outcomes:
    """What the models say of each R4 example."""
    return {name: read(text) for name, text in examples.items()}


@pytest.fixture(scope="session")
def pool(examples: dict[str, bytes], verdicts: dict[str, Verdict]) -> Pool:
    """The R4 examples that Medplum accepts, as material for broken payloads."""
    return Pool({name: text for name, text in examples.items() if not verdicts[name]})


@pytest.fixture(scope="session")
def mutations(pool: Pool) -> dict[str, list[Mutation]]:
    """Payloads that FHIR forbids, by kind of error."""
    return mutations_by_kind(pool)


@pytest.fixture(scope="session")
def payloads(pool: Pool, mutations: dict[str, list[Mutation]]) -> list[Mutation]:
    """Every payload that the models and Medplum are compared on."""
    aimed = [mutation for kind in mutations.values() for mutation in kind]
    return aimed + random_edits(pool, RANDOM_EDITS)


@pytest.fixture(scope="session")
def judged(payloads: list[Mutation]) -> list[tuple[Mutation, bool, Verdict]]:
    """Every payload, whether the models accept it, and what Medplum says of it."""
    said = judge([payload.text for payload in payloads])
    ours = [accepts_json(p.resource_type, p.text) for p in payloads]
    return list(zip(payloads, ours, said, strict=True))


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcomes]:
    """The other FHIR versions: their models, generated now, read their own examples."""
    folder = tmp_path_factory.mktemp("releases")
    labels = ("r4b", "r5")
    with ThreadPoolExecutor() as threads:
        found = threads.map(lambda label: _read_release(label, folder / label), labels)
        return dict(zip(labels, found, strict=True))


def _read_release(label: str, tree: Path) -> Outcomes:
    release = read_sources().releases[label]
    _run(sys.executable, "-m", "codegen", "generate", "--fhir", label, "--out", tree)
    script = Path(__file__).with_name("read_release.py")
    found = json.loads(_run(sys.executable, script, tree, fetch_package(release.examples)))
    return {name: Outcome(tuple(errors), same) for name, (errors, same) in found.items()}


def _run(*command: str | Path) -> bytes:
    run = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()
    return run.stdout
