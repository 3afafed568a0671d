"""Cuts the published definitions down to what the generator reads, one pretty file each.

Knows the JSON of StructureDefinition, ValueSet, CodeSystem, OperationDefinition and
SearchParameter; decides nothing about Python.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from codegen.sources import FhirRelease

Json = dict[str, Any]  # FHIR JSON as parsed: its shape is what the generator is there to find out

DEFINITION_KEYS = (
    "resourceType", "id", "url", "name", "description", "kind", "abstract", "type",
    "baseDefinition", "derivation",
)  # fmt: skip
ELEMENT_KEYS = (
    "id", "path", "short", "definition", "min", "max", "base", "contentReference", "type",
    "maxLength", "minValueInteger", "maxValueInteger", "binding",
)  # fmt: skip
TYPE_KEYS = ("code", "profile", "targetProfile", "extension")
OPERATION_KEYS = (
    "resourceType", "id", "url", "name", "description", "affectsState", "code", "resource",
    "system", "type", "instance",
)  # fmt: skip
PARAMETER_KEYS = (
    "name", "use", "min", "max", "documentation", "type", "searchType", "targetProfile", "binding",
    "part",
)  # fmt: skip
CONCEPT_SET_KEYS = ("system", "version", "concept", "filter", "valueSet")
REGEX = "http://hl7.org/fhir/StructureDefinition/regex"
FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"


def extract(release: FhirRelease, package: Path) -> dict[str, str]:
    """Return the extract of one FHIR release as relative path and text."""
    resources = list(_read_resources(package, release.files))
    definitions = [r for r in resources if _is_wanted(r, release)]
    terminology = {r["url"]: r for r in resources if r["resourceType"] in _CUTS and "url" in r}
    wanted = _reachable(definitions, terminology)
    files = {_path(d): _text(_cut_definition(d)) for d in definitions}
    files |= {_path(t): _text(_CUTS[t["resourceType"]](t)) for t in wanted}
    files |= {_path(o): _text(_cut_operation(o)) for o in _operations(release, package)}
    return dict(sorted(files.items()))


def extract_search(release: FhirRelease, package: Path) -> dict[str, str]:
    """Return the search parameters of one FHIR release, a file per type: name and kind of each.

    What all types have stands under the abstract types, `Resource` and `DomainResource`.
    """
    kinds: dict[str, dict[str, str]] = {}
    for parameter in _read_resources(package, release.search_parameters):
        for base in parameter["base"]:
            kinds.setdefault(base, {})[parameter["code"]] = parameter["type"]
    return {
        f"SearchParameter/{base}.json": _text(dict(sorted(kinds[base].items())))
        for base in sorted(kinds)
    }


def _operations(release: FhirRelease, package: Path) -> Iterator[Json]:
    for resource in _read_resources(package, release.operations):
        if resource["resourceType"] == "OperationDefinition":
            yield resource


def _read_resources(package: Path, globs: Iterable[str]) -> Iterator[Json]:
    for glob in globs:
        for path in sorted(package.glob(glob)):
            resource = json.loads(path.read_text(encoding="utf-8"))
            if resource["resourceType"] == "Bundle":
                yield from (entry["resource"] for entry in resource["entry"])
            else:
                yield resource


def _is_wanted(resource: Json, release: FhirRelease) -> bool:
    """Tell whether a resource defines a type, as opposed to a profile or a documentation aid."""
    if resource["resourceType"] != "StructureDefinition":
        return False
    if resource["kind"] == "logical":
        return resource.get("derivation") == "specialization"
    return resource.get("derivation") != "constraint" or resource["id"] in release.profiles


def _reachable(definitions: list[Json], terminology: dict[str, Json]) -> list[Json]:
    todo = [url for d in definitions for url in _required_bindings(d)]
    seen: dict[str, Json] = {}
    while todo:
        url = todo.pop().partition("|")[0]
        resource = terminology.get(url)
        if resource is None or url in seen:
            continue
        seen[url] = resource
        compose = resource.get("compose", {})
        for concept_set in (*compose.get("include", ()), *compose.get("exclude", ())):
            todo += concept_set.get("valueSet", ())
            todo += [concept_set["system"]] if "system" in concept_set else []
    return list(seen.values())


def _required_bindings(definition: Json) -> Iterator[str]:
    for element in definition["snapshot"]["element"]:
        binding = element.get("binding", {})
        if binding.get("strength") == "required" and "valueSet" in binding:
            yield binding["valueSet"]


def _path(resource: Json) -> str:
    name = resource.get("id") or resource["url"].rpartition("/")[2]
    return f"{resource['resourceType']}/{name}.json"


def _text(resource: Json) -> str:
    return json.dumps(resource, indent=2, ensure_ascii=False) + "\n"


def _pick(source: Json, keys: Iterable[str]) -> Json:
    return {key: source[key] for key in keys if key in source}


def _cut_definition(definition: Json) -> Json:
    cut = _pick(definition, DEFINITION_KEYS)
    cut["element"] = [_cut_element(e) for e in definition["snapshot"]["element"]]
    return cut


def _cut_element(element: Json) -> Json:
    cut = _pick(element, ELEMENT_KEYS)
    if cut.get("id") == cut["path"]:
        del cut["id"]
    if "base" in cut:
        cut["base"] = cut["base"]["path"]
    if "type" in cut:
        cut["type"] = [_cut_type(t) for t in cut["type"]]
    if "binding" in cut:
        cut["binding"] = _pick(cut["binding"], ("strength", "valueSet"))
    return cut


def _cut_type(type_: Json) -> Json:
    cut = _pick(type_, TYPE_KEYS)
    known = [x for x in cut.pop("extension", ()) if x["url"] in (REGEX, FHIR_TYPE)]
    return cut | ({"extension": known} if known else {})


def _cut_value_set(value_set: Json) -> Json:
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


def _cut_code_system(code_system: Json) -> Json:
    cut = _pick(code_system, ("resourceType", "id", "url", "name", "content"))
    if "concept" in code_system:
        cut["concept"] = [_cut_concept(c) for c in code_system["concept"]]
    return cut


def _cut_concept(concept: Json) -> Json:
    cut = _pick(concept, ("code", "display", "property"))
    if "concept" in concept:
        cut["concept"] = [_cut_concept(c) for c in concept["concept"]]
    return cut


def _cut_operation(operation: Json) -> Json:
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


_CUTS = {"ValueSet": _cut_value_set, "CodeSystem": _cut_code_system}
