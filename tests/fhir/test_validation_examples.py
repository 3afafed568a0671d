"""HL7's published R4 examples, validated with invariants and profiles, beside Medplum's verdict."""

import pytest
from judge import Verdict
from tables import BREAKS_FHIR
from validation_ours import Findings, validate_examples
from validation_stricter import MEDPLUM_ALONE, STRICTER

Verdicts = dict[str, Verdict]


@pytest.fixture(scope="module")
def validated() -> tuple[Findings, float]:
    return validate_examples("r4")


@pytest.fixture(scope="module")
def broken(validated: tuple[Findings, float]) -> set[tuple[str, str]]:
    """Each example with each rule that it breaks."""
    found, _ = validated
    return {(name, i.rule) for name, issues in found.items() for i in issues if i.is_error}


def test_every_published_example_is_validated(
    validated: tuple[Findings, float], capsys: pytest.CaptureFixture[str]
) -> None:
    found, seconds = validated
    assert len(found) == 5306
    with capsys.disabled():
        print(f"\n5306 examples validated in {seconds:.1f} s", end=" ")


def test_examples_that_medplum_accepts_break_the_listed_rules_and_no_others(
    broken: set[tuple[str, str]], verdicts: Verdicts
) -> None:
    listed = {(name, rule) for rule, row in STRICTER.items() for name in row.examples}
    assert {(name, rule) for name, rule in broken if not verdicts[name]} == listed


def test_examples_that_break_fhir_are_refused(broken: set[tuple[str, str]]) -> None:
    refused = {name for name, _ in broken}
    assert [name for name in BREAKS_FHIR if name not in refused] == []


def test_examples_that_only_medplum_refuses_are_listed(
    broken: set[tuple[str, str]], verdicts: Verdicts
) -> None:
    refused = {name for name, verdict in verdicts.items() if verdict}
    assert refused - {name for name, _ in broken} == MEDPLUM_ALONE.keys()
