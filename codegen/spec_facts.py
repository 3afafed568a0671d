"""Takes the description of the API and a server's documents apart into comparable facts.

A fact is a text such as `GET /fhir/R4/{resourceType}: 200`. Knows OpenAPI, OperationDefinition and
CapabilityStatement; says nothing about what differs.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from codegen.load import Json, Specs
from codegen.load_api import ApiSpecs

VERBS = ("get", "put", "post", "patch", "delete")
SEARCH = ("/fhir/R4/{resourceType}", "get")
CONDITIONALS = {
    "conditionalCreate": "conditional-create",
    "conditionalRead": "conditional-read",
    "conditionalUpdate": "conditional-update",
    "conditionalPatch": "conditional-patch",
    "conditionalDelete": "conditional-delete",
}
# Of a CapabilityStatement: what no server of that ability says there.
INABLE = (None, False, "not-supported")

# The server's name for any resource, which is our schema `Resource`; and a remnant, to which no
# property of the server's document refers.
ALIASES = frozenset({"ResourceList", "AccessPolicy_Resource_WriteCriteria"})


@dataclass(frozen=True, slots=True)
class ApiFacts:
    """What one side says of paths, by path and verb, and of what they share."""

    operations: Mapping[str, frozenset[str]]
    security: frozenset[str]
    schemas: frozenset[str]
    also_known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FhirFacts:
    """What one side says of FHIR."""

    types: frozenset[str]
    interactions: frozenset[str]
    operations: frozenset[str]
    searches: frozenset[str]
    special: frozenset[str] = field(default_factory=frozenset)


def our_api(api: ApiSpecs, specs: Specs) -> ApiFacts:
    """Take our description apart; the schemas of FHIR types are the StructureDefinitions."""
    definitions = [source.json for source in specs.definitions.values()]
    names = {d["name"] for d in definitions}
    backbones = {name for d in definitions for name in _backbones(d)}
    facts = server_api(api.document)
    return ApiFacts(
        facts.operations,
        facts.security,
        facts.schemas | names,
        frozenset(backbones) | ALIASES,
    )


def server_api(document: Json) -> ApiFacts:
    """Take an OpenAPI document apart."""
    components: Json = document.get("components") or {}
    schemes: Json = components.get("securitySchemes") or {}
    return ApiFacts(
        operations={
            f"{verb.upper()} {path}": frozenset(_operation_facts(document, item, item[verb]))
            for path, item in document["paths"].items()
            for verb in VERBS
            if verb in item
        },
        security=frozenset(
            " ".join(filter(None, (name, scheme["type"], scheme.get("scheme"))))
            for name, scheme in schemes.items()
        ),
        schemas=frozenset(components.get("schemas") or {}),
    )


def our_fhir(api: ApiSpecs, specs: Specs, searches: Mapping[str, Mapping[str, str]]) -> FhirFacts:
    """Take our description apart, every type with every interaction of the generic paths."""
    types = {
        source.json["name"]
        for source in specs.definitions.values()
        if source.json["kind"] in ("resource", "logical") and not source.json.get("abstract")
    }
    generic, system = _interactions(api.document)
    common = dict(searches.get("Resource", {})) | dict(searches.get("DomainResource", {}))
    search_path, verb = SEARCH
    item = api.document["paths"][search_path]
    return FhirFacts(
        types=frozenset(types),
        interactions=frozenset(f"{t}: {i}" for t in types for i in generic) | system,
        operations=frozenset(_named_operations(api)),
        searches=frozenset(
            f"{t}: {name} ({kind})"
            for t in types
            for name, kind in (common | dict(searches.get(t, {}))).items()
        ),
        special=frozenset(
            parameter["name"]
            for parameter in _parameters(api.document, item, item[verb])
            if parameter["in"] == "query" and parameter["schema"].get("type") != "object"
        ),
    )


def server_fhir(capabilities: Json, special: frozenset[str]) -> FhirFacts:
    """Take a CapabilityStatement apart.

    Args:
        capabilities: the statement.
        special: parameters that every search has, so that they are no type's own.
    """
    servers: list[Json] = [r for r in capabilities["rest"] if r.get("mode", "server") == "server"]
    resources: list[Json] = [r for rest in servers for r in rest.get("resource", ())]
    own = [(r["type"], p) for r in resources for p in r.get("searchParam", ())]
    common = [p["name"] for rest in servers for p in rest.get("searchParam", ())]
    return FhirFacts(
        types=frozenset(r["type"] for r in resources),
        interactions=frozenset(
            [f"{r['type']}: {code}" for r in resources for code in _abilities(r)]
            + [i["code"] for rest in servers for i in rest.get("interaction", ())]
        ),
        operations=frozenset(
            f"${o['name'].removeprefix('$')}: {o['definition']}"
            for r in (*servers, *resources)
            for o in r.get("operation", ())
        ),
        searches=frozenset(
            f"{t}: {p['name']} ({p['type']})" for t, p in own if p["name"] not in special
        ),
        special=frozenset(common) | {p["name"] for _, p in own if p["name"] in special},
    )


def _abilities(resource: Json) -> Iterator[str]:
    for interaction in resource.get("interaction", ()):
        yield interaction["code"]
    for key, code in CONDITIONALS.items():
        if resource.get(key) not in INABLE:
            yield code


def _named_operations(api: ApiSpecs) -> Iterator[str]:
    for item in api.document["paths"].values():
        for operation in (item[v] for v in VERBS if v in item):
            url = operation.get("x-fhir-operation")
            if url:
                yield f"${api.operations[url].json['code']}: {url}"


def _interactions(document: Json) -> tuple[frozenset[str], frozenset[str]]:
    """Give the interactions of every type, and those of the server as a whole."""
    generic: set[str] = set()
    system: set[str] = set()
    for path, item in document["paths"].items():
        for verb in (v for v in VERBS if v in item):
            target = generic if "{resourceType}" in path else system
            target.update(item[verb].get("x-fhir-interaction", ()))
    return frozenset(generic), frozenset(system - generic)


def _operation_facts(document: Json, item: Json, operation: Json) -> Iterator[str]:
    for parameter in _parameters(document, item, operation):
        yield f"{parameter['in']} parameter {parameter['name']}"
    body = _resolved(document, operation.get("requestBody") or {})
    for media in body.get("content") or ():
        yield f"body {media}"
    for code, reference in (operation.get("responses") or {}).items():
        response = _resolved(document, reference)
        yield f"response {code}"
        for media in response.get("content") or ():
            yield f"response {code} {media}"


def _parameters(document: Json, item: Json, operation: Json) -> Iterator[Json]:
    for parameter in (*item.get("parameters", ()), *operation.get("parameters", ())):
        yield _resolved(document, parameter)


def _resolved(document: Json, node: Json) -> Json:
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def _backbones(definition: Json) -> Iterator[str]:
    """Name the classes inside a type, in the ways in which servers name them.

    `Claim.item.detail` is `Claim_Detail`, `Claim_Item_Detail` and `ClaimItemDetail`, with a number
    behind the first where there are several.
    """
    paths = [e["path"] for e in definition["element"] if _is_backbone(e)]
    ends: dict[str, int] = {}
    for path in paths:
        root, *rest = (re.sub(r"\W", "", part) for part in path.split("."))
        parts = [part[:1].upper() + part[1:] for part in rest]
        yield "".join([root, *parts])
        yield "_".join([root, *parts])
        end = f"{root}_{parts[-1]}" if parts else root
        yield f"{end}{ends.get(end, '')}"
        ends[end] = ends.get(end, 0) + 1


def _is_backbone(element: Json) -> bool:
    codes = {t.get("code") for t in element.get("type", ())}
    is_class = bool(codes & {"BackboneElement", "Element"}) or "contentReference" in element
    return "." in element["path"] and is_class
