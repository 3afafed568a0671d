"""The published examples of guides, validated by the profiles that they claim."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from guides import IPS, MCODE, folder_of

from pymedplum_runtime.profiles import Definitions, packaged
from pymedplum_runtime.validation import validate
from pymedplum_runtime.validation.profile_loading import load_profile

# What the publishers' examples do wrongly: mCODE's own maximum value set has codes of SNOMED CT and
# of cancerstaging.org alone, and this one says "not applicable" by a code of HL7's.
FAULTS = {
    "Observation-tnm-pathologic-distant-metastases-category-jenny-m.json": {
        ("Observation.value[x]", "mcode-tnm-distant-metastases-category")
    }
}


def examples_of(guide: str) -> Iterator[tuple[str, Any]]:
    for path in sorted((folder_of(guide) / "example").glob("*.json")):
        resource = json.loads(path.read_bytes())
        if "resourceType" in resource:
            yield path.name, resource


def loaded(guide: str) -> Definitions:
    known = packaged().extended()
    load_profile(folder_of(guide), definitions=known)
    return known


@pytest.mark.parametrize(("guide", "count"), [(IPS, 44), (MCODE, 179)])
def test_published_examples_are_valid(guide: str, count: int) -> None:
    known = loaded(guide)
    reports = {name: validate(r, definitions=known) for name, r in examples_of(guide)}

    wrong = {
        name: {(e.element, str(e.profile).rpartition("/")[2]) for e in report.errors}
        for name, report in reports.items()
        if not report.ok
    }

    assert wrong == (FAULTS if guide == MCODE else {})
    assert len(reports) == count


def test_an_example_with_a_rule_broken_is_not_valid() -> None:
    known = loaded(IPS)
    _, patient = next(e for e in examples_of(IPS) if e[1]["resourceType"] == "Patient")
    del patient["birthDate"]

    [error] = validate(patient, definitions=known).errors

    assert error.element == "Patient.birthDate"
    assert str(error.profile).endswith("Patient-uv-ips")
