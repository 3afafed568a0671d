"""mCODE and the International Patient Summary: their examples, beside HL7's own validator."""

from functools import cache
from typing import NamedTuple

import pytest
from validation_guide_rows import DIFFERENT
from validation_guides import GUIDES, Guide, guide
from validation_ours import Finding, finding_of

from pymedplum.validation import load_profile, validate
from pymedplum_runtime.profiles.definitions import Definitions, packaged


class Compared(NamedTuple):
    """What we find in a guide's example, and the errors of HL7's validator."""

    ours: tuple[Finding, ...]
    profiles: tuple[str, ...]
    hl7: list[str]


@cache
def definitions_of(name: str) -> Definitions:
    """Compile a guide beside what the package knows, which stays as it is."""
    known = packaged().extended()
    load_profile(guide(name).folder, definitions=known)
    return known


@cache
def compared(name: str) -> dict[str, Compared]:
    found: Guide = guide(name)
    known = definitions_of(name)
    reports = {n: validate(found.examples[n], definitions=known) for n in found.errors}
    return {
        n: Compared(tuple(map(finding_of, r.errors)), r.profiles, found.errors[n])
        for n, r in reports.items()
    }


@pytest.mark.parametrize(("name", "count"), list(zip(GUIDES, (177, 44), strict=True)))
def test_every_example_with_a_verdict_of_hl7_is_validated(name: str, count: int) -> None:
    assert len(compared(name)) == count


@pytest.mark.parametrize(("name", "count"), list(zip(GUIDES, (110, 44), strict=True)))
def test_the_guides_profiles_are_applied_to_their_examples(name: str, count: int) -> None:
    own = f"http://hl7.org/fhir/{name.removeprefix('hl7.fhir.').replace('.', '/')}/"
    applied = [c for c in compared(name).values() if any(p.startswith(own) for p in c.profiles)]
    assert len(applied) >= count


@pytest.mark.parametrize("name", GUIDES)
def test_examples_have_as_many_errors_as_hl7_counts_but_for_explained_ones(name: str) -> None:
    unequal = {
        example: (sorted({f.text for f in c.ours}), c.hl7)
        for example, c in compared(name).items()
        if len(c.ours) != len(c.hl7) and (name, example) not in DIFFERENT
    }
    assert unequal == {}


def test_every_explanation_of_a_guides_example_is_needed() -> None:
    differing = {
        (name, example)
        for name in GUIDES
        for example, c in compared(name).items()
        if len(c.ours) != len(c.hl7)
    }
    assert set(DIFFERENT) - differing == set()
