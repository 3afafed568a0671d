"""Reads the extract under specs/: knows JSON and the files' shape, nothing about Python."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codegen.problems import Problem

Json = dict[str, Any]  # a definition as parsed; the ir gives it types

REQUIRED_KEYS = {
    "StructureDefinition": ("url", "name", "kind", "type", "element"),
    "ValueSet": ("url", "compose"),
    "CodeSystem": ("url", "content"),
}


@dataclass(frozen=True, slots=True)
class Source:
    """One definition and the file it was read from."""

    file: str
    json: Json


@dataclass(frozen=True, slots=True)
class Specs:
    """All definitions of one FHIR release, by canonical URL."""

    definitions: dict[str, Source] = field(default_factory=dict)
    value_sets: dict[str, Source] = field(default_factory=dict)
    code_systems: dict[str, Source] = field(default_factory=dict)


def load_specs(folder: Path) -> tuple[Specs, list[Problem]]:
    """Read every definition under `folder`, with what is wrong with the files."""
    specs = Specs()
    shelves = {
        "StructureDefinition": specs.definitions,
        "ValueSet": specs.value_sets,
        "CodeSystem": specs.code_systems,
    }
    problems: list[Problem] = []
    for path in sorted(folder.rglob("*.json")):
        if path.parent.name == "OperationDefinition":  # read with the API, in load_api
            continue
        file = path.relative_to(folder).as_posix()
        resource, problem = read_definition(path, file, REQUIRED_KEYS)
        if problem:
            problems.append(problem)
            continue
        shelf = shelves[resource["resourceType"]]
        if resource["url"] in shelf:
            other = shelf[resource["url"]].file
            problems.append(Problem(file, "", f"has the url {resource['url']} of {other}"))
        shelf[resource["url"]] = Source(file, resource)
    if not specs.definitions and not problems:
        problems.append(
            Problem(str(folder), "", "holds no StructureDefinition; run `make specs` first")
        )
    return specs, problems


def read_definition(
    path: Path, file: str, required: Mapping[str, Sequence[str]]
) -> tuple[Json, Problem | None]:
    """Read one definition, or say what is wrong with it; `required` are the keys of each type."""
    try:
        resource = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        return {}, Problem(file, "", f"is not JSON: {error}")
    if not isinstance(resource, dict):
        return {}, Problem(file, "", "is not a JSON object")
    kind = str(resource.get("resourceType"))
    if kind not in required:
        return {}, Problem(file, "", f"has the resourceType {kind!r}, which is not generated from")
    missing = [key for key in required[kind] if not resource.get(key)]
    if missing:
        return {}, Problem(file, "", f"lacks {', '.join(missing)}")
    pathless = [str(n) for n, e in enumerate(resource.get("element", ()), 1) if not e.get("path")]
    if pathless:
        return {}, Problem(file, "", f"lacks the path of element {', '.join(pathless)}")
    return resource, None
