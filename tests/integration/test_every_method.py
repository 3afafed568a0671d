"""Every method of the clients is called against the server by some test of this folder."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).parent
SPEC = HERE.parents[1] / "specs" / "medplum" / "openapi.yaml"
VERBS = {"get", "post", "put", "patch", "delete"}


def _methods() -> set[str]:
    document: dict[str, Any] = yaml.load(SPEC.read_text(), yaml.CSafeLoader)
    operations = [
        operation
        for path in document["paths"].values()
        for verb, operation in path.items()
        if verb in VERBS
    ]
    methods = (operation["x-python"]["methods"] for operation in operations)
    return {method["name"] for listed in methods for method in listed}


def _called(path: Path) -> Iterator[str]:
    """Give the texts that stand where a test names a method: `client("here")`, and in tables."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args:
            yield from _texts(node.args[0])
        if isinstance(node, ast.For):
            yield from _texts(node.iter)
        if isinstance(node, ast.FunctionDef):
            yield from (text for decorator in node.decorator_list for text in _texts(decorator))


def _texts(root: ast.AST) -> Iterator[str]:
    for node in ast.walk(root):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_method_is_called_against_the_server() -> None:
    called = {each for path in HERE.glob("test_live_*.py") for each in _called(path)}
    assert _methods() - called == set()


@pytest.mark.parametrize("name", ["get", "post", "put", "delete"])
def test_the_low_level_verbs_are_called_too(name: str) -> None:
    called = {each for path in HERE.glob("test_live_*.py") for each in _called(path)}
    assert name in called
