"""Small value sets and code systems for the tests of terminology."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]  # FHIR JSON

BASE = "http://example.org/"
COLOURS = f"{BASE}colours"
SHAPES = f"{BASE}shapes"


def concept(code: str, *children: Json, **facts: Any) -> Json:
    """Return a concept with those below it; facts become properties."""
    properties = [
        {"code": name, ("valueBoolean" if isinstance(v, bool) else "valueCode"): v}
        for name, values in facts.items()
        for v in (values if isinstance(values, list) else [values])
    ]
    return {
        "code": code,
        "display": code.title(),
        **({"property": properties} if properties else {}),
        **({"concept": list(children)} if children else {}),
    }


def code_system(url: str, *concepts: Json, content: str = "complete", **facts: Any) -> Json:
    """Return a CodeSystem."""
    head = {"resourceType": "CodeSystem", "url": url, "status": "active", "content": content}
    return {**head, "concept": list(concepts), **facts}


def composed(name: str, *include: Json, exclude: tuple[Json, ...] = (), **facts: Any) -> Json:
    """Return a ValueSet."""
    compose: Json = {"include": list(include)} | ({"exclude": list(exclude)} if exclude else {})
    head = {"resourceType": "ValueSet", "url": f"{BASE}ValueSet/{name}", "status": "active"}
    return {**head, "compose": compose, **facts}


def codes(system: str, *listed: str, **facts: Any) -> Json:
    """Return an include that lists codes; without any, one of the whole system."""
    concepts = {"concept": [{"code": code} for code in listed]} if listed else {}
    return {"system": system, **concepts, **facts}


def where(system: str, *filters: tuple[str, str, str]) -> Json:
    """Return an include with filters."""
    keys = ("property", "op", "value")
    return {"system": system, "filter": [dict(zip(keys, each, strict=True)) for each in filters]}


def by_url(*definitions: Json) -> Mapping[str, Json]:
    """Return definitions as they are looked up."""
    return {definition["url"]: definition for definition in definitions}


TREE = code_system(
    COLOURS,
    concept("red", concept("crimson", concept("ruby")), concept("pink", pale=True)),
    concept("blue", kind="cold"),
    concept("mauve", pale=True, parent=["red", "blue"]),
    concept("grey", inactive=True),
)
WHOLE = codes(COLOURS)
ALL = ["red", "crimson", "ruby", "pink", "blue", "mauve", "grey"]
