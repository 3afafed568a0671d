"""FHIRPath beside Medplum's engine and fhirpath.js: R4's invariants, and random expressions."""

import json
import re
from collections import Counter
from typing import Any

import pytest
from fhirpath_agreement import (
    FAILS,
    Disagreement,
    Verdict,
    ask_us,
    compare,
    listed,
    plain,
    reason_for,
)
from fhirpath_expressions import Grammar
from fhirpath_invariants import invariant_questions, invariants
from fhirpath_judges import Question, ask_judges
from fhirpath_published import published_input

from codegen.download import fetch_package
from codegen.sources import read_sources

EACH = 600  # random expressions for each of these
GRAMMAR_ON = (
    "Patient-example.json",
    "Observation-example.json",
    "Observation-blood-pressure.json",
    "Questionnaire-3141.json",
    "ValueSet-example-expansion.json",
    "Claim-100150.json",
    "Encounter-f001.json",
    "MedicationRequest-medrx0301.json",
)
NO_DATA = {"inv-0"}  # of MetadataResource, a definition that no resource of R4 derives from


@pytest.fixture(scope="module")
def on_invariants() -> list[Verdict]:
    return compare([question for question, _ in invariant_questions()])


@pytest.fixture(scope="module")
def on_random_expressions() -> list[Verdict]:
    folder = fetch_package(read_sources().releases["r4"].examples)
    resources = [json.loads((folder / name).read_text(encoding="utf-8")) for name in GRAMMAR_ON]
    return compare(
        [Question(r, Grammar(r, seed).expressions(EACH)) for seed, r in enumerate(resources)]
    )


@pytest.fixture(scope="module")
def witnesses() -> dict[str, Any]:
    """What the judges say to the expressions that show the known disagreements."""
    answers = ask_judges([Question(_resource(known), (known.shown_by,)) for known in listed()])
    return {
        f"{known.judge}: {known.shown_by}": answer[known.judge][0]
        for known, answer in zip(listed(), answers, strict=True)
    }


def test_every_invariant_is_evaluated_on_data() -> None:
    keys = {invariant.key for path in invariants().values() for invariant in path}
    asked = {
        key for _, expressions in invariant_questions() for keys in expressions for key in keys
    }
    assert keys - asked == NO_DATA


def test_invariants_are_broken_as_well_as_kept(on_invariants: list[Verdict]) -> None:
    said = Counter(json.dumps(v.ours) for v in on_invariants if v.agrees)
    assert said["[true]"] > 5000
    assert said["[false]"] > 500


def test_we_agree_on_every_invariant_but_for_listed_reasons(on_invariants: list[Verdict]) -> None:
    _assert_explained(on_invariants)


def test_we_agree_on_random_expressions_but_for_listed_reasons(
    on_random_expressions: list[Verdict],
) -> None:
    _assert_explained(on_random_expressions)


def test_random_expressions_mean_something(on_random_expressions: list[Verdict]) -> None:
    answers = [v for v in on_random_expressions if v.agrees and v.ours]
    assert len(answers) > len(on_random_expressions) / 2


@pytest.mark.parametrize("known", listed(), ids=lambda k: f"{k.judge}: {k.shown_by}"[:80])
def test_known_disagreements_are_still_true(known: Disagreement, witnesses: dict[str, Any]) -> None:
    ours = ask_us(_resource(known), known.shown_by)
    theirs = witnesses[f"{known.judge}: {known.shown_by}"]
    assert plain(FAILS if ours is None else ours) == plain(known.ours)
    assert plain(FAILS if theirs is None else theirs) == plain(known.theirs)
    assert plain(known.ours) != plain(known.theirs)
    assert re.search(known.pattern, known.shown_by)


def _resource(known: Disagreement) -> dict[str, Any]:
    return known.resource or published_input("patient-example")


def _assert_explained(verdicts: list[Verdict]) -> None:
    found = [(verdict, reason_for(verdict)) for verdict in verdicts if not verdict.agrees]
    assert [str(verdict) for verdict, reason in found if reason is None] == []
    for reason, count in Counter(reason.rule for _, reason in found if reason).most_common():
        print(f"{count:5} {reason}")
    print(f"{len(verdicts) - len(found):,} of {len(verdicts):,} answers agree")
