"""Broken and randomly edited payloads: what Medplum refuses for structure, the models refuse."""

import json
import re

import pytest
from judge import Issue, Verdict, judge
from mutations import Mutation
from reading import accepts_json
from tables import DISAGREEMENTS, Disagreement

Judged = list[tuple[Mutation, bool, Verdict]]
STRUCTURE = {"structure", "required"}
KNOWN = {d.message: d for d in DISAGREEMENTS}


def test_medplum_and_the_models_refuse_thousands_of_payloads(judged: Judged) -> None:
    both = [m for m, is_accepted, verdict in judged if verdict and not is_accepted]
    assert len(both) > 4000


def test_random_edits_leave_many_payloads_valid_for_both(judged: Judged) -> None:
    valid = [m for m, is_accepted, verdict in judged if is_accepted and not verdict]
    assert len(valid) > 1000


def test_medplum_refuses_no_accepted_payload_for_its_structure(judged: Judged) -> None:
    accepted = [(m, verdict) for m, is_accepted, verdict in judged if is_accepted]
    disputed = {
        f"{m.example}: {m.where}": issues
        for m, verdict in accepted
        if (issues := [i for i in verdict if _is_disputed(i, m.text)])
    }
    assert disputed == {}


@pytest.fixture(scope="module")
def said_of_known() -> dict[str, Verdict]:
    shown = [json.dumps(known.shown_by).encode() for known in DISAGREEMENTS]
    return dict(zip(KNOWN, judge(shown), strict=True))


@pytest.mark.parametrize("known", DISAGREEMENTS, ids=lambda known: known.message)
def test_known_disagreements_are_still_true(
    known: Disagreement, said_of_known: dict[str, Verdict]
) -> None:
    payload = json.dumps(known.shown_by)
    assert {issue.text for issue in said_of_known[known.message]} == {known.message}
    assert re.search(known.sign, payload)
    assert accepts_json(known.shown_by["resourceType"], payload.encode())


def _is_disputed(issue: Issue, payload: bytes) -> bool:
    known = KNOWN.get(issue.text)
    is_known = known is not None and re.search(known.sign, payload.decode()) is not None
    return issue.code in STRUCTURE and not is_known
