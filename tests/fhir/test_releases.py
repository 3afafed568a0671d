"""R4B and R5 come from the same pipeline: their models read their own published examples."""

import pytest
from reading import Outcome
from tables import REFUSED

Releases = dict[str, dict[str, Outcome]]
EXAMPLES = {"r4b": 2840, "r5": 2822}


@pytest.mark.parametrize("label", EXAMPLES)
def test_every_example_of_the_release_is_attempted(label: str, releases: Releases) -> None:
    assert len(releases[label]) == EXAMPLES[label]


@pytest.mark.parametrize("label", EXAMPLES)
def test_nearly_every_example_of_the_release_is_accepted(label: str, releases: Releases) -> None:
    accepted = sum(outcome.is_accepted for outcome in releases[label].values())
    assert accepted / len(releases[label]) >= 0.995


@pytest.mark.parametrize("label", EXAMPLES)
def test_every_accepted_example_of_the_release_is_unchanged(label: str, releases: Releases) -> None:
    accepted = {name: o for name, o in releases[label].items() if o.is_accepted}
    assert [name for name, outcome in accepted.items() if not outcome.is_same] == []


@pytest.mark.parametrize("label", EXAMPLES)
def test_every_refusal_of_the_release_has_its_element_and_rule(
    label: str, releases: Releases
) -> None:
    refused = {n: frozenset(o.errors) for n, o in releases[label].items() if not o.is_accepted}
    assert refused == {name: known.elements for name, known in REFUSED[label].items()}
