"""Literal types, aliases, constants and the exception tree are as the documents say."""

import importlib
import json
import types
import typing
from collections.abc import Callable
from typing import Any

import pytest
from api_facts import differences, parse_signature, read_facts, signature_of

TYPES = read_facts("types")
EXCEPTIONS = read_facts("exceptions")
BUILT = {
    "OperationOutcomeError": "has an outcome",
    "ServerError": "has a response",
    "ValidationError": "has an outcome",
    "TokenRefreshCooldownError": "has a time",
    "BundleEntryError": "has entries",
}


def load(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("name", TYPES["literals"])
def test_a_literal_type_has_the_documented_members(name: str) -> None:
    fact = TYPES["literals"][name]
    assert list(typing.get_args(load(fact["module"], name))) == fact["members"]


@pytest.mark.parametrize("name", TYPES["callables"])
def test_a_hook_type_takes_and_returns_what_is_documented(name: str) -> None:
    fact = TYPES["callables"][name]
    alias = load("pymedplum.hooks", name)
    assert typing.get_origin(alias) is typing.get_origin(Callable[[], None])
    parameters, result = typing.get_args(alias)
    is_union = typing.get_origin(result) in (types.UnionType, typing.Union)
    results = typing.get_args(result) if is_union else (result,)
    assert [parameter.__name__ for parameter in parameters] == fact["parameters"]
    assert [getattr(r, "__name__", "NoneType") for r in results] == fact["returns"]


@pytest.mark.parametrize("name", TYPES["constants"])
def test_a_constant_has_the_documented_value(name: str) -> None:
    fact = TYPES["constants"][name]
    assert load(fact["module"], name) == fact["value"]


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_an_exception_is_exported_from_both_places(name: str) -> None:
    error = load("pymedplum.exceptions", name)
    assert load("pymedplum", name) is error
    assert error.__module__ == "pymedplum.exceptions"


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_an_exception_is_caught_by_its_parents(name: str) -> None:
    error = load("pymedplum.exceptions", name)
    parents = {base.__name__ for base in error.__mro__}
    assert set(EXCEPTIONS[name]["parents"]) | {"Exception"} <= parents
    assert name == "MedplumError" or "MedplumError" in parents


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_every_exception_has_sanitize_for_logging(name: str) -> None:
    assert callable(load("pymedplum.exceptions", name).sanitize_for_logging)


def test_the_base_exception_is_built_as_documented() -> None:
    error = load("pymedplum", "MedplumError")
    wanted = parse_signature(EXCEPTIONS["MedplumError"]["signature"])
    assert differences(wanted, signature_of(error.__init__)) == []
    made = error("the words", 418, {"secret": "Smith"})
    assert (made.status_code, made.response_data) == (418, {"secret": "Smith"})
    assert "the words" in str(made)


@pytest.mark.parametrize("name", sorted(EXCEPTIONS.keys() - BUILT.keys()))
def test_an_exception_without_facts_of_its_own_is_built_like_the_base(name: str) -> None:
    made = load("pymedplum.exceptions", name)("the words")
    assert made.status_code is None
    json.dumps(made.sanitize_for_logging())


@pytest.mark.parametrize("name", sorted(EXCEPTIONS.keys() - BUILT.keys() - {"NetworkError"}))
def test_what_the_server_sent_is_not_in_the_text_of_an_exception(name: str) -> None:
    made = load("pymedplum.exceptions", name)("the words", 400, {"name": "Smith"})
    assert "Smith" not in f"{made} {made!r} {json.dumps(made.sanitize_for_logging())}"
