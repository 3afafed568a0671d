"""The smallest valid instance of every resource type, walked out of the definitions.

Reads specs/fhir/r4 on its own: instances built from the generator's reading would share its
mistakes. Knows cardinality and required bindings, not invariants.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]

SPECS = Path(__file__).resolve().parents[2] / "specs" / "fhir" / "r4"
PRIMITIVES: Json = {
    "base64Binary": "AAAA",
    "boolean": True,
    "date": "2024-01-31",
    "dateTime": "2024-01-31T12:00:00Z",
    "decimal": 1.5,
    "instant": "2024-01-31T12:00:00Z",
    "integer": 1,
    "integer64": "1",
    "oid": "urn:oid:1.2.3",
    "positiveInt": 1,
    "time": "12:00:00",
    "unsignedInt": 1,
    "uuid": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml">text</div>',
    "canonical": "http://example.org/canonical",
    "uri": "http://example.org/uri",
    "url": "http://example.org/url",
}
A_RESOURCE = {"resourceType": "Basic", "code": {"text": "text"}}
# Codes of required value sets whose lists the extract does not hold.
UNLISTED = {
    "all-languages": "en",
    "currencies": "EUR",
    "mimetypes": "text/plain",
    "subscription-notification-type": "handshake",
}


def minimal_instances() -> list[Json]:
    """Return one instance of each resource type that is not abstract, in the types' order."""
    names = [name for name, definition in _definitions().items() if _is_resource(definition)]
    return [{"resourceType": name, **_required(name, name)} for name in names]


def _is_resource(definition: Json) -> bool:
    return definition["kind"] == "resource" and not definition["abstract"]


def _required(name: str, path: str) -> Json:
    return dict(_property(name, e) for e in _children(name, path) if e["min"] > 0)


def _object(name: str, path: str) -> Json:
    """Build an object; one without required members gets its simplest, for none may be empty."""
    members = _required(name, path)
    if members:
        return members
    optional = [e for e in _children(name, path) if not _is_common(e)]
    simplest = min(optional, key=lambda e: ("binding" in e, not _type_of(e)[0].islower()))
    return dict([_property(name, simplest)])


def _is_common(element: Json) -> bool:
    return element["path"].rpartition(".")[2] in {"id", "extension", "modifierExtension"}


def _property(name: str, element: Json) -> tuple[str, Any]:
    key = element["path"].rpartition(".")[2]
    type_ = _type_of(element)
    if key.endswith("[x]"):
        key = key.removesuffix("[x]") + type_[0].upper() + type_[1:]
    value = _value(name, element, type_)
    return key, value if element["max"] == "1" else [value]


def _value(name: str, element: Json, type_: str) -> object:
    if "contentReference" in element:
        return _object(name, element["contentReference"].partition("#")[2])
    if any(_children(name, element["path"])):
        return _object(name, element["path"])
    if not type_[0].islower():
        return A_RESOURCE if type_ == "Resource" else _object(type_, type_)
    binding = element.get("binding", {})
    if binding.get("strength") == "required":
        return _first_code(binding["valueSet"].partition("|")[0])
    return PRIMITIVES.get(type_, "text")


def _type_of(element: Json) -> str:
    code: str = element.get("type", [{"code": "BackboneElement"}])[0]["code"]
    return "string" if code.startswith("http://hl7.org/fhirpath/") else code


def _children(name: str, path: str) -> Iterator[Json]:
    elements = _definitions()[name]["element"]
    return (e for e in elements if e["path"].rpartition(".")[0] == path and e["max"] != "0")


def _first_code(value_set: str) -> str:
    """Return the first code of a required value set."""
    listed = _by_url("ValueSet").get(value_set, {"compose": {"include": []}})
    for part in listed["compose"]["include"]:
        system = _by_url("CodeSystem").get(part["system"], {})
        concepts = part.get("concept") or system.get("concept")
        if concepts:
            return str(concepts[0]["code"])
    return UNLISTED.get(value_set.rpartition("/")[2], "code")


@cache
def _definitions() -> dict[str, Json]:
    paths = sorted((SPECS / "StructureDefinition").glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


@cache
def _by_url(kind: str) -> dict[str, Json]:
    paths = sorted((SPECS / kind).glob("*.json"))
    found = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    return {resource["url"]: resource for resource in found}
