"""The facts of `facts/`, made from the documents, and how code is compared with them."""

import ast
import inspect
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent / "facts"
KEYWORD = inspect.Parameter.KEYWORD_ONLY
EITHER = inspect.Parameter.POSITIONAL_OR_KEYWORD
EMPTY = inspect.Parameter.empty


def read_facts(name: str) -> dict[str, Any]:
    """Read one file of facts."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def read_methods() -> dict[str, Any]:
    """Read the facts of every client method."""
    return {**read_facts("methods"), **read_facts("further_methods")}


def parse_signature(text: str) -> inspect.Signature:
    """Read a signature as the documents write it; defaults are literals."""
    definition = ast.parse(f"def f{text}: ...").body[0]
    assert isinstance(definition, ast.FunctionDef)
    args = definition.args
    gap = [None] * (len(args.args) - len(args.defaults))
    parameters = [
        _parameter(arg, EITHER, default)
        for arg, default in zip(args.args, [*gap, *args.defaults], strict=True)
    ]
    parameters += [
        _parameter(arg, KEYWORD, default)
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
    ]
    if args.kwarg:
        parameters.append(_parameter(args.kwarg, inspect.Parameter.VAR_KEYWORD, None))
    return inspect.Signature(parameters)


def parse_fact(fact: dict[str, Any]) -> inspect.Signature:
    """Read the signature of a method, with what a second document adds to it."""
    signature = parse_signature(fact["signature"])
    added = parse_signature(f"(*, {fact['also']})") if "also" in fact else inspect.Signature()
    parameters = [*signature.parameters.values(), *added.parameters.values()]
    return signature.replace(parameters=sorted(parameters, key=lambda parameter: parameter.kind))


def signature_of(function: Any) -> inspect.Signature:
    """Read a signature without `self` and annotations."""
    signature = inspect.signature(function)
    kept = [
        parameter.replace(annotation=EMPTY)
        for parameter in signature.parameters.values()
        if parameter.name != "self"
    ]
    return signature.replace(parameters=kept, return_annotation=EMPTY)


def differences(documented: inspect.Signature, actual: inspect.Signature) -> list[str]:
    """Say where code is not as documented; further optional keyword-only parameters are."""
    wanted, found = _texts(documented), _texts(actual)
    by_position = [p.name for p in documented.parameters.values() if p.kind is not KEYWORD]
    also_by_position = [p.name for p in actual.parameters.values() if p.kind is not KEYWORD]
    problems = [f"{name}: {found.get(name)}" for name in wanted if found.get(name) != wanted[name]]
    if by_position != also_by_position:
        problems.append(f"positional: {also_by_position}")
    problems += [
        f"{parameter.name} is required"
        for parameter in actual.parameters.values()
        if parameter.kind is KEYWORD and parameter.default is EMPTY and parameter.name not in wanted
    ]
    return problems


def _parameter(arg: ast.arg, kind: Any, default: ast.expr | None) -> inspect.Parameter:
    value = EMPTY if default is None else ast.literal_eval(default)
    return inspect.Parameter(arg.arg, kind, default=value)


def _texts(signature: inspect.Signature) -> dict[str, str]:
    """Give kind and default of each parameter as text, so that 1 differs from 1.0 and True."""
    return {
        parameter.name: f"{parameter.kind.description}, default {parameter.default!r}"
        for parameter in signature.parameters.values()
    }
