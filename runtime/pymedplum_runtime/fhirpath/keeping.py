"""Evaluating a part once that does not depend on the item under evaluation.

What needs the resource alone is kept with the environment, and shared by all expressions that say
the same; what needs `%context`, for one evaluation; what needs nothing, with the expression.
"""

from sys import intern
from typing import Any

from pymedplum_runtime.fhirpath.code import CONTEXT, VARYING, Code, Items, Scope
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.syntax import Literal, Syntax, Variable


class Kept(list[Node]):
    """Items that are looked at again and again; what is made of them may be kept with them."""

    __slots__ = ("index",)

    def __init__(self, items: list[Node]) -> None:
        super().__init__(items)
        self.index: Any = None


def kept(code: Code, syntax: Syntax) -> Code:
    """Return code that is evaluated as seldom as what it needs allows."""
    if code.needs & VARYING or isinstance(syntax, Variable):
        return code
    if not code.needs:
        return _constant(code, is_single=isinstance(syntax, Literal))
    key = intern(_said(syntax))
    by_evaluation = code.needs & CONTEXT
    evaluate = code.items

    def items(scope: Scope) -> list[Node]:
        # Without a resource, %resource is the item that is evaluated on.
        is_brief = by_evaluation or scope.env.resource is None
        cache = scope.cache if is_brief else scope.env.cache
        found: list[Node] | None = cache.get(key)
        if found is None:
            found = cache[key] = Kept(evaluate(scope))
        return found

    return Code(code.needs, items)


def _constant(code: Code, *, is_single: bool) -> Code:
    if is_single:
        return code
    evaluate: Items = code.items
    found: list[Kept] = []

    def items(scope: Scope) -> list[Node]:
        if not found:
            found.append(Kept(evaluate(scope)))
        return found[0]

    return Code(code.needs, items)


def _said(syntax: Any) -> str:  # noqa: ANN401 - a Syntax, or a part of one
    """Say what a tree says, wherever it stands in an expression."""
    kind: type = syntax.__class__
    if not issubclass(kind, tuple):
        return repr(syntax)
    parts: Any = syntax if kind is tuple else syntax[:-1]
    return f"{kind.__name__}({','.join(map(_said, parts))})"
