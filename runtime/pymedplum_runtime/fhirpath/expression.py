"""Expressions, compiled once and kept."""

from functools import lru_cache
from typing import Any

from pymedplum_runtime.errors import FHIRPathError
from pymedplum_runtime.fhirpath.code import Code, Scope
from pymedplum_runtime.fhirpath.compile import Compiler
from pymedplum_runtime.fhirpath.nodes import Environment, Node
from pymedplum_runtime.fhirpath.parser import parse
from pymedplum_runtime.fhirpath.shapes import shapes_of
from pymedplum_runtime.fhirpath.syntax import Call, Fault, Literal, Syntax

_TOO_DEEP = "it, or the resource, is nested too deeply"


class Expression:
    """A compiled expression; get one with `compile_expression`. Threads may share it."""

    __slots__ = ("_code", "text")

    def __init__(self, text: str, code: Code) -> None:
        self.text = text
        self._code = code

    def __repr__(self) -> str:
        return f"<Expression {self.text!r}>"

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return compile_expression, (self.text,)

    def evaluate(self, focus: Node, environment: Environment) -> list[Node]:
        """Return the items that the expression gives for one item.

        Raises:
            FHIRPathError: it cannot be evaluated: several items where one must be, a function on
                items of another type, an unknown variable.
        """
        try:
            return list(self._code.items(_scope(focus, environment)))
        except Fault as fault:
            raise FHIRPathError(fault.message, self.text, fault.position) from None
        except RecursionError:
            raise FHIRPathError(_TOO_DEEP, self.text) from None

    def holds(self, focus: Node, environment: Environment) -> bool | None:
        """Tell whether a condition is true for an item; None where it gives nothing.

        Raises:
            FHIRPathError: as `evaluate`, and if it gives several items.
        """
        try:
            return self._code.truth(_scope(focus, environment))
        except Fault as fault:
            raise FHIRPathError(fault.message, self.text, fault.position) from None
        except RecursionError:
            raise FHIRPathError(_TOO_DEEP, self.text) from None


def _scope(focus: Node, environment: Environment) -> Scope:
    items = [focus]
    shapes = environment.shapes
    if shapes is None:
        shapes = environment.shapes = shapes_of(environment.model)
    return Scope(environment, shapes, items, items, {})


# Longer than any invariant; so what is kept has a bound, whatever the expressions are.
_MOST_KEPT = 4_000


def compile_expression(expression: str) -> Expression:
    """Parse an expression and turn it into closures; one of a usual length is compiled once.

    Raises:
        FHIRPathError: it is no expression; the error says what is wrong and where.

    Example:
        >>> compile_expression("name.given").evaluate(Node(patient), Environment())
    """
    return (_kept if len(expression) <= _MOST_KEPT else _compiled)(expression)


def _compiled(expression: str) -> Expression:
    try:
        syntax = parse(expression)
        return Expression(expression, Compiler(_defined(syntax)).code(syntax))
    except Fault as fault:
        raise FHIRPathError(fault.message, expression, fault.position) from None


_kept = lru_cache(maxsize=4096)(_compiled)


def _defined(syntax: Syntax) -> frozenset[str]:
    """Return the variables that an expression defines."""
    found: set[str] = set()
    pending: list[Any] = [syntax]
    while pending:
        part = pending.pop()
        if isinstance(part, Call) and part.name == "defineVariable" and part.arguments:
            name = part.arguments[0]
            found.add(f"%{name.value}" if isinstance(name, Literal) else "")
        if issubclass(part.__class__, tuple):
            pending.extend(part)
    return frozenset(found)
