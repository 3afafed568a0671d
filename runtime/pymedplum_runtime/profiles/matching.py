"""What tells the items of a slice from others: its discriminators, resolved to facts.

Source: https://hl7.org/fhir/R4/profiling.html#discriminator
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from pymedplum_runtime.profiles.definitions import FHIR
from pymedplum_runtime.profiles.layers import CHOICE, codes_of, types_of
from pymedplum_runtime.profiles.tables import MatchTable
from pymedplum_runtime.profiles.views import View, child_of, extensions_of, resolved, url_of

_STEP = re.compile(
    r"(?P<this>\$this)|(?P<resolve>resolve\(\))|ofType\((?P<type>[A-Za-z][A-Za-z0-9.]*)\)"
    r"|extension\((?:'(?P<url>[^']*)'|\"(?P<quoted>[^\"]*)\")\)"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*)(?:\[x\])?"
)
_DEEPEST = 6  # levels below an element that are searched for what makes up its pattern
_MOST_VIEWS = 64

Fact = dict[str, Any]  # the members of a MatchTable besides its path


class UnresolvedError(Exception):
    """A discriminator leads to nothing that tells the slice from others."""


def match_of(slice_: View, kind: str, path: str) -> MatchTable:
    """Resolve a discriminator for a slice.

    Args:
        slice_: the slice, its own layer first.
        kind: `value`, `pattern`, `exists`, `type` or `profile`.
        path: the discriminator's restricted FHIRPath.

    Raises:
        UnresolvedError: nothing tells the slice from others, or the path cannot be read.
    """
    steps = _steps(path)
    walk = _walk(slice_, steps)
    fact = _fact(kind, walk, steps)
    if fact is not None:
        return cast("MatchTable", {"path": _written(steps), **fact})
    last = max((i for i, step in enumerate(steps) if step["resolve"]), default=None)
    targets = [] if last is None else _targets(walk[last])
    if last is None or not targets:
        raise UnresolvedError(f"nothing tells the slice apart by the discriminator {kind}:{path}")
    return {"path": _written(steps[: last + 1]), "profiles": targets}


def _walk(view: View, steps: Iterable[re.Match[str]]) -> list[list[View]]:
    """Return the views after each step, the first the one that is begun with."""
    walk = [[view]]
    for step in steps:
        walk.append([v for view in walk[-1] for v in _stepped(view, step)][:_MOST_VIEWS])
    return walk


def _steps(path: str) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    position = 0
    while position <= len(path):
        step = _STEP.match(path, position)
        if step is None or path[step.end() : step.end() + 1] not in {"", "."}:
            raise UnresolvedError(f"'{path}' is no path of a discriminator")
        found.append(step)
        position = step.end() + 1
    return [step for step in found if not step["this"]]


def _written(steps: Iterable[re.Match[str]]) -> str:
    return ".".join(map(_text, steps)) or "$this"


def _text(step: re.Match[str]) -> str:
    if step["name"]:
        return step["name"]
    url = step["url"] or step["quoted"]
    return f"extension('{url}')" if url else step[0]


def _stepped(view: View, step: re.Match[str]) -> Iterator[View]:
    if step["resolve"]:
        yield from resolved(view)
    elif step["type"]:
        yield view.with_layers({"types": [{"code": step["type"]}]}, *view.layers)
    elif step["name"]:
        found = child_of(view, step["name"])
        if found is not None:
            yield found
            yield from found.sliced()
    else:
        yield from extensions_of(view, step["url"] or step["quoted"] or "")


def _fact(kind: str, walk: list[list[View]], steps: list[re.Match[str]]) -> Fact | None:
    views = walk[-1]
    if kind in {"type", "profile"}:
        if steps and steps[-1]["resolve"]:
            return _referred(kind, walk)
        return _first(map(_types if kind == "type" else _profiles, views[:1]))
    if kind == "exists":
        return _existence(walk[0][0], steps)
    if kind not in {"value", "pattern"}:
        raise UnresolvedError(f"FHIR has no kind of discriminator called '{kind}'")
    url = url_of(walk[0][0]) if _written(steps) == "url" else None
    found = {"fixed": url} if url else _first(map(_value, views)) or _first(map(_bound, views))
    return found or _existence(walk[0][0], steps)


def _referred(kind: str, walk: list[list[View]]) -> Fact | None:
    """Return what a reference leads to, at the end of a path."""
    targets = _targets(walk[-2])
    if kind == "profile":
        return _named("profiles", targets)
    codes = {code for view in walk[-1] for code in codes_of(view.layers)}
    return _named("types", sorted(codes)) if len(walk[-1]) == len(targets) else None


def _first(facts: Iterable[Fact | None]) -> Fact | None:
    return next((fact for fact in facts if fact is not None), None)


def _named(member: str, names: list[str]) -> Fact | None:
    return {member: names} if names else None


def _targets(views: list[View]) -> list[str]:
    return list(dict.fromkeys(target for view in views[:1] for target in view.targets))


def _value(view: View) -> Fact | None:
    """Return a value that is fixed, or that can be put together from those below."""
    wide = view.widened()
    for layer in wide.over:
        for member in ("fixed", "pattern"):
            if member in layer:
                return {member: cast("Mapping[str, Any]", layer)[member]}
    if codes_of(wide.layers) == ["Extension"] and (url := url_of(view)):
        return {"pattern": {"url": url}}
    pattern = _pattern(wide, 0)
    return None if pattern is None else {"pattern": pattern}


def _pattern(view: View, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    """Return the pattern that the fixed values of an element and below make up."""
    for layer in view.over:
        for member in ("fixed", "pattern"):
            if member in layer:
                return cast("Mapping[str, Any]", layer)[member]
    if depth == _DEEPEST:
        return None
    names = sorted({name for layer in view.over for name in layer.get("elements", {})})
    members = {name: _member(view, name, depth) for name in names if not name.endswith(CHOICE)}
    return {name: value for name, value in members.items() if value is not None} or None


def _member(view: View, name: str, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    child = child_of(view, name)
    if child is None:
        return None
    whole = _pattern(child.widened(), depth + 1)
    if child.layers[-1].get("max", 1) == 1:
        return whole
    needed = [s for s in child.sliced() if s.layers[0].get("min", 0)]
    items = [i for s in needed if (i := _pattern(s.widened(), depth + 1)) is not None]
    return items or ([whole] if whole is not None else None)


def _bound(view: View) -> Fact | None:
    """Return the value set that a profile requires."""
    for layer in view.widened().over:
        binding = layer.get("binding", {})
        if binding.get("strength") == "required" and "value_set" in binding:
            return {"binding": binding["value_set"]}
    return None


def _existence(slice_: View, steps: list[re.Match[str]]) -> Fact | None:
    """Return whether a slice wants the element there, or not there; all others don't count."""
    alone = slice_.with_layers(slice_.layers[0], slice_.layers[-1])
    view = next(iter(_walk(alone, steps)[-1]), None)
    over = () if view is None or not steps else view.over
    if any(layer.get("max") == 0 for layer in over):
        return {"exists": False}
    return {"exists": True} if any(layer.get("min", 0) for layer in over) else None


def _types(view: View) -> Fact | None:
    return _named("types", codes_of(view.layers))


def _profiles(view: View) -> Fact | None:
    types = types_of(view.layers)
    return _named("profiles", [p for t in types for p in t.get("profiles") or [_url(t)]])


def _url(type_: Mapping[str, Any]) -> str:
    return FHIR + str(type_.get("code", ""))
