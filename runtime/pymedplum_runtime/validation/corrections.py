"""Rules of R4 that say something else than they mean, and what is gone by instead.

HL7 corrected them in later releases. A rule whose text differs from the published one, in a newer
release of it, is left as it is.
"""

from typing import NamedTuple


class Correction(NamedTuple):
    """One invariant: what was published, what is evaluated, and why."""

    key: str
    published: str
    better: str
    reason: str


CORRECTIONS = (
    Correction(
        "que-7",
        "operator = 'exists' implies (answer is Boolean)",
        "operator = 'exists' implies (answer is boolean)",
        "FHIR's type is `boolean`; `Boolean` is FHIRPath's own, which no element has",
    ),
)

# Extensions whose definition forgets places where HL7's own resources have them.
CONTEXTS: dict[str, tuple[str, ...]] = {
    # The definition says ElementDefinition.type.code; every definition of R4 has it at its parent.
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type": (
        "ElementDefinition.type",
    ),
    # The same: the pattern of a primitive type stands at the type of its value.
    "http://hl7.org/fhir/StructureDefinition/regex": ("ElementDefinition.type",),
    # It marks value sets, code systems and elements as well as structures.
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-normative-version": (
        "DomainResource",
        "ElementDefinition",
    ),
}

_BETTER = {(each.key, each.published): each.better for each in CORRECTIONS}


def corrected(key: str, expression: str) -> str:
    """Return the expression that is evaluated for a constraint."""
    return _BETTER.get((key, expression), expression)
