"""Reads profiles and the terminology beside them: knows JSON, TOML and where they lie."""

from dataclasses import dataclass, field
from pathlib import Path

from codegen.load import Json, Source, read_definition
from codegen.problems import Problem
from codegen.toml import read_toml

REQUIRED_KEYS = {
    "StructureDefinition": ("url", "name", "kind", "type", "derivation", "snapshot"),
    "ValueSet": ("url", "compose"),
    "CodeSystem": ("url", "content"),
}


@dataclass(frozen=True, slots=True)
class ProfileSources:
    """Where the profiles lie, the table of accessors, and the list of known faults."""

    folders: tuple[Path, ...]
    accessors: Path
    known_problems: Path | None = None


@dataclass(frozen=True, slots=True)
class Profiles:
    """Profiles, value sets and code systems by canonical URL, and the tables beside them."""

    profiles: dict[str, Source] = field(default_factory=dict)
    value_sets: dict[str, Source] = field(default_factory=dict)
    code_systems: dict[str, Source] = field(default_factory=dict)
    accessors: Json = field(default_factory=dict)
    known_problems: Json = field(default_factory=dict)


def load_profiles(sources: ProfileSources) -> tuple[Profiles, list[Problem]]:
    """Read everything under the folders, with what is wrong with the files."""
    known = read_toml(sources.known_problems) if sources.known_problems else {}
    loaded = Profiles(accessors=read_toml(sources.accessors), known_problems=known)
    shelves = {
        "StructureDefinition": loaded.profiles,
        "ValueSet": loaded.value_sets,
        "CodeSystem": loaded.code_systems,
    }
    problems: list[Problem] = []
    files = [
        (folder, path) for folder in sources.folders for path in sorted(folder.rglob("*.json"))
    ]
    for folder, path in files:
        file = f"{folder.name}/{path.relative_to(folder).as_posix()}"
        resource, problem = read_definition(path, file, REQUIRED_KEYS)
        if problem:
            problems.append(problem)
            continue
        shelf = shelves[resource["resourceType"]]
        if resource["url"] in shelf:
            other = shelf[resource["url"]].file
            problems.append(Problem(file, "", f"has the url {resource['url']} of {other}"))
        shelf[resource["url"]] = Source(file, resource)
    return loaded, problems
