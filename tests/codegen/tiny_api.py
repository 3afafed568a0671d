"""Builds descriptions of an API with a few operations, and the methods that they give."""

import json
from pathlib import Path
from typing import Any

import yaml

from codegen.ir.api import Api, Endpoint, Method, MethodModule
from codegen.ir.api_build import build_api
from codegen.ir.api_types import FhirTypes
from codegen.load_api import ApiSources, load_api
from codegen.problems import Problem

Json = dict[str, Any]  # a document as it is written to its file

FHIR = "application/fhir+json"
BASE = "http://example.org/OperationDefinition/"
TYPES = FhirTypes(frozenset({"Thing"}), frozenset({"Coding"}))
SHARED: Json = {
    "resource_type": {"type": "str", "description": "The type."},
    "query": {"type": "Query | None", "default": "None", "description": "What to look for."},
    "return_bundle": {"type": "bool", "default": "False", "description": "Give a bundle."},
    "as_fhir": {"type": "type[ResourceT] | None", "default": "None", "description": "The model."},
    "prefer_async": {"type": "bool", "default": "False", "description": "Do not wait."},
    "on_behalf_of": {"type": "str | None", "default": "None", "description": "For whom."},
    "timeout": {"type": "Timeout", "default": "None", "description": "Seconds."},
}
PATH = "/fhir/R4/Thing"


def answers(media: str | None = None, code: str = "200", **schema: Any) -> Json:
    """Return the responses of an operation that gives one media type, or nothing."""
    content = {"content": {media: {"schema": schema}}} if media else {}
    return {code: {"description": "What comes back.", **content}}


def path_parameter(name: str, **facts: Any) -> Json:
    """Return the declaration of a parameter of the path."""
    return declared(name, "path", required=True, **facts)


def declared(name: str, place: str = "query", kind: str = "string", **facts: Any) -> Json:
    """Return the declaration of a parameter."""
    about = {"name": name, "in": place, "description": f"The {name}."}
    return about | {"schema": {"type": kind}} | facts


def operation(*methods: Json, **facts: Any) -> Json:
    """Return an operation that answers with a resource unless the facts say otherwise."""
    defaults = {"summary": "Do it.", "responses": answers(FHIR)}
    return defaults | facts | {"x-python": {"methods": list(methods)}}


def get(*methods: Json, path: str = PATH, **facts: Any) -> Json:
    """Return the paths of a document with one GET operation."""
    return {path: {"get": operation(*methods, **facts)}}


def post(*methods: Json, path: str = PATH, **facts: Any) -> Json:
    """Return the paths of a document with one POST operation."""
    return {path: {"post": operation(*methods, **facts)}}


def flow(name: str, *parameters: str | Json, returns: str = "None", **facts: Any) -> Json:
    """Return a method with a flow of its own name."""
    return {
        "name": name,
        "flow": f"flows.{name.rpartition('.')[2]}",
        "parameters": list(parameters),
        "returns": returns,
        **facts,
    }


def parameter(name: str, type_: str, use: str = "in", **facts: Any) -> Json:
    """Return one parameter of an OperationDefinition."""
    about = {"name": name, "use": use, "min": 0, "max": "1", "documentation": "A part. Or so."}
    return about | ({"type": type_} if type_ else {}) | facts


def definition(code: str, *parameters: Json, **facts: Any) -> Json:
    """Return an OperationDefinition."""
    kind = {"resourceType": "OperationDefinition", "id": code, "url": BASE + code, "code": code}
    return kind | {"parameter": list(parameters)} | facts


def write_api(
    folder: Path, paths: Json | None = None, *definitions: Json, **components: Json
) -> Path:
    """Write a description of an API into a folder, and return the OpenAPI document's path."""
    operations = folder / "OperationDefinition"
    operations.mkdir(parents=True, exist_ok=True)
    for json_ in definitions:
        text = json.dumps(json_, indent=2)
        (operations / f"{json_['id']}.json").write_text(text, encoding="utf-8")
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": paths or {},
        "components": {"x-python-parameters": SHARED} | components,
    }
    file = folder / "openapi.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return file


def plan_all(
    folder: Path,
    paths: Json,
    *definitions: Json,
    **components: Json,
) -> tuple[Api, list[Problem]]:
    """Build the clients of a description, with its problems."""
    file = write_api(folder, paths, *definitions, **components)
    specs, problems = load_api(ApiSources(file, (folder / "OperationDefinition",)))
    assert not problems, problems
    return build_api(specs, TYPES)


def plan_tiny(folder: Path, paths: Json, *definitions: Json, **components: Json) -> Api:
    """Build the clients of a description that has nothing wrong with it."""
    api, problems = plan_all(folder, paths, *definitions, **components)
    assert not problems, problems
    return api


def problems_of(folder: Path, paths: Json, *definitions: Json, **components: Json) -> list[str]:
    """Return what is wrong with a description, as it is printed."""
    _, problems = plan_all(folder, paths, *definitions, **components)
    return sorted({str(problem) for problem in problems})


def method_of(api: Api, name: str, *, is_async: bool = False) -> Method:
    """Return one method of one of the clients, by its dotted name."""
    group, _, plain = name.rpartition(".")
    module = _module(api, group, is_async=is_async)
    return next(method for method in module.methods if method.name == plain)


def endpoint_of(api: Api, name: str) -> Endpoint:
    """Return one endpoint by the name of its constant."""
    return next(e for table in api.endpoints for e in table.endpoints if e.name == name)


def _module(api: Api, group: str, *, is_async: bool) -> MethodModule:
    if not group:
        return api.clients[is_async]
    prefix = "async_" if is_async else ""
    return next(module for module in api.groups if module.name == f"{prefix}{group}")
