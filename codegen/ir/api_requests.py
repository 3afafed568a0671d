"""What one operation of the document carries: arguments, where they travel, and what returns.

For the methods without a flow, which are one request; and for the signatures of the others where
they do not write down their own.
"""

import keyword
from collections.abc import Iterator
from dataclasses import dataclass

from codegen.ir.api import Argument, Result, WireParameter, WirePlace
from codegen.ir.api_docs import first_sentence
from codegen.ir.api_document import Document, Operation
from codegen.ir.api_types import PRIMITIVES, FhirTypes, many, optional
from codegen.ir.names import snake_case
from codegen.load import Json, Source
from codegen.problems import Problem

FHIR_JSON = "application/fhir+json"

# The runtime sends these itself, from arguments and settings of its own.
RUNTIME_HEADERS = frozenset({
    "accept", "authorization", "content-type", "prefer", "x-medplum", "x-medplum-on-behalf-of",
})  # fmt: skip

_RESERVED = frozenset({"self", "answer"})


@dataclass(frozen=True, slots=True)
class Carried:
    """An argument and where it travels; a constant one is always sent, and no parameter."""

    argument: Argument
    wire: WireParameter
    constant: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a successful response gives."""

    result: Result
    returns: str
    description: str


def python_name(name: str) -> str:
    """`_count` to `count`, `resourceType` to `resource_type`, `import` to `import_`."""
    plain = snake_case(name.lstrip("_"))
    return f"{plain}_" if keyword.iskeyword(plain) or plain in _RESERVED else plain


class Requests:
    """Reads the operations of a document as requests."""

    def __init__(self, document: Document, fhir: FhirTypes) -> None:
        self._document = document
        self._fhir = fhir

    def check_path(self, operation: Operation) -> None:
        """Report path parameters that are not declared, and declared ones that are none."""
        declared = {str(p.get("name")) for p in operation.parameters if p.get("in") == "path"}
        named = set(operation.placeholders)
        for name in sorted(named - declared):
            self._document.report(operation.place, f"does not declare the path parameter '{name}'")
        for name in sorted(declared - named):
            message = f"declares the path parameter '{name}', which is not in its path"
            self._document.report(operation.place, message)

    def carried(self, operation: Operation, method: Json) -> list[Carried]:
        """Give the arguments: path, body, then by keyword the rest."""
        definition = self._definition(operation, method)
        declared = [*self._declared(operation)]
        paths = [c for c in declared if c.wire.place == "path"]
        headers = [c for c in declared if c.wire.place == "header"]
        if definition:
            place: WirePlace = "query" if operation.verb == "get" else "parameters"
            return [*paths, *self._defined(definition, place), *headers]
        queries = [c for c in declared if c.wire.place == "query"]
        return [*paths, *self._body(operation, method), *queries, *headers]

    def content_type(self, operation: Operation, method: Json) -> str | None:
        """Give the media type of the body."""
        if method.get("operation"):
            return FHIR_JSON if operation.verb != "get" else None
        return self._media_type(operation, method)

    def answer(self, operation: Operation) -> Answer:
        """Give what the first successful response carries."""
        responses: Json = operation.json.get("responses") or {}
        good = sorted(code for code in responses if code.startswith("2"))
        if not good:
            self._document.report(operation.place, "has no successful response")
            return Answer("none", "None", "")
        response = self._document.resolve(responses[good[0]], operation.place)
        text = str(response.get("description") or "")
        content: Json = response.get("content") or {}
        media = FHIR_JSON if FHIR_JSON in content else next(iter(content), "")
        schema: Json = (content.get(media) or {}).get("schema") or {}
        if not media:
            return Answer("none", "None", text)
        if media == FHIR_JSON:
            return Answer("resource", "resource", text)
        if _is_json(media):
            return Answer("json", self._document.python_type(schema, operation.place), text)
        return Answer("text", "str", text) if _is_text(media) else Answer("bytes", "bytes", text)

    def affects_state(self, operation: Operation, method: Json) -> bool:
        """Tell whether the server may be another afterwards, which a definition denies."""
        definition = self._definition(operation, method)
        return definition is None or definition.json.get("affectsState") is not False

    def _definition(self, operation: Operation, method: Json) -> Source | None:
        url = method.get("operation")
        source = self._document.specs.operations.get(url) if url else None
        if url and not source:
            self._document.report(operation.place, f"names the unknown OperationDefinition {url}")
        return source

    def _declared(self, operation: Operation) -> Iterator[Carried]:
        order = {name: n for n, name in enumerate(operation.placeholders)}
        for parameter in sorted(
            operation.parameters, key=lambda p: order.get(str(p.get("name")), len(order))
        ):
            place = parameter.get("in")
            if place == "path" and parameter["name"] in order:
                yield self._parameter(parameter, "path", operation.place)
            elif place == "query":
                yield self._parameter(parameter, "query", operation.place)
            elif place == "header":
                carried = self._parameter(parameter, "header", operation.place)
                if carried.constant or carried.wire.wire.lower() not in RUNTIME_HEADERS:
                    yield carried
            elif place != "path":
                message = f"has the parameter '{parameter.get('name')}' in '{place}'"
                self._document.report(operation.place, f"{message}, where none is sent")

    def _parameter(self, parameter: Json, place: WirePlace, where: str) -> Carried:
        wire = parameter["name"]
        raw: Json = parameter.get("schema") or {}
        schema = self._document.resolve(raw, where)
        name = parameter.get("x-python-name") or python_name(wire)
        annotation = parameter.get("x-python-type") or self._document.python_type(raw, where)
        has_default = "x-python-default" in parameter
        if has_default and parameter["x-python-default"] != name:
            message = f"names a default of the client for '{name}', which has to bear its name"
            self._document.report(where, message)
        is_required = not has_default and (place == "path" or parameter.get("required", False))
        is_exploded = place == "query" and parameter.get("explode", True)
        return Carried(
            Argument(
                name,
                annotation if is_required else optional(annotation),
                None if is_required else "None",
                first_sentence(parameter.get("description") or ""),
                "positional" if place == "path" and not has_default else "keyword",
            ),
            WireParameter(
                name,
                "" if is_exploded and schema.get("type") == "object" else wire,
                place,
                repeats=is_exploded and schema.get("type") == "array",
            ),
            schema.get("const") if is_required else None,
        )

    def _media_type(self, operation: Operation, method: Json) -> str | None:
        body = self._document.resolve(operation.json.get("requestBody") or {}, operation.place)
        content: Json = body.get("content") or {}
        chosen: str | None = method.get("content")
        if chosen and chosen not in content:
            self._document.report(operation.place, f"has no body of the type {chosen}")
        elif not chosen and len(content) > 1:
            message = f"accepts {', '.join(content)}: name one of them with `content`"
            self._document.report(operation.place, message)
        return chosen or next(iter(content), None)

    def _body(self, operation: Operation, method: Json) -> Iterator[Carried]:
        media = self._media_type(operation, method)
        if media is None:
            return
        body = self._document.resolve(operation.json["requestBody"], operation.place)
        schema: Json = (body["content"].get(media) or {}).get("schema") or {}
        name = method.get("body") or "body"
        annotation = self._body_type(media, schema, operation.place)
        about = body.get("description") or self._about(schema, operation.place)
        is_required = body.get("required", False)
        yield Carried(
            Argument(
                name,
                annotation if is_required else optional(annotation),
                None if is_required else "None",
                first_sentence(about),
            ),
            WireParameter(name, "", "body"),
        )

    def _about(self, schema: Json, place: str) -> str:
        return str(self._document.resolve(schema, place).get("description") or "")

    def _body_type(self, media: str, schema: Json, place: str) -> str:
        if media == FHIR_JSON or self._document.fhir_type(schema, place):
            return "ResourceLike"
        if _is_json(media) or media == "application/x-www-form-urlencoded":
            return self._document.python_type(schema, place)
        return "str" if _is_text(media) else "bytes"

    def _defined(self, definition: Source, place: WirePlace) -> Iterator[Carried]:
        """Give the `in` parameters of an OperationDefinition; a query has room for simple ones."""
        for parameter in definition.json.get("parameter", ()):
            if parameter.get("use") != "in":
                continue
            code = parameter.get("type") or ""
            if place == "parameters" or code in PRIMITIVES:
                yield self._defined_parameter(definition.file, parameter, code, place)
            elif parameter.get("min", 0) > 0:
                message = f"is of the type '{code}', which no query carries; use POST"
                self._document.problems.append(Problem(definition.file, parameter["name"], message))

    def _defined_parameter(
        self, file: str, parameter: Json, code: str, place: WirePlace
    ) -> Carried:
        wire = parameter["name"]
        item = self._fhir.python(code) if code else "dict[str, Any]"
        if item is None:
            self._document.problems.append(Problem(file, wire, f"has the unknown type '{code}'"))
            item = "Any"
        repeats = parameter.get("max", "1") != "1"
        annotation = many(item) if repeats else item
        is_required = parameter.get("min", 0) > 0
        name = python_name(wire)
        return Carried(
            Argument(
                name,
                annotation if is_required else optional(annotation),
                None if is_required else "None",
                first_sentence(parameter.get("documentation") or ""),
                "keyword",
            ),
            WireParameter(name, wire, place, code, repeats),
        )


def _is_json(media: str) -> bool:
    return media == "application/json" or media.endswith("+json")


def _is_text(media: str) -> bool:
    return media.startswith("text/") or media.endswith(("/xml", "+xml"))
