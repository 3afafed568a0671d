"""Cuts the published definitions down to what the generator reads, one pretty file each.

Knows the JSON of StructureDefinition, ValueSet, CodeSystem, OperationDefinition and
SearchParameter; decides nothing about Python.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from codegen.cuts import CUTS, MAX_VALUE_SET, Json, cut_definition, cut_operation, cut_profile
from codegen.sources import FhirRelease


def extract(release: FhirRelease, package: Path) -> dict[str, str]:
    """Return the extract of one FHIR release as relative path and text."""
    resources = list(_read_resources(package, release.files))
    definitions = [r for r in resources if _is_wanted(r, release)]
    wanted = _reachable(definitions, _terminology(resources), ("required",))
    files = {_path(d): _text(cut_definition(d)) for d in definitions}
    files |= {_path(t): _text(CUTS[t["resourceType"]](t)) for t in wanted}
    files |= {_path(o): _text(cut_operation(o)) for o in _operations(release, package)}
    return dict(sorted(files.items()))


def extract_profiles(release: FhirRelease, package: Path) -> dict[str, str]:
    """Return the profiles on one FHIR release, and the terminology that validating needs besides.

    That is what required and extensible bindings of types and profiles reach, and the extract of
    the types does not hold.
    """
    resources = list(_read_resources(package, release.files))
    definitions = [r for r in resources if _is_wanted(r, release)]
    profiles = list(_read_resources(package, release.constraints))
    terminology = _terminology(resources)
    held = _reachable(definitions, terminology, ("required",))
    reached = _reachable([*definitions, *profiles], terminology, ("required", "extensible"))
    files = {_path(p): _text(cut_profile(p)) for p in profiles}
    files |= {_path(t): _text(CUTS[t["resourceType"]](t)) for t in reached if t not in held}
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
            content = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(content, list):
                yield from content
            elif content["resourceType"] == "Bundle":
                yield from (entry["resource"] for entry in content["entry"])
            else:
                yield content


def _is_wanted(resource: Json, release: FhirRelease) -> bool:
    """Tell whether a resource defines a type, as opposed to a profile or a documentation aid."""
    if resource["resourceType"] != "StructureDefinition":
        return False
    if resource["kind"] == "logical":
        return resource.get("derivation") == "specialization"
    return resource.get("derivation") != "constraint" or resource["id"] in release.profiles


def _terminology(resources: Iterable[Json]) -> dict[str, Json]:
    return {r["url"]: r for r in resources if r["resourceType"] in CUTS and "url" in r}


def _reachable(
    definitions: list[Json], terminology: dict[str, Json], strengths: Collection[str]
) -> list[Json]:
    todo = [url for d in definitions for url in _bindings(d, strengths)]
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


def _bindings(definition: Json, strengths: Collection[str]) -> Iterator[str]:
    for element in definition["snapshot"]["element"]:
        binding = element.get("binding", {})
        if binding.get("strength") in strengths and "valueSet" in binding:
            yield binding["valueSet"]
        if "extensible" in strengths:  # a limit is for those who check what is not required too
            yield from (x["valueCanonical"] for x in _limits(binding))


def _limits(binding: Json) -> list[Json]:
    return [x for x in binding.get("extension", ()) if x["url"] == MAX_VALUE_SET]


def _path(resource: Json) -> str:
    name = resource.get("id") or resource["url"].rpartition("/")[2]
    return f"{resource['resourceType']}/{name}.json"


def _text(resource: Json) -> str:
    return json.dumps(resource, indent=2, ensure_ascii=False) + "\n"
