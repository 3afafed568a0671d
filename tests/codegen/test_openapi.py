"""The description of the API is valid and complete, and says what Python makes of each endpoint."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from medplum_routes import FHIR_ROUTES, OTHER_ROUTES
from openapi_spec_validator import OpenAPIV31SpecValidator

from codegen.__main__ import api_of
from codegen.load_api import ApiSpecs, load_api
from codegen.sources import ROOT, read_sources

Json = dict[str, Any]

VERBS = ("get", "put", "post", "patch", "delete")
OURS = ROOT / "specs" / "medplum" / "OperationDefinition"
GENERIC = re.compile(r"\$\{")


@pytest.fixture(scope="module")
def api() -> ApiSpecs:
    """The document and the OperationDefinitions."""
    sources = api_of(read_sources().releases["r4"])
    assert sources
    specs, problems = load_api(sources)

    assert problems == []
    return specs


def _operations(api: ApiSpecs) -> Iterator[tuple[str, Json]]:
    for path, item in api.document["paths"].items():
        for verb in VERBS:
            if verb in item:
                yield f"{verb.upper()} {path}", item[verb]


def _methods(api: ApiSpecs) -> Iterator[Json]:
    yield from api.document["x-python"]["methods"]
    for _, operation in _operations(api):
        yield from operation["x-python"]["methods"]


def _nodes(node: Any) -> Iterator[Json]:
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _nodes(child)


def _find(document: Json, ref: str) -> Json:
    node: Any = document
    for part in ref.removeprefix("#/").split("/"):
        node = node.get(part.replace("~1", "/").replace("~0", "~"), {})
    assert isinstance(node, dict)
    return node


def _twice(names: Iterator[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def test_it_is_valid_openapi(api: ApiSpecs) -> None:
    errors = OpenAPIV31SpecValidator(api.document).iter_errors()

    assert [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in errors] == []


def test_every_reference_leads_somewhere(api: ApiSpecs) -> None:
    refs = {node["$ref"] for node in _nodes(api.document) if isinstance(node.get("$ref"), str)}

    assert [ref for ref in sorted(refs) if not _find(api.document, ref)] == []


def test_every_component_is_used(api: ApiSpecs) -> None:
    used = {node["$ref"] for node in _nodes(api.document) if isinstance(node.get("$ref"), str)}
    unused = [
        f"{kind}/{name}"
        for kind in ("parameters", "headers", "requestBodies", "responses", "schemas")
        for name in api.document["components"][kind]
        if f"#/components/{kind}/{name}" not in used
    ]

    assert unused == []


def test_every_path_parameter_is_declared(api: ApiSpecs) -> None:
    wrong = {}
    for path, item in api.document["paths"].items():
        for operation in (item[verb] for verb in VERBS if verb in item):
            nodes = [*item.get("parameters", ()), *operation.get("parameters", ())]
            found = [_find(api.document, n["$ref"]) if "$ref" in n else n for n in nodes]
            declared = {p["name"] for p in found if p["in"] == "path"}
            if declared != set(re.findall(r"\{([^}]+)\}", path)):
                wrong[path] = declared

    assert wrong == {}


def test_operations_and_methods_have_names_of_their_own(api: ApiSpecs) -> None:
    assert _twice(operation["operationId"] for _, operation in _operations(api)) == []
    assert _twice(name for m in _methods(api) for name in (m["name"], *_alias(m))) == []


def test_no_group_has_the_name_of_a_method(api: ApiSpecs) -> None:
    names = {method["name"] for method in _methods(api)}

    assert {name.partition(".")[0] for name in names if "." in name} & names == set()


def _alias(method: Json) -> Iterator[str]:
    yield from [method["alias"]] if "alias" in method else []


def test_every_operation_has_methods_or_says_why_not(api: ApiSpecs) -> None:
    wrong = [
        place
        for place, operation in _operations(api)
        if bool(operation["x-python"]["methods"]) == bool(operation["x-python"].get("reason"))
    ]

    assert wrong == []


def test_every_operation_is_documented_and_has_a_tag_that_there_is(api: ApiSpecs) -> None:
    tags = {tag["name"] for tag in api.document["tags"]}
    wrong = [
        place
        for place, operation in _operations(api)
        if not operation["summary"].endswith(".") or not set(operation["tags"]) <= tags
    ]

    assert wrong == []
    assert {tag for _, o in _operations(api) for tag in o["tags"]} == tags


def test_every_method_says_what_it_gives_and_shows_how(api: ApiSpecs) -> None:
    silent = [m["name"] for m in _methods(api) if m.get("returns") != "None" and "result" not in m]

    assert silent == []
    assert [m["name"] for m in _methods(api) if "example" not in m] == []


def test_every_operation_says_how_it_fails(api: ApiSpecs) -> None:
    assert [p for p, operation in _operations(api) if "default" not in operation["responses"]] == []


def test_paths_with_a_dollar_sign_name_their_operation_definition(api: ApiSpecs) -> None:
    wrong = [
        place
        for place, operation in _operations(api)
        if ("$" in place and not GENERIC.search(place) and not place.endswith("{path}"))
        != ("x-fhir-operation" in operation)
    ]

    assert wrong == []


def test_every_named_operation_definition_exists_and_fits_its_path(api: ApiSpecs) -> None:
    wrong = []
    for place, operation in _operations(api):
        url = operation.get("x-fhir-operation")
        if url and f"${api.operations[url].json['code']}" not in place.split("/"):
            wrong.append(place)

    assert wrong == []
    assert {m["operation"] for m in _methods(api) if "operation" in m} <= api.operations.keys()


def test_every_operation_definition_of_ours_is_named(api: ApiSpecs) -> None:
    named = {operation.get("x-fhir-operation") for _, operation in _operations(api)}
    ours = {url for url, source in api.operations.items() if (OURS / _name(source.file)).is_file()}

    assert ours - named == set()
    assert len(ours) == len(list(OURS.iterdir()))


def _name(file: str) -> str:
    return Path(file).name


@pytest.mark.parametrize("path", sorted(OURS.glob("*.json")), ids=lambda path: path.stem)
def test_our_operation_definitions_are_complete(path: Path, api: ApiSpecs) -> None:
    definition = next(s.json for s in api.operations.values() if _name(s.file) == path.name)

    assert definition["id"] == path.stem
    assert definition["description"].endswith(".")
    assert isinstance(definition["affectsState"], bool)
    assert any(definition[level] for level in ("system", "type", "instance"))
    for parameter in _nodes(definition.get("parameter", [])):
        if "use" in parameter:
            assert parameter["documentation"].endswith(".")
            assert ("type" in parameter) != ("part" in parameter)


@pytest.mark.parametrize("route", FHIR_ROUTES.split("\n"))
def test_every_fhir_route_of_the_server_is_described(route: str, api: ApiSpecs) -> None:
    verb, path = route.split()
    place = f"{verb} /fhir/R4{path.rstrip('/')}"

    assert place in dict(_operations(api))


@pytest.mark.parametrize("route", OTHER_ROUTES.split("\n"))
def test_every_other_route_of_the_server_is_described(route: str, api: ApiSpecs) -> None:
    assert route in dict(_operations(api))
