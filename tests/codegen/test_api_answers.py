"""What methods return and take, by the media types and schemas of the OpenAPI description."""

from pathlib import Path

import pytest
import tiny_api as tiny
from tiny_api import answers, declared, endpoint_of, get, method_of, post

from codegen.ir.api import Method
from codegen.render.clients import declarations

THING = f"{tiny.PATH}/{{id}}/$do"


def signature(method: Method) -> str:
    return ", ".join(declarations(method.signature)) + f" -> {method.signature.result}"


@pytest.mark.parametrize(
    ("returns", "result"), [("Any", "any"), ("None", "none"), ("dict[str, Any]", "resource")]
)
def test_what_is_written_down_goes_before_the_response(
    tmp_path: Path, returns: str, result: str
) -> None:
    api = tiny.plan_tiny(tmp_path, get({"name": "do", "returns": returns}))

    assert method_of(api, "do").signature.result == returns
    assert endpoint_of(api, "DO").result == result


@pytest.mark.parametrize(
    ("responses", "result", "type_"),
    [
        (answers(tiny.FHIR), "resource", "dict[str, Any] | ResourceT"),
        (answers("application/json", type="object"), "json", "dict[str, Any]"),
        (answers("application/json", **{"$ref": "#/components/schemas/Guest"}), "json", "Guest"),
        (
            answers("application/json", type="array", items={"type": "string"}),
            "json",
            "list[str]",
        ),
        (answers("text/plain"), "text", "str"),
        (answers("application/cda+xml"), "text", "str"),
        (answers("image/png"), "bytes", "bytes"),
        (answers(code="204"), "none", "None"),
        (
            {"default": {}, "404": {}} | answers("text/plain", "201") | answers(code="202"),
            "text",
            "str",
        ),
    ],
)
def test_the_first_successful_response_says_what_comes_back(
    tmp_path: Path, responses: tiny.Json, result: str, type_: str
) -> None:
    paths = get({"name": "do"}, responses=responses)

    api = tiny.plan_tiny(tmp_path, paths, schemas={"Guest": {"type": "object"}})

    assert endpoint_of(api, "DO").result == result
    assert method_of(api, "do").signature.result == type_


@pytest.mark.parametrize(
    ("media", "schema", "type_"),
    [
        (tiny.FHIR, {}, "ResourceLike"),
        ("application/json", {"$ref": "#/components/schemas/Thing"}, "ResourceLike"),
        (
            "application/json",
            {"type": "array", "items": {"type": "object"}},
            "list[dict[str, Any]]",
        ),
        ("application/x-www-form-urlencoded", {"$ref": "#/components/schemas/Form"}, "Form"),
        ("text/csv", {"type": "string"}, "str"),
        ("application/octet-stream", {}, "bytes"),
    ],
)
def test_a_body_is_typed_by_its_media_type_and_schema(
    tmp_path: Path, media: str, schema: tiny.Json, type_: str
) -> None:
    body = {"description": "It.", "required": True, "content": {media: {"schema": schema}}}
    schemas = {"Thing": {"type": "object", "x-fhir-type": "Thing"}, "Form": {"type": "object"}}

    api = tiny.plan_tiny(tmp_path, post({"name": "do"}, requestBody=body), schemas=schemas)

    assert signature(method_of(api, "do")).startswith(f"self, body: {type_}, *, ")
    assert endpoint_of(api, "DO").content_type == media
    assert api.schemas == {"Form"}


@pytest.mark.parametrize(
    ("schema", "type_"),
    [
        ({"type": "number"}, "float"),
        ({"type": "string", "format": "date"}, "str | date"),
        ({"type": "string", "format": "date-time"}, "str | date | datetime"),
        ({"enum": ["a", "b"]}, "Literal['a', 'b']"),
        ({"type": "array", "items": {"type": "string"}}, "list[str]"),
        ({}, "Any"),
    ],
)
def test_query_parameters_are_typed_by_their_schema(
    tmp_path: Path, schema: tiny.Json, type_: str
) -> None:
    parameters = [declared("it") | {"schema": schema, "required": True}]

    api = tiny.plan_tiny(tmp_path, get({"name": "do"}, parameters=parameters))

    assert signature(method_of(api, "do")).startswith(f"self, *, it: {type_}, as_fhir")
    assert endpoint_of(api, "DO").parameters[0].repeats is (schema.get("type") == "array")
