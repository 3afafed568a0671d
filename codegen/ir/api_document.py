"""Finds its way through an OpenAPI document: references, operations, schemas."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from codegen.ir.api_types import PRIMITIVES
from codegen.load import Json
from codegen.load_api import ApiSpecs
from codegen.problems import Problem

VERBS = ("get", "put", "post", "patch", "delete")
FHIR_BASE = "/fhir/R4/"

_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_PLACEHOLDER = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document: a verb on a path, or neither for what belongs to none."""

    place: str
    verb: str
    path: str
    json: Json
    parameters: tuple[Json, ...]

    @property
    def placeholders(self) -> list[str]:
        """The names in the braces of the path."""
        return _PLACEHOLDER.findall(self.path)


class Document:
    """The document, and the problems met in it so far."""

    def __init__(self, specs: ApiSpecs) -> None:
        self.specs = specs
        self.problems: list[Problem] = []
        self._root: Json = specs.document
        self._components: Json = self._root.get("components") or {}
        schemas: Json = self._components.get("schemas") or {}
        self.schemas = frozenset(n for n, s in schemas.items() if not s.get("x-fhir-type"))
        self.shared_parameters: Json = self._components.get("x-python-parameters") or {}

    def report(self, place: str, message: str) -> None:
        """Note a problem; generation goes on, so that all are found."""
        self.problems.append(Problem(self.specs.file, place, message))

    def operations(self) -> Iterator[Operation]:
        """Give every operation in the order of the document, and last what belongs to none."""
        for path, item in self._root["paths"].items():
            for verb in (v for v in item if v in VERBS):
                place = f"{verb.upper()} {path}"
                json: Json = item[verb]
                declared = [*item.get("parameters", ()), *json.get("parameters", ())]
                parameters = {
                    (p.get("in"), p.get("name")): p
                    for p in (self.resolve(node, place) for node in declared)
                    if p
                }
                yield Operation(place, verb, path, json, tuple(parameters.values()))
        if "x-python" in self._root:
            yield Operation("x-python", "", "", self._root, ())

    def resolve(self, node: Json, place: str) -> Json:
        """Follow the references of a node; nothing where one leads nowhere."""
        seen: set[str] = set()
        while "$ref" in node:
            ref = node["$ref"]
            found = self._find(ref)
            if ref in seen or not isinstance(found, dict):
                self.report(place, f"refers to {ref}, which leads nowhere")
                return {}
            seen.add(ref)
            node = found
        return node

    def python_type(self, schema: Json, place: str) -> str:
        """Give the Python type of a schema: a class of ours by its name, FHIR as a dict."""
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        resolved = self.resolve(schema, place)
        if name in self.schemas:
            return name
        kind = resolved.get("type")
        if "enum" in resolved:
            return f"Literal[{', '.join(map(repr, resolved['enum']))}]"
        if kind == "array":
            return f"list[{self.python_type(resolved.get('items') or {}, place)}]"
        if kind == "object" or resolved.get("x-fhir-type"):
            return "dict[str, Any]"
        if resolved.get("format") in {"date", "date-time"}:
            return PRIMITIVES["date" if resolved["format"] == "date" else "dateTime"]
        return _SCALARS.get(str(kind), "Any")

    def fhir_type(self, schema: Json, place: str) -> str | None:
        """Name the FHIR type that a schema stands for."""
        name: str | None = self.resolve(schema, place).get("x-fhir-type")
        return name

    def group_description(self, group: str) -> str:
        """Describe a group of methods: by the tag of its name, where there is one."""
        for tag in self._root.get("tags") or ():
            if tag.get("name", "").lower().replace(" ", "_").replace("-", "_") == group:
                return str(tag.get("description") or "")
        return ""

    def _find(self, ref: str) -> Any:  # noqa: ANN401 - any node of the document
        node: Any = self._root if ref.startswith("#/") else None
        for part in ref.removeprefix("#/").split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            node = node.get(key) if isinstance(node, dict) else None
        return node
