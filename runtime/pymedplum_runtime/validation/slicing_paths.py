"""Paths of discriminators: the part of FHIRPath that they may use, as steps from place to place.

Source: https://hl7.org/fhir/R4/profiling.html#discriminator
"""

import re
from collections.abc import Callable

from pymedplum_runtime.validation.context import Context, Place
from pymedplum_runtime.validation.json_values import as_object
from pymedplum_runtime.validation.profile_conformance import is_elsewhere
from pymedplum_runtime.validation.profile_plans import Plan
from pymedplum_runtime.validation.profile_types import target_of

Step = Callable[[Place, Context], "list[Place] | None"]
"""From a place to those that the step reaches; None if that cannot be told."""

_STEP = (
    r"(?P<this>\$this)"
    r"|(?P<resolve>resolve\(\))"
    r"|(?:ofType|as)\(\s*(?:FHIR\.)?(?P<type>\w+)\s*\)"
    r"|extension\(\s*(?P<quote>['\"])(?P<url>[^'\"]*)(?P=quote)\s*\)"
    r"|`?(?P<name>\w+)(?:\[x\])?`?"
)


def steps_of(path: str, plan: Plan) -> "list[Step] | None":
    """Return the steps of a discriminator's path; None if it is none."""
    names = [] if path == "$this" else path.split(".")
    if all(name.isidentifier() for name in names):
        return [_child(name, plan) for name in names]
    pattern = re.compile(_STEP)
    steps: list[Step] = []
    start = 0
    while True:
        found = pattern.match(path, start)
        if found is None:
            return None
        if not found["this"]:
            steps.append(_step(found, plan))
        start = found.end()
        if start == len(path):
            return steps
        if path[start] != ".":
            return None
        start += 1


def _step(found: "re.Match[str]", plan: Plan) -> Step:
    if found["resolve"]:
        return _resolved
    if found["type"]:
        return _of_type(found["type"])
    if found["url"] is not None:
        return _extension(found["url"], plan)
    return _child(found["name"], plan)


def follow(steps: "list[Step]", place: Place, context: Context) -> "list[Place] | None":
    """Return the places that a path reaches from one; None if that cannot be told."""
    places = [place]
    for step in steps:
        reached: list[Place] = []
        for each in places:
            found = step(each, context)
            if found is None:
                return None
            reached += found
        places = reached
    return places


def _child(name: str, plan: Plan) -> Step:
    def step(place: Place, context: Context) -> "list[Place] | None":
        del context
        if is_elsewhere(place):
            return None
        inside = as_object(place.value) or as_object(place.sibling)
        return plan.names(place.type, name).places(inside, place, place.element)

    return step


def _resolved(place: Place, context: Context) -> "list[Place] | None":
    target = target_of(place, context) if isinstance(place.value, dict) else None
    return None if target is None else [target]


def _of_type(code: str) -> Step:
    def step(place: Place, context: Context) -> "list[Place] | None":
        return [place] if context.definitions.is_subtype(place.type, code) else []

    return step


def _extension(url: str, plan: Plan) -> Step:
    extensions = _child("extension", plan)

    def step(place: Place, context: Context) -> "list[Place] | None":
        found = extensions(place, context)
        if found is None:
            return None
        return [e for e in found if as_object(e.value).get("url") == url]

    return step
