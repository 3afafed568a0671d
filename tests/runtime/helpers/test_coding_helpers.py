from collections.abc import Callable
from typing import Any

import pytest

from pymedplum_runtime.helpers import coding_parts, get_code_by_system, get_code_display

Make = Callable[[str, dict[str, Any]], Any]

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
CONCEPT = {
    "coding": [
        {"system": SNOMED, "code": "44054006", "display": "Type 2 diabetes mellitus"},
        {"system": ICD, "code": "E11.9"},
    ],
    "text": "DM2",
}


def test_a_concept_is_shown_by_its_text(make: Make) -> None:
    assert get_code_display(make("CodeableConcept", CONCEPT)) == "DM2"


def test_a_concept_without_text_is_shown_by_its_first_coding(make: Make) -> None:
    concept = {"coding": CONCEPT["coding"]}
    assert get_code_display(make("CodeableConcept", concept)) == "Type 2 diabetes mellitus"


def test_a_concept_is_never_shown_by_its_code(make: Make) -> None:
    assert get_code_display(make("CodeableConcept", {"coding": [{"code": "E11.9"}]})) is None


def test_a_code_is_found_by_its_system(make: Make) -> None:
    concept = make("CodeableConcept", CONCEPT)
    assert get_code_by_system(concept, ICD) == "E11.9"
    assert get_code_by_system(concept, "http://loinc.org") is None


def test_a_concept_comes_apart(make: Make) -> None:
    parts = ("44054006", SNOMED, "Type 2 diabetes mellitus", "DM2")
    assert coding_parts(make("CodeableConcept", CONCEPT)) == parts
    assert coding_parts(make("CodeableConcept", {"text": "free"})) == (None, None, None, "free")


def test_no_concept_has_no_parts() -> None:
    assert coding_parts(None) == (None, None, None, None)
    assert get_code_by_system(None, ICD) is None
    assert get_code_display(None) is None


@pytest.mark.parametrize(
    "concept", [{}, {"coding": []}, {"coding": None}, {"coding": ["E11"]}, {"text": ""}]
)
def test_empty_and_malformed_concepts_have_no_parts(concept: dict[str, Any]) -> None:
    assert coding_parts(concept) == (None, None, None, None)
    assert get_code_by_system(concept, ICD) is None
    assert get_code_display(concept) is None
