"""Every rule of US Core's profiles and of FHIR's vital signs, broken once: it is noticed."""

from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from re import sub
from typing import NamedTuple

import pytest
from definitions import Json
from validation_breaks import Break, breaks
from validation_instances import all_instances, instances
from validation_judges import judge_profiled
from validation_published import US_CORE, judged_profiles, without_slices
from validation_seeds import Instance
from validation_survivors import BEYOND_MEDPLUM, SURVIVORS, UNCHECKED

from pymedplum.validation import Issue, ValidationReport, validate

CAUGHT_SHARE = 0.98
KINDS = {
    "type": 1500, "constraint": 1400, "max": 800, "min": 250, "targets": 130, "must": 100,
    "fixed": 75, "binding": 150, "choice": 50, "target": 35, "content": 15, "slicing": 9,
    "context": 4, "pattern": 3,
}  # fmt: skip


class Outcome(NamedTuple):
    """A broken rule, whether it was noticed, and what was newly found."""

    broken: Break
    is_caught: bool
    found: tuple[Issue, ...]
    is_unchecked: bool  # the report says that a rule could not be checked


def judged(url: str, instance: Instance | None, payload: Json) -> ValidationReport:
    """Hold a resource against a profile; an extension's definition applies by its url."""
    is_extension = (instance or instances(url)[0]).root
    return validate(payload) if is_extension else validate(payload, profile=url)


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """What comes of each rule's break."""
    return [outcome for url in judged_profiles() for outcome in _outcomes(url)]


def _outcomes(url: str) -> Iterator[Outcome]:
    valid = [judged(url, i, i.payload) for i in instances(url)]
    known = {(i.expression, i.key, i.message) for report in valid for i in report.issues}
    for broken in breaks(url):
        assert broken.payload is not None
        report = judged(url, None, broken.payload)
        new = tuple(i for i in report.issues if (i.expression, i.key, i.message) not in known)
        yield Outcome(broken, _is_caught(broken, report, new), new, bool(report.unchecked))


def _is_caught(broken: Break, report: ValidationReport, new: tuple[Issue, ...]) -> bool:
    if broken.strength == "must support":
        path = ".".join(step.partition(":")[0] for step in broken.row.element.split("."))
        names = {path, broken.row.element}
        missing = report.must_support_missing
        return any(m.profile == broken.row.profile and m.element in names for m in missing)
    return any(i.severity == broken.strength for i in new) or not report.ok


@pytest.mark.parametrize("number", range(len(list(all_instances()))))
def test_instances_are_valid_unbroken(number: int) -> None:
    url, instance = list(all_instances())[number]
    report = judged(url, instance, instance.payload)
    assert report.ok, str(report)


def test_medplum_finds_the_instances_valid_too() -> None:
    asked = [(None if i.root else url, i.payload) for url, i in all_instances()]
    said = zip(asked, judge_profiled(asked), strict=True)
    wrong = {(url, issue.text) for (url, _), verdict in said for issue in verdict}
    assert wrong == BEYOND_MEDPLUM


def test_every_kind_of_rule_is_broken_often() -> None:
    rows = [b.row for url in judged_profiles() for b in breaks(url)]
    counted = Counter(row.rule.split()[0] for row in rows)
    assert {kind for kind, count in KINDS.items() if counted[kind] < count} == set()
    assert len(set(rows)) == len(rows) > 4700


def test_every_rule_has_an_instance_that_breaks_it() -> None:
    broken = [b for url in judged_profiles() for b in breaks(url)]
    assert [str(b.row) for b in broken if b.payload is None] == []


@pytest.mark.parametrize("url", judged_profiles())
def test_a_break_changes_the_instance(url: str) -> None:
    valid = [instance.payload for instance in instances(url)]
    unchanged = [b for b in breaks(url) if b.payload in valid]
    assert [str(b.row) for b in unchanged if b.strength != "must support"] == []


def test_at_least_98_percent_of_the_rules_of_us_core_are_noticed(outcomes: list[Outcome]) -> None:
    us_core = [o.is_caught for o in outcomes if o.broken.row.profile.startswith(US_CORE)]
    assert sum(us_core) >= CAUGHT_SHARE * len(us_core)


def test_at_least_98_percent_of_the_rules_of_vital_signs_are_noticed(
    outcomes: list[Outcome],
) -> None:
    others = [o.is_caught for o in outcomes if not o.broken.row.profile.startswith(US_CORE)]
    assert sum(others) >= CAUGHT_SHARE * len(others)


def test_what_is_not_noticed_is_explained(outcomes: list[Outcome]) -> None:
    survivors = [str(o.broken.row) for o in outcomes if not o.is_caught]
    unexplained = [s for s in survivors if not any(fnmatchcase(s, p) for p in SURVIVORS)]
    assert unexplained == []
    unused = [p for p in SURVIVORS if not any(fnmatchcase(s, p) for s in survivors)]
    assert unused == []


def test_rules_that_cannot_be_checked_are_reported_as_unchecked(outcomes: list[Outcome]) -> None:
    survivors = [o for o in outcomes if not o.is_caught]
    unchecked = [o for o in survivors if any(fnmatchcase(str(o.broken.row), p) for p in UNCHECKED)]
    assert [str(o.broken.row) for o in unchecked if not o.is_unchecked] == []


def test_every_constraint_is_named_by_its_key(outcomes: list[Outcome]) -> None:
    constraints = [o for o in outcomes if o.broken.row.rule.startswith("constraint ")]
    named = [o for o in constraints if o.broken.row.rule.split()[1] in {i.key for i in o.found}]
    keys = {o.broken.row.rule.split()[1] for o in named}
    assert keys == {o.broken.row.rule.split()[1] for o in constraints}


def test_issues_stand_at_the_broken_element_or_on_the_way_to_it(outcomes: list[Outcome]) -> None:
    resources = [
        o
        for o in outcomes
        if o.is_caught and o.found and not instances(o.broken.row.profile)[0].root
    ]
    assert len(resources) > 4300
    astray = [str(o.broken.row) for o in resources if not _is_near(o.broken.row.element, o.found)]
    assert astray == []


def _is_near(element_id: str, found: tuple[Issue, ...]) -> bool:
    """Tell whether an issue stands at an element, inside it, or at what it is inside of."""
    path = [step.removesuffix("[x]") for step in without_slices(element_id).split(".")[1:]]
    stands = (sub(r"\[\d+\]", "", issue.expression).split(".")[1:] for issue in found)
    pairs = [list(zip(steps, path, strict=False)) for steps in stands]
    return any(all(a.startswith(b) for a, b in each) for each in pairs if each or len(path) < 2)


def test_issues_say_which_definition_and_element_decide(outcomes: list[Outcome]) -> None:
    issues = [issue for outcome in outcomes for issue in outcome.found]
    assert [i for i in issues if not (i.definition and i.element and i.expression)] == []
