"""HL7's own FHIRPath cases for R4: every one runs, and what differs is listed with its reason."""

from functools import cache
from pathlib import Path

import pytest
from fhirpath_agreement import ask_us
from fhirpath_published import Case, is_expected, published_cases, published_input

from codegen.toml import read_toml

# Functions of later versions of FHIRPath, where the cases do not say so.
BEYOND = {"testSort", "LowBoundary", "HighBoundary", "Comparable", "Precision"}
DIFFERENCES = Path(__file__).with_name("fhirpath_differences.toml")


@cache
def differences() -> dict[str, str]:
    """Return why we differ from HL7's cases, by case."""
    table = read_toml(DIFFERENCES)["differences"]
    return {case: row["reason"] for row in table for case in row["cases"]}


def passes(case: Case) -> bool:
    """Evaluate a case as HL7's runner does: an error where one is expected, else the items."""
    result = ask_us(published_input(case.on), case.expression)
    if case.invalid:
        return result is None
    return result is not None and is_expected(case, result)


def test_there_are_as_many_cases_as_hl7_publishes() -> None:
    assert len(published_cases()) == 935
    assert len({case.id for case in published_cases()}) == 935


@pytest.mark.parametrize("case", published_cases(), ids=lambda case: case.id)
def test_hl7s_case(case: Case) -> None:
    assert passes(case) is (case.id not in differences())


def test_differences_name_cases() -> None:
    assert set(differences()) <= {case.id for case in published_cases()}


def test_the_score() -> None:
    cases = published_cases()
    passed = [case for case in cases if passes(case)]
    normative = [case for case in cases if case.group not in BEYOND and case.since == "2.0.0"]
    print(f"{len(passed)} of {len(cases)} pass; {len(set(passed) & set(normative))} of", end=" ")
    print(f"the {len(normative)} on what FHIRPath 2.0.0 has")
    assert len(passed) == len(cases) - len(differences())
