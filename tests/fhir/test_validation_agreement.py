"""Ours beside Medplum's `validateResource`: every disagreement is put down to a rule, by name."""

from collections.abc import Iterable
from re import search
from typing import Any, NamedTuple

import pytest
from judge import Verdict
from mutations import Mutation
from validation_breaks import Break, breaks
from validation_disagreements import MEDPLUM_SKIPS, OURS_ALLOWS, Allowance, Skip
from validation_instances import instances
from validation_judges import judge_profiled
from validation_ours import Finding, finding_of
from validation_published import judged_profiles

from pymedplum.validation import validate


class Case(NamedTuple):
    """One resource, our errors and Medplum's."""

    name: str
    payload: Any
    ours: tuple[Finding, ...]
    medplum: Verdict


@pytest.fixture(scope="module")
def mutated(judged: list[tuple[Mutation, bool, Verdict]]) -> list[Case]:
    """Broken and randomly edited examples, against their type's definition."""
    return [
        Case(f"{m.example}: {m.where}", m.payload, errors_of(m.payload, level="base"), verdict)
        for m, _, verdict in judged
    ]


@pytest.fixture(scope="module")
def profiled() -> list[Case]:
    """Instances of profiles with one rule broken, against the profile."""
    broken = [b for url in judged_profiles() if _is_resource(url) for b in breaks(url)]
    said = judge_profiled((b.row.profile, b.payload or {}) for b in broken)
    return [_case(b, verdict) for b, verdict in zip(broken, said, strict=True)]


def _is_resource(url: str) -> bool:
    return not instances(url)[0].root


def _case(broken: Break, verdict: Verdict) -> Case:
    ours = errors_of(broken.payload, profile=broken.row.profile)
    return Case(str(broken.row), broken.payload, ours, verdict)


def errors_of(payload: Any, **how: Any) -> tuple[Finding, ...]:
    return tuple(finding_of(issue) for issue in validate(payload, **how).errors)


def unexplained_refusals(cases: Iterable[Case]) -> dict[str, set[str]]:
    """Our errors in what Medplum accepts that no row explains."""
    stricter = [case for case in cases if case.ours and not case.medplum]
    return {
        case.name: left
        for case in stricter
        if (left := {f.text for f in case.ours if not any(_is_row(f, p) for p in MEDPLUM_SKIPS)})
    }


def unexplained_acceptances(cases: Iterable[Case]) -> dict[str, set[str]]:
    """Medplum's errors in what we accept that no row explains."""
    laxer = [case for case in cases if case.medplum and not case.ours]
    return {
        case.name: left
        for case in laxer
        if (left := {i.text for i in case.medplum if not _allowed(i.text, case)})
    }


def _is_row(finding: Finding, skip: Skip) -> bool:
    return search(skip.finding, finding.text) is not None


def _allowed(text: str, case: Case) -> bool:
    return any(_is_allowed(row, text, case) for row in OURS_ALLOWS)


def _is_allowed(row: Allowance, text: str, case: Case) -> bool:
    return bool(search(row.says, text) and search(row.sign, f"{case.name}\n{case.payload!r}"))


def test_mutations_that_only_we_refuse_break_a_rule_that_medplum_skips(
    mutated: list[Case],
) -> None:
    assert unexplained_refusals(mutated) == {}


def test_mutations_that_only_medplum_refuses_are_explained(mutated: list[Case]) -> None:
    assert unexplained_acceptances(mutated) == {}


def test_profile_rules_that_only_we_notice_are_ones_that_medplum_skips(
    profiled: list[Case],
) -> None:
    assert unexplained_refusals(profiled) == {}


def test_profile_rules_that_only_medplum_notices_are_explained(profiled: list[Case]) -> None:
    assert unexplained_acceptances(profiled) == {}


def test_every_explanation_is_needed(mutated: list[Case], profiled: list[Case]) -> None:
    cases = [*mutated, *profiled]
    stricter = [f for case in cases if not case.medplum for f in case.ours]
    laxer = [case for case in cases if not case.ours]
    assert [p for p in MEDPLUM_SKIPS if not any(_is_row(f, p) for f in stricter)] == []
    assert [
        row
        for row in OURS_ALLOWS
        if not any(_is_allowed(row, i.text, case) for case in laxer for i in case.medplum)
    ] == []


def test_both_refuse_thousands_and_both_accept_hundreds(
    mutated: list[Case], profiled: list[Case]
) -> None:
    cases = [*mutated, *profiled]
    assert sum(bool(case.ours and case.medplum) for case in cases) > 7000
    assert sum(not case.ours and not case.medplum for case in cases) > 500
