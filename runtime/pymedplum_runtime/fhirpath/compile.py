"""Turning the tree of an expression into closures."""

from collections.abc import Callable
from typing import Any

from pymedplum_runtime.fhirpath import syntax as tree
from pymedplum_runtime.fhirpath.code import (
    FOCUS,
    NOTHING,
    RESOURCE,
    VARYING,
    Code,
    Items,
    Scope,
    weigh,
)
from pymedplum_runtime.fhirpath.functions import Function, find_function
from pymedplum_runtime.fhirpath.keeping import kept
from pymedplum_runtime.fhirpath.navigation import add_named, has_named
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.operators import located, operation, sign
from pymedplum_runtime.fhirpath.syntax import Fault, Syntax
from pymedplum_runtime.fhirpath.types import is_exactly, is_type
from pymedplum_runtime.fhirpath.variables import variable


class Compiler:
    """Compiles the parts of one expression."""

    def __init__(self, defined: frozenset[str] = frozenset()) -> None:
        self.defined = defined
        """The variables that the expression itself defines."""

    def code(self, syntax: Syntax) -> Code:
        """Return the code of a part."""
        return _BY_KIND[type(syntax)](self, syntax)

    def parts(self, *parts: Syntax) -> tuple[int, list[Code]]:
        """Return the code of the parts of one part, and what they need together.

        Where one of them varies with the item under evaluation, the others are evaluated once.
        """
        codes = [self.code(part) for part in parts]
        needs = 0
        for code in codes:
            needs |= code.needs
        if needs & VARYING:
            codes = [kept(code, part) for code, part in zip(codes, parts, strict=True)]
        return needs, codes

    def criteria(self, syntax: Syntax) -> Code:
        """Return the code of what is evaluated on each item: it is in focus there."""
        code = kept(self.code(syntax), syntax)
        if not code.is_claim:
            code.truth = located(code.truth, syntax.position)
        return code


def _literal(_: Compiler, literal: tree.Literal) -> Code:
    if not literal.type:
        return Code(0, lambda _: NOTHING)
    value = literal.value
    if literal.type == "System.Quantity":
        from pymedplum_runtime.fhirpath.quantities import written  # noqa: PLC0415 - seldom needed

        value = written(*value)
    found = [Node(value, literal.type)]
    return Code(0, lambda _: found)


def _name(compiler: Compiler, name: tree.Name) -> Code:
    if name.target is None:
        return _leading_name(name.name)
    target = compiler.code(name.target)
    before, element = target.items, name.name

    def items(scope: Scope) -> list[Node]:
        found: list[Node] = []
        shapes = scope.shapes
        for node in before(scope):
            add_named(node, element, shapes, found)
        return found

    def present(scope: Scope) -> bool:
        shapes = scope.shapes
        return any(has_named(node, element, shapes) for node in before(scope))

    return Code(target.needs, items, present=present)


def _leading_name(element: str) -> Code:
    if element[:1].isupper():
        return Code(FOCUS, _type_or_element(element))

    def items(scope: Scope) -> list[Node]:
        found: list[Node] = []
        shapes = scope.shapes
        for node in scope.focus:
            add_named(node, element, shapes, found)
        return found

    def present(scope: Scope) -> bool:
        shapes = scope.shapes
        for node in scope.focus:  # noqa: SIM110 - a generator would cost more than the work
            if has_named(node, element, shapes):
                return True
        return False

    return Code(FOCUS, items, present=present)


def _type_or_element(name: str) -> Items:
    """A path may begin with the type of the item that it is evaluated on."""

    def items(scope: Scope) -> list[Node]:
        found: list[Node] = []
        for node in scope.focus:
            if is_type(node, name, scope.shapes):
                found.append(node)
            else:
                add_named(node, name, scope.shapes, found)
        return found

    return items


