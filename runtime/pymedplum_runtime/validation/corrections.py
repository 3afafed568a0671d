"""Rules of R4 that say something else than they mean, and what is gone by instead.

HL7 corrected them in later releases. A rule whose text differs from the published one, in a newer
release of it, is left as it is.
"""

from typing import NamedTuple


class Correction(NamedTuple):
    """One invariant: what was published, what is evaluated, and why."""

    key: str | None
    """None for all invariants that say the same."""
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
    Correction(
        "vs-1",
        "($this as dateTime).toString().length() >= 8",
        "($this is dateTime and hasValue()) implies toString().length() >= 8",
        "it speaks of a dateTime with a value, and gives nothing for a Period",
    ),
    Correction(
        "per-1",
        "start.hasValue().not() or end.hasValue().not() or (start <= end)",
        "start.hasValue().not() or end.hasValue().not() or iif(start > end, false, true)",
        "2024 and 2024-05 cannot be compared, and are in order all the same",
    ),
    Correction(
        "rng-2",
        "low.empty() or high.empty() or (low <= high)",
        "low.empty() or high.empty() or iif(low > high, false, true)",
        "quantities of different units cannot be compared",
    ),
    Correction(
        None,
        "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')",
        "name.exists() implies name.matches('[A-Z]([A-Za-z0-9_]){0,254}')",
        "it speaks of a name, which is optional",
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
    better = _BETTER.get((key, expression)) or _BETTER.get((None, expression))
    return better or expression
