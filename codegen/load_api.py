"""Reads the description of the API: the OpenAPI document and the OperationDefinitions.

Knows YAML, JSON and the files' shape, nothing about Python.
"""

import json
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from codegen.load import Json, Source
from codegen.problems import Problem

REQUIRED_KEYS = ("openapi", "paths")
OPERATION_KEYS = ("url", "code")


@dataclass(frozen=True, slots=True)
class ApiSources:
    """Where the description of the API lies."""

    openapi: Path
    operations: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class ApiSpecs:
    """The OpenAPI document, and the OperationDefinitions by canonical URL."""

    file: str
    document: Json
    operations: Mapping[str, Source] = field(default_factory=dict)


def load_api(sources: ApiSources) -> tuple[ApiSpecs, list[Problem]]:
    """Read the document and every OperationDefinition, with what is wrong with the files."""
    document, problems = _document(sources.openapi, sources.openapi.name)
    operations: dict[str, Source] = {}
    for folder in sources.operations:
        for path in sorted(folder.glob("*.json")):
            file = f"{folder.name}/{path.name}"
            definition, problem = _definition(path, file)
            if problem:
                problems.append(problem)
                continue
            url = definition["url"]
            if url in operations:
                problems.append(Problem(file, "", f"has the url {url} of {operations[url].file}"))
            operations[url] = Source(file, definition)
    return ApiSpecs(sources.openapi.name, document, operations), problems


def load_messages(path: Path) -> tuple[ApiSpecs, list[Problem]]:
    """Read a document whose schemas are messages; its folder tells it from the API's."""
    file = f"{path.parent.name}/{path.name}"
    document, problems = _document(path, file)
    return ApiSpecs(file, document), problems


def _document(path: Path, file: str) -> tuple[Json, list[Problem]]:
    if not path.is_file():
        return {}, [Problem(file, "", "is missing")]
    loader = _Loader(path.read_text(encoding="utf-8"))
    try:
        document = loader.get_single_data()
    except yaml.YAMLError as error:
        return {}, [Problem(file, "", f"is not YAML: {' '.join(str(error).split())}")]
    finally:
        loader.dispose()
    problems = [
        Problem(file, f"line {n}", f"repeats the key '{k}'") for n, k in sorted(loader.twice)
    ]
    if not isinstance(document, dict):
        return {}, [*problems, Problem(file, "", "is not a mapping")]
    missing = [key for key in REQUIRED_KEYS if key not in document]
    if missing:
        problems.append(Problem(file, "", f"lacks {', '.join(missing)}"))
    return document, problems


def _definition(path: Path, file: str) -> tuple[Json, Problem | None]:
    try:
        definition = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        return {}, Problem(file, "", f"is not JSON: {error}")
    kind = definition.get("resourceType") if isinstance(definition, dict) else None
    if kind != "OperationDefinition":
        return {}, Problem(file, "", f"has the resourceType {kind!r}, not OperationDefinition")
    missing = [key for key in OPERATION_KEYS if not definition.get(key)]
    return definition, Problem(file, "", f"lacks {', '.join(missing)}") if missing else None


class _Loader(yaml.SafeLoader):
    """YAML as OpenAPI means it: JSON's types, so that `on`, `no` and dates are texts."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.twice: list[tuple[int, str]] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        """Build a mapping whose keys are texts (`200` too), noting those that are repeated."""
        mapping: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key = str(self.construct_scalar(key_node))
            if key in mapping:
                self.twice.append((key_node.start_mark.line + 1, key))
            mapping[key] = self.construct_object(value_node, deep=deep)
        return mapping


_JSON_TYPES = {
    "null": (r"^(?:null|~|)$", ["n", "~", ""]),
    "bool": (r"^(?:true|false)$", list("tf")),
    "int": (r"^-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    "float": (r"^-?[0-9]+[.][0-9]+$", list("-0123456789")),
}
_Loader.yaml_implicit_resolvers = {}
for _type, (_pattern, _first) in _JSON_TYPES.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_type}", re.compile(_pattern), _first)
