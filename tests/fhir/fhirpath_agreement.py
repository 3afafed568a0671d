"""Our engine beside the judges: who answers what, and which disagreements are known.

The known ones stand in fhirpath_disagreements.toml, each with the section that decides it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from fhirpath_judges import Answer, Question, ask_judges

from codegen.toml import read_toml
from pymedplum_runtime.errors import FHIRPathError
from pymedplum_runtime.validation.paths import fhirpath

LISTED = Path(__file__).with_name("fhirpath_disagreements.toml")
FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A judge answers otherwise to expressions of a pattern; a rule says who is right.

    `shown_by` is an expression that shows it on `resource`, or on HL7's example of a Patient, with
    both answers; `fails` stands for an error.
    """

    judge: str
    pattern: str
    right: str  # ours, theirs, or either where the specification leaves it open
    rule: str
    shown_by: str
    ours: Any
    theirs: Any
    resource: dict[str, Any] | None = None
    together: bool = False  # explains also what both judges answer alike


@dataclass(frozen=True, slots=True)
class Verdict:
    """What we and one judge answer to one expression."""

    resource: str
    expression: str
    judge: str
    ours: Answer
    theirs: Answer
    is_joint: bool  # both judges answer this

    @property
    def agrees(self) -> bool:
        return bool(plain(self.ours) == plain(self.theirs))

    def __str__(self) -> str:
        return f"{self.resource}: {self.expression}\n  {self.judge} disagrees"


@cache
def listed() -> tuple[Disagreement, ...]:
    """Return the known disagreements."""
    return tuple(Disagreement(**row) for row in read_toml(LISTED)["disagreements"])


def compare(questions: Sequence[Question]) -> list[Verdict]:
    """Ask everybody, and return a verdict for each judge and expression."""
    found = []
    for question, answers in zip(questions, ask_judges(questions), strict=True):
        ours = [ask_us(question.resource, expression) for expression in question.expressions]
        for number, expression in enumerate(question.expressions):
            said = {judge: theirs[number] for judge, theirs in answers.items()}
            first, *others = map(plain, said.values())
            kind, is_joint = question.resource["resourceType"], all(o == first for o in others)
            found += [
                Verdict(kind, expression, judge, ours[number], theirs, is_joint)
                for judge, theirs in said.items()
            ]
    return found


def ask_us(resource: dict[str, Any], expression: str) -> Answer:
    """Evaluate with our engine; None where it refuses."""
    try:
        return list(fhirpath(resource, expression))
    except FHIRPathError:
        return None


def reason_for(verdict: Verdict) -> Disagreement | None:
    """Return the known disagreement that explains a verdict.

    One in which a side fails explains only that this side fails, and the other way round; what
    both judges answer alike needs one that says so.
    """
    for known in listed():
        same = known.judge == verdict.judge and (known.ours == FAILS) is (verdict.ours is None)
        if verdict.is_joint and not known.together:
            continue
        if not same or (known.theirs == FAILS and verdict.theirs is not None):
            continue
        if re.search(known.pattern, verdict.expression):
            return known
    return None


def plain(value: Any) -> Any:
    """Make answers comparable: JavaScript has one kind of number, and dates are written twice."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float, Decimal)):
        return round(float(value), 7)
    return re.sub(r"^(@T?|T(?=\d))", "", str(value))
