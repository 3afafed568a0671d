"""Decides how the schemas of an OpenAPI document become models of messages.

Knows OpenAPI and its extensions `x-python`, `x-fhir-type` and `x-expects`, and the keywords by
which datamodel-code-generator is told of classes that are not its own.
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from codegen.ir.types import Package
from codegen.load import Json
from codegen.load_api import ApiSpecs
from codegen.problems import Problem

MODELS = "pymedplum.fhir"
REQUEST = "CDSRequest"
_PLACE = "components/schemas"
_SCHEMAS = f"#/{_PLACE}/"
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*")
_PATH = re.compile(r"pymedplum_runtime([.][a-z_]+)+[.][A-Z][A-Za-z]*")
_IMPORT = "x-python-import"
_KEYS = {"base", "type", "skip"}
_WIDTH = 90  # of 100, behind the indent and before the quotation marks


@dataclass(frozen=True, slots=True)
class Messages:
    """The models of a document's messages."""

    file: str
    title: str
    version: str
    schemas: Json
    """As datamodel-code-generator reads them."""
    names: tuple[str, ...]
    """Every class and named text that they give."""
    requests: tuple[tuple[str, str], ...]
    """The class of every hook's request."""
    expectations: tuple[tuple[str, str], ...]
    """Every pattern in words."""


def build_messages(specs: ApiSpecs, package: Package) -> tuple[Messages, list[Problem]]:
    """Turn the schemas of a document into those of models, with what is wrong with them."""
    schemas: Json = specs.document.get("components", {}).get("schemas", {})
    homes = {c.name: f"{MODELS}.{m.name}" for m in package.modules for c in m.classes}
    kept = {name: schema for name, schema in schemas.items() if "skip" not in _python(schema)}
    wrong = [
        (f"/{place}", message)
        for name, schema in schemas.items()
        for place, message in _problems(name, schema, schemas, homes)
    ]
    wrong += _wrong_requests(kept)
    if wrong:
        problems = [Problem(specs.file, f"{_PLACE}{place}", message) for place, message in wrong]
        return _messages(specs, {}, {}), problems
    prepared = {
        name: _imported(schema, homes) or _prepared(schema, homes) for name, schema in kept.items()
    }
    return _messages(specs, kept, prepared), []


def _messages(specs: ApiSpecs, kept: Json, prepared: Json) -> Messages:
    head: Json = specs.document.get("info", {})
    return Messages(
        file=specs.file,
        title=str(head.get("title", "")),
        version=str(head.get("version", "")),
        schemas=prepared,
        names=tuple(sorted(name for name, schema in prepared.items() if _IMPORT not in schema)),
        requests=tuple(sorted(_hooks(kept))),
        expectations=tuple(sorted(set(_expectations(kept)))),
    )


def _hooks(schemas: Json) -> Iterator[tuple[str, str]]:
    """Name the requests: what extends another schema with a constant hook."""
    for name, schema in schemas.items():
        for part in schema.get("allOf", ()):
            hook = part.get("properties", {}).get("hook", {}).get("const")
            if hook is not None:
                yield str(hook), name


def _expectations(schemas: Json) -> Iterator[tuple[str, str]]:
    for node in _nodes(schemas):
        if "x-expects" in node:
            yield str(node["pattern"]), str(node["x-expects"])
        if "const" in node:
            yield _constant(node), f"`{node['const']}`"


def _constant(node: Json) -> str:
    """Give the pattern of a constant text."""
    return f"^{re.escape(str(node['const']))}$".replace("\\-", "-")


def _imported(schema: Json, homes: dict[str, str]) -> Json | None:
    """Name the class of a schema that stands for one of FHIR's, or of the runtime's."""
    kind = schema.get("x-fhir-type")
    path = f"{homes[kind]}.{kind}" if kind else str(_python(schema).get("type", ""))
    module, _, name = path.rpartition(".")
    return {_IMPORT: {"module": module, "name": name}} if name else None


def _prepared(node: Any, homes: dict[str, str]) -> Any:  # noqa: ANN401 - any node of a schema
    """Say what the extensions say in the words of datamodel-code-generator."""
    if isinstance(node, list):
        return [_prepared(item, homes) for item in node]
    if not isinstance(node, dict):
        return node
    python = _python(node)
    shown = {key: value for key, value in node.items() if not key.startswith("x-")}
    prepared: Json = {key: _prepared(value, homes) for key, value in shown.items()}
    if isinstance(description := prepared.get("description"), str):
        prepared["description"] = textwrap.fill(" ".join(description.split()), _WIDTH)
    if "const" in prepared:
        # A subclass may narrow what it inherits to a pattern, but not to another type.
        prepared |= {"pattern": _constant(node), "default": prepared.pop("const")}
    if "properties" in prepared:
        # What has a default is there in Python, whether or not it was on the wire.
        given = [key for key, value in prepared["properties"].items() if "default" in value]
        prepared["required"] = sorted({*prepared.get("required", ()), *given})
    if "base" in python:
        prepared["customBasePath"] = python["base"]
    if prepared.get("default") == {}:
        prepared["default_factory"] = "dict"
    if "type" in python:
        kept: Json = {
            key: prepared[key]
            for key in ("description", "default", "default_factory")
            if key in prepared
        }
        prepared = {"customTypePath": python["type"], **kept}
    return prepared


def _python(schema: Json) -> Json:
    return schema.get("x-python") or {}


def _problems(
    name: str, schema: Json, schemas: Json, homes: dict[str, str]
) -> Iterator[tuple[str, str]]:
    if not _CLASS.fullmatch(name):
        yield name, "is not the name of a class"
    if not schema.get("description"):
        yield name, "has no description"
    if any("skip" in _python(node) for node in _nodes(schema) if node is not schema):
        yield name, "has a skip inside; only a whole schema can be skipped"
    for node in _nodes(schema):
        yield from ((name, message) for message in _wrong(node, schemas, homes))
    for part in (schema, *schema.get("allOf", ())):
        for key, value in part.get("properties", {}).items():
            if not value.get("description"):
                yield f"{name}.{key}", "has no description"


def _wrong_requests(schemas: Json) -> Iterator[tuple[str, str]]:
    if REQUEST not in schemas:
        yield "", f"has no message {REQUEST}"
    names: dict[str, str] = {}
    for hook, name in _hooks(schemas):
        if hook in names:
            yield f"/{name}", f"has the hook {hook!r} of {names[hook]}"
        names.setdefault(hook, name)


def _wrong(node: Json, schemas: Json, homes: dict[str, str]) -> Iterator[str]:
    ref = node.get("$ref")
    if isinstance(ref, str) and ref.removeprefix(_SCHEMAS) not in schemas:
        yield f"refers to {ref}, which leads nowhere"
    kind = node.get("x-fhir-type")
    if kind is not None and kind not in homes:
        yield f"has the x-fhir-type {kind!r}, which FHIR does not have"
    if "x-expects" in node and "pattern" not in node:
        yield "has x-expects without a pattern"
    python = _python(node)
    for key in sorted(python.keys() - _KEYS):
        yield f"has the key {key!r} in x-python; it takes {', '.join(sorted(_KEYS))}"
    for key in ("base", "type"):
        if key in python and not _PATH.fullmatch(str(python[key])):
            yield f"has the x-python {key} {python[key]!r}, which is no class of the runtime"


def _nodes(node: Any) -> Iterator[Json]:  # noqa: ANN401 - any node of a document
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from _nodes(value)
