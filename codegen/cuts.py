"""What is kept of a published definition: the keys that the generator reads.

Knows the JSON of StructureDefinition, ValueSet, CodeSystem and OperationDefinition; decides
nothing about Python.
"""

from collections.abc import Callable, Iterable
from typing import Any

Json = dict[str, Any]  # FHIR JSON as parsed: its shape is what the generator is there to find out

DEFINITION_KEYS = (
    "resourceType", "id", "url", "name", "description", "kind", "abstract", "type",
    "baseDefinition", "derivation",
)  # fmt: skip
ELEMENT_KEYS = (
    "id", "path", "short", "definition", "min", "max", "base", "contentReference", "type",
    "maxLength", "minValueInteger", "maxValueInteger", "binding",
)  # fmt: skip
PROFILE_KEYS = (
    "resourceType", "id", "url", "version", "name", "kind", "abstract", "context", "type",
    "baseDefinition", "derivation",
)  # fmt: skip
RULE_KEYS = (
    "id", "path", "sliceName", "slicing", "min", "max", "contentReference", "type", "maxLength",
    "mustSupport",
)  # fmt: skip
VALUE_PREFIXES = ("fixed", "pattern", "minValue", "maxValue")
CONSTRAINT_KEYS = ("key", "severity", "human", "expression")
TYPE_KEYS = ("code", "profile", "targetProfile", "aggregation", "versioning", "extension")
OPERATION_KEYS = (
    "resourceType", "id", "url", "name", "description", "affectsState", "code", "resource",
    "system", "type", "instance",
)  # fmt: skip
PARAMETER_KEYS = (
    "name", "use", "min", "max", "documentation", "type", "searchType", "targetProfile", "binding",
    "part",
)  # fmt: skip
CONCEPT_SET_KEYS = ("system", "version", "concept", "filter", "valueSet")
# The types whose constraints every definition repeats.
EVERYWHERE = frozenset(
    f"http://hl7.org/fhir/StructureDefinition/{name}"
    for name in ("Element", "Extension", "Resource", "DomainResource")
)
MAX_VALUE_SET = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
REGEX = "http://hl7.org/fhir/StructureDefinition/regex"
FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"


def _pick(source: Json, keys: Iterable[str]) -> Json:
    return {key: source[key] for key in keys if key in source}


def cut_definition(definition: Json) -> Json:
    """Keep what defines a type: its elements, their texts and their rules."""
    cut = _pick(definition, DEFINITION_KEYS)
    elements = definition["snapshot"]["element"]
    cut["element"] = [_cut_element(e, definition["url"]) for e in elements]
    return cut


def _cut_element(element: Json, url: str) -> Json:
    cut = _pick(element, ELEMENT_KEYS) | _cut_constraints(element, lambda s: s == url)
    if cut.get("id") == cut["path"]:
        del cut["id"]
    if "base" in cut:
        cut["base"] = cut["base"]["path"]
    if "type" in cut:
        cut["type"] = [_cut_type(t) for t in cut["type"]]
    return cut | _cut_binding(element)


def cut_profile(profile: Json) -> Json:
    """Keep the rules of a profile, in the shape that profiles are published in."""
    cut = _pick(profile, PROFILE_KEYS)
    elements = [_cut_rules(e) for e in profile["snapshot"]["element"]]
    return cut | {"snapshot": {"element": elements}}


def _cut_rules(element: Json) -> Json:
    cut = _pick(element, RULE_KEYS)
    cut |= {key: value for key, value in element.items() if key.startswith(VALUE_PREFIXES)}
    if "type" in cut:
        cut["type"] = [_cut_type(t) for t in cut["type"]]
    if "slicing" in cut:
        cut["slicing"] = _pick(cut["slicing"], ("discriminator", "ordered", "rules"))
    cut |= _cut_constraints(element, lambda source: source not in EVERYWHERE)
    return cut | _cut_binding(element)


def _cut_binding(element: Json) -> Json:
    """Keep strength and value set, and the value set that no code may be outside of."""
    if "binding" not in element:
        return {}
    cut = _pick(element["binding"], ("strength", "valueSet"))
    limits = [x for x in element["binding"].get("extension", ()) if x["url"] == MAX_VALUE_SET]
    return {"binding": cut | ({"extension": limits} if limits else {})}


def _cut_constraints(element: Json, is_kept: Callable[[str], bool]) -> Json:
    """Keep the constraints that an element states itself; `source` names whose another one is."""
    stated = element.get("constraint", ())
    own = [_pick(c, CONSTRAINT_KEYS) for c in stated if "source" not in c or is_kept(c["source"])]
    return {"constraint": own} if own else {}


def _cut_type(type_: Json) -> Json:
    cut = _pick(type_, TYPE_KEYS)
    known = [x for x in cut.pop("extension", ()) if x["url"] in (REGEX, FHIR_TYPE)]
    return cut | ({"extension": known} if known else {})


def cut_value_set(value_set: Json) -> Json:
    """Keep what a value set is composed of."""
    cut = _pick(value_set, ("resourceType", "id", "url", "name", "title"))
    compose = value_set.get("compose", {})
    cut["compose"] = {
        side: [_cut_concept_set(s) for s in compose[side]]
        for side in ("include", "exclude")
        if side in compose
    }
    return cut


def _cut_concept_set(concept_set: Json) -> Json:
    cut = _pick(concept_set, CONCEPT_SET_KEYS)
    if "concept" in cut:
        cut["concept"] = [_pick(c, ("code", "display")) for c in cut["concept"]]
    return cut


def cut_code_system(code_system: Json) -> Json:
    """Keep the concepts of a code system, with their properties."""
    cut = _pick(code_system, ("resourceType", "id", "url", "name", "content"))
    if "concept" in code_system:
        cut["concept"] = [_cut_concept(c) for c in code_system["concept"]]
    return cut


def _cut_concept(concept: Json) -> Json:
    cut = _pick(concept, ("code", "display", "property"))
    if "concept" in concept:
        cut["concept"] = [_cut_concept(c) for c in concept["concept"]]
    return cut


def cut_operation(operation: Json) -> Json:
    """Keep the parameters of an operation."""
    cut = _pick(operation, OPERATION_KEYS)
    if "parameter" in operation:
        cut["parameter"] = [_cut_parameter(p) for p in operation["parameter"]]
    return cut


def _cut_parameter(parameter: Json) -> Json:
    cut = _pick(parameter, PARAMETER_KEYS)
    if "binding" in cut:
        cut["binding"] = _pick(cut["binding"], ("strength", "valueSet"))
    if "part" in cut:
        cut["part"] = [_cut_parameter(p) for p in cut["part"]]
    return cut


CUTS = {"ValueSet": cut_value_set, "CodeSystem": cut_code_system}
