"""The whole of R4: the same specs give the same bytes, a small change a small difference."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from codegen.__main__ import EXPORTS, api_of, messages_of, profiles_of, release_of
from codegen.output import differences, read_tree
from codegen.pipeline import build
from codegen.sources import ROOT, FhirRelease, read_sources

PATIENT = "pymedplum/fhir/patient"


def _build(source: FhirRelease, folder: Path) -> dict[str, str]:
    sources = api_of(source), profiles_of(source)
    file = messages_of(source)
    return build(folder, release_of(source), EXPORTS, *sources, message_file=file)


@pytest.fixture(scope="module")
def source() -> FhirRelease:
    return read_sources().releases["r4"]


@pytest.fixture(scope="module")
def tree(source: FhirRelease) -> dict[str, str]:
    """What the committed specs give."""
    return _build(source, source.folder)


@pytest.fixture
def specs(source: FhirRelease, tmp_path: Path) -> Path:
    """A copy of the specs, in another place."""
    return Path(shutil.copytree(source.folder, tmp_path / "elsewhere"))


def test_the_same_specs_give_the_same_bytes_wherever_they_lie(
    source: FhirRelease, tree: dict[str, str], specs: Path
) -> None:
    assert _build(source, specs) == tree


def test_another_process_with_other_hashes_writes_the_same_bytes(
    tree: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "codegen", "generate", "--out", str(tmp_path / "out")]

    subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": "7"}, check=True, capture_output=True
    )

    assert list(differences(tree, read_tree(tmp_path / "out"))) == []


def test_an_element_added_to_a_definition_changes_its_module_and_its_table_only(
    source: FhirRelease, tree: dict[str, str], specs: Path
) -> None:
    file = specs / "StructureDefinition" / "Patient.json"
    patient = json.loads(file.read_text(encoding="utf-8"))
    added = {"path": "Patient.nickname", "short": "Called so", "min": 0, "max": "1"}
    patient["element"].append(added | {"type": [{"code": "string"}]})
    file.write_text(json.dumps(patient), encoding="utf-8")

    found = list(differences(_build(source, specs), tree))

    heads = [difference.partition("\n")[0] for difference in found]
    tables, module, _ = found
    assert heads == [
        "changed: pymedplum/definitions/types.jsonl",
        f"changed: {PATIENT}.py",
        f"changed: {PATIENT}.pyi",
    ]
    assert '"nickname":{"types":[{"code":"string"}]}' in tables
    assert '+        Property("nickname", "nickname", "string"),' in module
    assert not any(line.startswith("-  ") for line in module.splitlines())
