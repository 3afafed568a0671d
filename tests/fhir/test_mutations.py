"""Examples with one error each: FHIR forbids them, so the models must refuse them."""

import pytest
from mutations import ALL_KINDS, Mutation, Pool
from reading import Outcome, accepts_dict, accepts_json

Mutations = dict[str, list[Mutation]]
REFUSED_SHARE = 0.99


def test_mutations_cover_at_least_100_resource_types(mutations: Mutations) -> None:
    assert len({m.resource_type for kind in mutations.values() for m in kind}) >= 100


def test_every_example_that_was_mutated_is_accepted_unmutated(
    mutations: Mutations, outcomes: dict[str, Outcome]
) -> None:
    used = {m.example for kind in mutations.values() for m in kind}
    assert {name: outcomes[name].errors for name in used if not outcomes[name].is_accepted} == {}


def test_every_example_that_was_mutated_is_accepted_as_a_dict(
    mutations: Mutations, pool: Pool
) -> None:
    used = {m.example for kind in mutations.values() for m in kind}
    resources = {name: pool.resources[name] for name in used}
    refused = [n for n, r in resources.items() if not accepts_dict(r["resourceType"], r)]
    assert refused == []


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_there_are_at_least_150_mutations_of_the_kind(kind: str, mutations: Mutations) -> None:
    assert len(mutations[kind]) >= 150


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_mutations_are_refused_as_json(kind: str, mutations: Mutations) -> None:
    drawn = mutations[kind]
    survivors = [m for m in drawn if accepts_json(m.resource_type, m.text)]
    assert len(survivors) <= len(drawn) * (1 - REFUSED_SHARE), _listed(survivors)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_mutations_are_refused_as_dicts(kind: str, mutations: Mutations) -> None:
    drawn = [m for m in mutations[kind] if not m.json_only]
    survivors = [m for m in drawn if accepts_dict(m.resource_type, m.payload)]
    assert len(survivors) <= len(drawn) * (1 - REFUSED_SHARE), _listed(survivors)


def _listed(survivors: list[Mutation]) -> str:
    lines = [f"{m.example}: {m.where}" for m in survivors]
    return "accepted although FHIR forbids it:\n" + "\n".join(lines)
