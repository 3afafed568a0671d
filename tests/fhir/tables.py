"""What is not as it ought to be, each with its reason; the tests hold these tables exact."""

from typing import Any, NamedTuple


class Refusal(NamedTuple):
    """Why a published example is refused: the elements, without indices, and the rule."""

    elements: frozenset[str]
    rule: str


def _refusal(rule: str, *elements: str) -> Refusal:
    return Refusal(frozenset(elements), rule)


_NO_BASE = _refusal("SearchParameter.base is 1..*", "base")
_NO_STATUS = _refusal("the resource's status is 1..1", "status")
_NBSP = "a code holds no white space but single spaces; these hold or are a no-break space"
_NO_NAME = _refusal("ImplementationGuide.name and .status are 1..1", "name", "status")
_EXTENSION_PARAMETERS = {
    f"SearchParameter-{kind.lower()}-extensions-{kind}-{name}.json": _NO_BASE
    for kind in ("CodeSystem", "ValueSet")
    for name in ("author", "effective", "end", "keyword", "workflow")
}

# Published R4 examples that Medplum refuses and we too: they break FHIR.
BREAKS_FHIR: dict[str, Refusal] = {
    **_EXTENSION_PARAMETERS,
    "Bundle-v2-valuesets.json": _refusal(_NBSP, "entry.resource.concept.code"),
    "CodeSystem-v2-0550.json": _refusal(_NBSP, "concept.code"),
    "ImplementationGuide-fhir.json": _NO_NAME,
    "ig-r4.json": _NO_NAME,
    "Questionnaire-qs1.json": _refusal(
        "Questionnaire.item.linkId is 1..1",
        "item.item.linkId",
        "item.item.item.linkId",
        "item.item.item.item.linkId",
    ),
}

_BASE64 = "FHIR lets white space stand in base64; Medplum does not"
_XHTML = "FHIR limits strings and markdown to 1 MB; Medplum limits xhtml and every other text too"
_SDF_4 = "invariant sdf-4, a FHIRPath expression, which parsing does not evaluate"

# Published R4 examples that Medplum refuses and we accept: its own rules, and invariants.
MEDPLUM_IS_STRICTER: dict[str, str] = {
    "Binary-example.json": _BASE64,
    "DiagnosticReport-gingival-mass.json": _BASE64,
    "Media-example.json": _BASE64,
    "CodeSystem-dicom-dcim.json": _XHTML,
    "ValueSet-c80-doc-typecodes.json": _XHTML,
    "Bundle-dataelements.json": "invariant bdl-7, which parsing does not evaluate",
    "StructureDefinition-Definition.json": _SDF_4,
    "StructureDefinition-Event.json": _SDF_4,
    "StructureDefinition-FiveWs.json": _SDF_4,
    "StructureDefinition-Request.json": _SDF_4,
}

# Published examples of the other releases that the models generated for them refuse.
REFUSED: dict[str, dict[str, Refusal]] = {
    "r4b": {
        **_EXTENSION_PARAMETERS,
        "Bundle-valuesets.json": _refusal("CodeSystem.status is 1..1", "entry.resource.status"),
        "CodeSystem-catalogType.json": _NO_STATUS,
        "ValueSet-catalogType.json": _NO_STATUS,
    },
    "r5": {},
}


class Disagreement(NamedTuple):
    """A text of Medplum's issues that speaks of no rule of FHIR, with a payload that shows it."""

    message: str
    reason: str
    sign: str  # a pattern in the payload's text without which the reason does not hold
    shown_by: dict[str, Any]


_DIGITS = r":[0-9]{2}\.[0-9]{10}"
_FRACTION = "FHIR sets no limit to the digits of a second's fraction; Medplum allows nine"
_MOMENT = "2020-01-01T10:00:00.1234567890Z"

DISAGREEMENTS = [
    Disagreement(
        "Invalid base64Binary format",
        _BASE64,
        r"[A-Za-z0-9+/=](?: |\\[nrt])",
        {"resourceType": "Binary", "contentType": "text/plain", "data": "YWJj\nYWJj"},
    ),
    Disagreement(
        "String cannot be larger than 1 MB",
        _XHTML,
        r"[^\"]{1048577}",
        {
            "resourceType": "Patient",
            "text": {"status": "generated", "div": f"<div>{'a' * 2**20}</div>"},
        },
    ),
    Disagreement(
        "Invalid dateTime format",
        _FRACTION,
        _DIGITS,
        {"resourceType": "Patient", "deceasedDateTime": _MOMENT},
    ),
    Disagreement(
        "Invalid instant format",
        _FRACTION,
        _DIGITS,
        {"resourceType": "Patient", "meta": {"lastUpdated": _MOMENT}},
    ),
    Disagreement(
        "Invalid time format",
        _FRACTION,
        _DIGITS,
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "time"},
            "valueTime": "10:00:00.1234567890",
        },
    ),
]
