"""Published R4 examples that break a rule of HL7's although Medplum accepts them, and the reverse.

A rule is `definition element key`, or the kind of issue where the rule has no key.
"""

from typing import NamedTuple


class Stricter(NamedTuple):
    """Which examples break a rule, and how."""

    how: str
    examples: tuple[str, ...]


def _by(how: str, *examples: str) -> Stricter:
    return Stricter(how, tuple(f"{name}.json" for name in examples))


_OTHER_TARGET = "the reference is to a type that is none of its targets"
_BRCA = "Observation-example-genetics-brcapat"

STRICTER: dict[str, Stricter] = {
    "Narrative Narrative.div txt-2": _by(
        "the narrative is white space",
        "ActivityDefinition-blood-tubes-supply",
        "ActivityDefinition-heart-valve-replacement",
        "EventDefinition-example",
        "Questionnaire-zika-virus-exposure-assessment",
    ),
    "Age Age code-invalid": _by(
        "the unit's code is `b`, which is no unit of time",
        "List-example-double-cousin-relationship",
    ),
    "Endpoint Endpoint.payloadMimeType code-invalid": _by(
        "a parameter of the media type holds a slash and is not quoted, RFC 2045 section 5.1",
        "Bundle-b0a5e4277-83c4-4adb-87e2-e3efe3369b6f",
    ),
    "DeviceMetric DeviceMetric.parent structure": _by(_OTHER_TARGET, "DeviceMetric-example"),
    "DeviceUseStatement DeviceUseStatement.reasonReference structure": _by(
        _OTHER_TARGET, "DeviceUseStatement-example"
    ),
    "MedicationRequest MedicationRequest.dispenseRequest.performer structure": _by(
        _OTHER_TARGET, "MedicationRequest-medrx0301"
    ),
    "Observation Observation.performer structure": _by(
        _OTHER_TARGET, "Observation-clinical-gender"
    ),
    "translation Extension structure": _by(
        "the extension's context is code, markdown and string; it stands at an expansion's concept",
        "Bundle-valueset-expansions",
    ),
    "valueset-concept-comments Extension structure": _by(
        "the extension's context is a value set's concept; it stands at a code system's",
        "Bundle-valuesets",
    ),
    "us-core-ethnicity Extension structure": _by(
        "the extension's context is persons; it stands at an observation", _BRCA
    ),
    "us-core-ethnicity Extension.value[x] structure": _by("the extension has no value", _BRCA),
    "us-core-ethnicity Extension.extension:text required": _by(
        "the extension's slice `text` is 1..1", _BRCA
    ),
}

_BASE64 = "FHIR lets white space stand in base64; Medplum does not"

# Accepted by us, refused by Medplum for what is no rule of FHIR.
MEDPLUM_ALONE: dict[str, str] = {
    "Binary-example.json": _BASE64,
    "DiagnosticReport-gingival-mass.json": _BASE64,
    "Media-example.json": _BASE64,
    "ValueSet-c80-doc-typecodes.json": (
        "FHIR limits strings and markdown to 1 MB; Medplum limits xhtml too"
    ),
}
