"""Builds documents of a few messages, and the models that they give."""

from pathlib import Path
from typing import Any

import yaml
from tiny_specs import plan_tiny

from codegen.ir.messages import Messages, build_messages
from codegen.load_api import load_messages
from codegen.problems import Problem

Json = dict[str, Any]  # a document as it is written to its file

REQUEST = "#/components/schemas/CDSRequest"
BASE = "pymedplum_runtime.cds.messages.rules.RequestRules"


def text(**facts: Any) -> Json:
    """Return the schema of a text."""
    return {"type": "string", "description": "A text."} | facts


def message(*required: str, **properties: Json) -> Json:
    """Return the schema of a message."""
    kind: Json = {"type": "object", "description": "A message.", "properties": properties}
    return kind | ({"required": list(required)} if required else {})


def referring(name: str) -> Json:
    """Return the schema of a member that is another message."""
    return {"$ref": f"#/components/schemas/{name}", "description": "Another."}


def write_messages(file: Path, **schemas: Json) -> Path:
    """Write a document with the request that every document has, and other schemas."""
    request = message("hook", hook=text()) | {"x-python": {"base": BASE}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Bells", "version": "1"},
        "paths": {},
        "components": {"schemas": {"CDSRequest": request} | schemas},
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return file


def plan_messages(folder: Path, **schemas: Json) -> tuple[Messages, list[Problem]]:
    """Make every decision about the messages of a document."""
    specs, problems = load_messages(write_messages(folder / "bells" / "openapi.yaml", **schemas))
    assert not problems, problems
    return build_messages(specs, plan_tiny(folder / "r4"))


def messages_of(folder: Path, **schemas: Json) -> Messages:
    """Make every decision about a document that has nothing wrong with it."""
    messages, problems = plan_messages(folder, **schemas)
    assert not problems, problems
    return messages


def problems_of(folder: Path, **schemas: Json) -> list[str]:
    """Return what is wrong with a document, as it is printed."""
    _, problems = plan_messages(folder, **schemas)
    return [str(problem) for problem in problems]
