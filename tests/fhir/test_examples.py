"""HL7's published R4 examples: accepted where Medplum accepts them, and given back exactly."""

from judge import Verdict
from reading import Outcome
from tables import BREAKS_FHIR, MEDPLUM_IS_STRICTER

Outcomes = dict[str, Outcome]
Verdicts = dict[str, Verdict]


def test_every_published_example_is_attempted(outcomes: Outcomes) -> None:
    assert len(outcomes) == 5306


def test_medplum_accepts_all_but_25_examples(verdicts: Verdicts) -> None:
    refused = {name for name, verdict in verdicts.items() if verdict}
    assert refused == BREAKS_FHIR.keys() | MEDPLUM_IS_STRICTER.keys()
    assert (len(BREAKS_FHIR), len(MEDPLUM_IS_STRICTER)) == (15, 10)


def test_every_example_that_medplum_accepts_is_accepted(
    outcomes: Outcomes, verdicts: Verdicts
) -> None:
    accepted = [name for name, verdict in verdicts.items() if not verdict]
    assert len(accepted) == 5281
    assert {name: outcomes[name].errors for name in accepted if outcomes[name].errors} == {}


def test_every_accepted_example_comes_back_as_the_same_json(outcomes: Outcomes) -> None:
    accepted = {name: outcome for name, outcome in outcomes.items() if outcome.is_accepted}
    assert [name for name, outcome in accepted.items() if not outcome.is_same] == []


def test_examples_that_break_fhir_are_refused_at_the_known_elements(outcomes: Outcomes) -> None:
    refused = {name: frozenset(o.errors) for name, o in outcomes.items() if not o.is_accepted}
    assert refused.keys() == BREAKS_FHIR.keys()
    # The models may stop at the first of several missing elements.
    assert {n: e for n, e in refused.items() if not e <= BREAKS_FHIR[n].elements} == {}


def test_examples_that_only_medplum_refuses_are_accepted(outcomes: Outcomes) -> None:
    assert [name for name in MEDPLUM_IS_STRICTER if not outcomes[name].is_accepted] == []