def _index(compiler: Compiler, index: tree.Index) -> Code:
    needs, (target, number) = compiler.parts(index.target, index.number)
    before, place, position = target.items, number.items, index.position

    def items(scope: Scope) -> list[Node]:
        found, at = before(scope), place(scope)
        if not at:
            return NOTHING
        if len(at) > 1 or type(at[0].value) is not int:
            raise Fault("an index is not one whole number", position)
        return found[at[0].value : at[0].value + 1] if at[0].value >= 0 else NOTHING

    return Code(needs, items)


def _type_operation(compiler: Compiler, part: tree.TypeOperation) -> Code:
    return type_code(part.operator, compiler.code(part.operand), part.type, part.position)


def type_code(operator: str, target: Code, type_name: str, position: int) -> Code:
    """Return the code of `is`, `as` and `ofType`."""
    before, needs = target.items, target.needs | RESOURCE

    def truth(scope: Scope) -> bool | None:
        found = before(scope)
        if not found:
            return None
        if len(found) > 1:
            raise Fault("the type of several items is asked for", position)
        return is_type(found[0], type_name, scope.shapes)

    def items(scope: Scope) -> list[Node]:
        shapes = scope.shapes
        try:
            return [node for node in before(scope) if is_exactly(node, type_name, shapes)]
        except Fault as fault:
            raise fault.at(position) from None

    return Code(needs, truth=truth) if operator == "is" else Code(needs, items)


def _operation(compiler: Compiler, part: tree.Operation) -> Code:
    needs, (left, right) = compiler.parts(part.left, part.right)
    return operation(part.operator, needs, left, right, part)


def _sign(compiler: Compiler, part: tree.Sign) -> Code:
    return sign(part.operator, compiler.code(part.operand), part.position)


def _call(compiler: Compiler, call: tree.Call) -> Code:
    function = find_function(call.name)
    if function is None:
        raise Fault(f"there is no function '{call.name}'", call.position)
    if not function.least <= len(call.arguments) <= function.most:
        raise Fault(f"{call.name}() takes {_arity(function)}", call.position)
    if function.kind == "special":
        code: Code = function.run(compiler, call)
        return code
    return _plain_call(compiler, call, function)


def _plain_call(compiler: Compiler, call: tree.Call, function: Function) -> Code:
    """Call a function of items; its arguments are evaluated on the item in focus."""
    target = compiler.code(call.target) if call.target else focus_code()
    needs, arguments = compiler.parts(*call.arguments)
    needs |= target.needs | function.needs
    if needs & VARYING:
        pairs = zip(arguments, call.arguments, strict=True)
        arguments = [kept(code, part) for code, part in pairs]
        target = kept(target, call.target) if call.target else target
    run = _guarded(function.run, target.items, [a.items for a in arguments], call.position)
    return Code(needs, truth=run) if function.kind == "claim" else Code(needs, run)


def _guarded(
    run: Callable[..., Any], target: Items, arguments: list[Items], position: int
) -> Callable[[Scope], Any]:
    def call(scope: Scope) -> Any:  # noqa: ANN401 - items or a claim, as the function gives
        try:
            items = weigh(scope, target(scope))
            found = run(items, scope, *[argument(scope) for argument in arguments])
            return weigh(scope, found) if found.__class__ is list else found
        except Fault as fault:
            raise fault.at(position) from None

    return call


def _arity(function: Function) -> str:
    if function.least == function.most:
        return {0: "no argument", 1: "one argument"}.get(
            function.least, f"{function.least} arguments"
        )
    return f"{function.least} to {function.most} arguments"


def focus_code() -> Code:
    """Return the code of the item in focus."""
    return Code(FOCUS, lambda scope: scope.focus)


def _variable(compiler: Compiler, part: tree.Variable) -> Code:
    return variable(part, is_defined=part.name in compiler.defined)


_BY_KIND: dict[type, Callable[[Compiler, Any], Code]] = {
    tree.Literal: _literal,
    tree.Name: _name,
    tree.Variable: _variable,
    tree.Call: _call,
    tree.Index: _index,
    tree.Sign: _sign,
    tree.Operation: _operation,
    tree.TypeOperation: _type_operation,
}
