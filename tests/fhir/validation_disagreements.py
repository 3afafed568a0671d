"""Where we and Medplum's `validateResource` disagree, and the rule that decides each time."""

from typing import NamedTuple

JSON = "https://hl7.org/fhir/R4/json.html"


class Skip(NamedTuple):
    """A rule of FHIR's that Medplum does not check, or not in full.

    `finding` is a pattern of `kind-of-issue definition element key: message` of our issue, which
    names the definition, the element and the constraint that decide; `rule` is where FHIR says so.
    """

    finding: str
    rule: str
    medplum: str


class Allowance(NamedTuple):
    """What Medplum refuses and FHIR allows: its message, a sign in the payload, and the rule."""

    says: str
    sign: str
    rule: str


_TERMINOLOGY = "it collects the codes and leaves them to a terminology service"
_SKIPPED = "its list of skipped constraints has the key"
_OF_TYPE = "it evaluates what the element's definition lists, not what the value's type states"
_EMPTY = "it takes '', [] and {} for nothing where an element is optional"
_SHAPE = "it reads members of what is no object as absent, and objects as a primitive's extensions"
_SIBLING = "it looks for `_x` beside every x, and does not look into it"
_IDS = "their published definitions say `string`, and it goes by that"
_TARGETS = "it only warns, and knows no profiles of targets"
_EXTENSIONS = "it knows no definitions of extensions"
_CHOICE = "it only warns of a second value"
_SLICES = "it counts slices, and does not look into them"
_TYPES = "it does not apply the profiles of types"
_DATES = "its pattern has all of the time's parts optional"

MEDPLUM_SKIPS = (
    Skip(r"^(code-invalid|required) .*has no code", "terminologies.html#required", _TERMINOLOGY),
    Skip(r"^invariant Element Element ele-1:", "element.html#invs", _SKIPPED),
    Skip(r"^invariant DomainResource DomainResource dom-3:", "domainresource.html#invs", _SKIPPED),
    Skip(r"^invariant Organization Organization org-1:", "organization.html#invs", _SKIPPED),
    Skip(
        r"^invariant StructureDefinition StructureDefinition sdf-19:",
        "structuredefinition.html#invs",
        _SKIPPED,
    ),
    Skip(r"^invariant Reference Reference ref-1:", "references.html#invs", _OF_TYPE),
    Skip(r"^invariant Narrative Narrative.div txt-[12]:", "narrative.html#invs", _OF_TYPE),
    Skip(
        r"^invariant (\w*Quantity|Age|Duration|Ratio|Range|Period|ContactPoint|Attachment|Timing) ",
        "datatypes.html",
        _OF_TYPE,
    ),
    Skip(
        r"^invariant Observation Observation obs-7:",
        "observation.html#invs",
        "its intersect() finds two equal codings only where they are one object in memory",
    ),
    Skip(r"^\w+ \S+ \S+:\w", "profiling.html#slicing", _SLICES),  # an element inside a slice
    Skip(r"^\w+ SimpleQuantity Quantity", "elementdefinition.html#profile", _TYPES),
    Skip(r"^\w+ [a-z]\S* Extension(\.\S*)? ", "defining-extensions.html", _EXTENSIONS),
    Skip(
        r"^structure \S+ \S+\.value\[x\] structure: (must be of type|is in no slice)",
        "elementdefinition.html#type",
        "it does not look for values of the types that a profile takes out of a choice",
    ),
    Skip(
        r"^invariant \w+ [\w.]+ (trd|ipn|exp|con|tcp|sdf)-[0-9]a?: ",
        "fhirpath.html",
        "it takes [] and a sibling of what is no primitive for something that exists",
    ),
    Skip(
        r"^invariant RiskAssessment RiskAssessment\S+ ras-1: ", "riskassessment.html#invs", _CHOICE
    ),
    Skip(r": must refer to ", "elementdefinition.html#targetProfile", _TARGETS),
    Skip(r"'resourceType' is not an element", f"{JSON}#resources", "it passes over that name"),
    Skip(
        r"is not an element of [^;]+(; did you mean .*)?$",
        "formats.html#choice",
        "it takes a name that begins as a choice's for one of the choice",
    ),
    Skip(r"is an empty (object|array)", f"{JSON}: properties are never empty", _EMPTY),
    Skip(r"^value Resource Resource.id value: expected an id", "resource.html#id", _IDS),
    Skip(r"only primitives have such a sibling", f"{JSON}#primitive", _SIBLING),
    Skip(
        r"is an object with id and extension|^structure .*: _\w+ is", f"{JSON}#primitive", _SIBLING
    ),
    Skip(r"^structure .*expected an object, got", f"{JSON}#complex", _SHAPE),
    Skip(r"^structure .* is an array, got", f"{JSON}#repeat", _SHAPE),
    Skip(r"^value .*expected .*, got (an object|an array|null)", f"{JSON}#primitive", _SHAPE),
    Skip(r"^value .*: expected .*", "datatypes.html#primitive", _EMPTY),
    Skip(r"one value belongs here", "formats.html#choice", _CHOICE),
    Skip(r"^structure .*: refers to ", "references.html#Reference", _TARGETS),
    Skip(r"^required .*: is missing", f"{JSON}#primitive: an id is no value", _SIBLING),
    Skip(
        r"^structure xhtml Narrative.div structure: ", "narrative.html#xhtml", "it takes any text"
    ),
)
OURS_ALLOWS = (
    Allowance(
        r"^Incorrect number of values provided for slice '(Sys|Dias)tolicBP'",
        r"^bp ",
        "profiling.html#slicing: the slices are told apart by slices inside them, which it "
        "does not find",
    ),
)
