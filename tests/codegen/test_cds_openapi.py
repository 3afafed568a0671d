"""The description of CDS Hooks is valid OpenAPI, complete, and all of it is generated."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from codegen.__main__ import CDS_HOOKS, release_of
from codegen.ir.messages import Messages, build_messages
from codegen.load_api import ApiSpecs, load_messages
from codegen.pipeline import plan
from codegen.sources import read_sources

Json = dict[str, Any]

HOOKS = {
    "appointment-book",
    "encounter-discharge",
    "encounter-start",
    "order-select",
    "order-sign",
    "patient-view",
}


@pytest.fixture(scope="module")
def specs() -> ApiSpecs:
    """The committed document."""
    found, problems = load_messages(CDS_HOOKS)

    assert problems == []
    return found


@pytest.fixture(scope="module")
def messages(specs: ApiSpecs) -> Messages:
    """What the committed document gives."""
    source = read_sources().releases["r4"]
    found, problems = build_messages(specs, plan(source.folder, release_of(source)))

    assert problems == []
    return found


def _nodes(node: Any) -> Iterator[Json]:
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _nodes(child)


def test_the_document_is_valid_openapi(specs: ApiSpecs) -> None:
    assert list(OpenAPIV31SpecValidator(specs.document).iter_errors()) == []


def test_every_endpoint_of_the_specification_is_there(specs: ApiSpecs) -> None:
    found = {
        (path, verb)
        for path, item in specs.document["paths"].items()
        for verb in item
        if verb != "parameters"
    }

    assert found == {
        ("/cds-services", "get"),
        ("/cds-services/{id}", "post"),
        ("/cds-services/{id}/feedback", "post"),
    }


def test_every_hook_of_the_issue_has_a_request(messages: Messages) -> None:
    assert {hook for hook, _ in messages.requests} == HOOKS


def test_every_reference_leads_somewhere_and_every_schema_is_used(specs: ApiSpecs) -> None:
    refs = {node["$ref"] for node in _nodes(specs.document) if "$ref" in node}
    parts = {
        f"#/components/{kind}/{name}"
        for kind, named in specs.document["components"].items()
        for name in named
        if kind != "securitySchemes"
    }

    assert refs == parts


def test_every_pattern_is_told_in_words(specs: ApiSpecs) -> None:
    silent = [n for n in _nodes(specs.document) if "pattern" in n and "x-expects" not in n]

    assert silent == []


def test_patterns_hold_the_whole_text_and_take_linear_time(messages: Messages) -> None:
    patterns = [pattern for pattern, _ in messages.expectations]

    assert all(p.startswith("^") and p.endswith("$") for p in patterns)
    # A repeated group that repeats inside could be slow elsewhere; Pydantic's engine is linear.
    assert [p for p in patterns if re.search(r"[+*]\)[+*{]", p)] == []


def test_texts_and_lists_are_not_empty_unless_the_specification_says_so(specs: ApiSpecs) -> None:
    schemas = specs.document["components"]["schemas"]
    may_be_empty = {
        f"{name}.{key}"
        for name, schema in schemas.items()
        if "skip" not in schema.get("x-python", {})
        for key, member in schema.get("properties", {}).items()
        if member.get("type") in {"string", "array"}
        if not {"minLength", "minItems", "pattern", "enum", "const"} & member.keys()
    }

    assert may_be_empty == {"CDSResponse.cards", "Discovery.services"}


def test_every_description_is_a_sentence(specs: ApiSpecs) -> None:
    schemas = specs.document["components"]["schemas"]
    said = [
        node["description"]
        for schema in schemas.values()
        for node in (schema, *schema.get("properties", {}).values())
    ]

    assert [text for text in said if not text.endswith(".")] == []
