"""Functions whose arguments are evaluated on each item.

Source: https://hl7.org/fhirpath/N1/#filtering-and-projection
"""

from collections.abc import Callable, Iterator
from typing import Any

from pymedplum_runtime.fhirpath.code import (
    FOCUS,
    MOST_ITEMS,
    TOTAL,
    VARYING,
    Code,
    Items,
    Scope,
    spend,
)
from pymedplum_runtime.fhirpath.compile import Compiler, focus_code
from pymedplum_runtime.fhirpath.equality import Keys
from pymedplum_runtime.fhirpath.functions import Function
from pymedplum_runtime.fhirpath.keeping import kept
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.syntax import Call, Fault, Sign, Syntax
from pymedplum_runtime.fhirpath.types import SYSTEM


def called_on(compiler: Compiler, call: Call, *parts: Code) -> tuple[Code, int]:
    """Return the code of what a function is called on, and what the call needs.

    The focus of a part is an item of the target, so it needs no focus from outside.
    """
    target = focus_code() if call.target is None else compiler.code(call.target)
    needs = target.needs
    for part in parts:
        needs |= part.needs & ~FOCUS
    if needs & VARYING and call.target is not None:
        target = kept(target, call.target)
    return target, needs


def _each(before: Items) -> Callable[[Scope], Iterator[tuple[Node, Scope]]]:
    """Give each item with a scope in which it is in focus; the scope is the same for all."""

    def pairs(scope: Scope) -> Iterator[tuple[Node, Scope]]:
        items = before(scope)
        if items:
            spend(scope, len(items))
            inner = scope.inner()
            for index, node in enumerate(items):
                inner.focus = [node]
                inner.index = index
                yield node, inner

    return pairs


def _where(compiler: Compiler, call: Call) -> Code:
    criteria = compiler.criteria(call.arguments[0])
    target, needs = called_on(compiler, call, criteria)
    each, truth = _each(target.items), criteria.truth
    return Code(
        needs,
        lambda scope: [node for node, inner in each(scope) if truth(inner)],
        present=lambda scope: any(truth(inner) for _, inner in each(scope)),
    )


def _exists(compiler: Compiler, call: Call) -> Code:
    if call.arguments:
        found = _where(compiler, call)
        return Code(found.needs, truth=found.present)
    target, needs = called_on(compiler, call)
    return Code(needs, truth=target.present)


def _all(compiler: Compiler, call: Call) -> Code:
    criteria = compiler.criteria(call.arguments[0])
    target, needs = called_on(compiler, call, criteria)
    each, truth = _each(target.items), criteria.truth
    return Code(needs, truth=lambda scope: all(truth(inner) for _, inner in each(scope)))


def _select(compiler: Compiler, call: Call) -> Code:
    projection = compiler.criteria(call.arguments[0])
    target, needs = called_on(compiler, call, projection)
    each, project, position = _each(target.items), projection.items, call.position

    def items(scope: Scope) -> list[Node]:
        found: list[Node] = []
        for _, inner in each(scope):
            found += project(inner)
            if len(found) > MOST_ITEMS:
                raise Fault(f"select() gives more than {MOST_ITEMS} items", position)
        return found

    return Code(needs, items)


# The steps that an item of repeat() counts. What is in a resource comes to an end; what the
# expression makes, and what is found again and again, need not.
_COST_FOUND, _COST_MADE, _COST_AGAIN = 5, 100, 1000


def _cost(node: Node, objects: set[int]) -> int:
    if node.type.startswith(SYSTEM):
        return _COST_MADE
    if node.value.__class__ is not dict:
        return _COST_FOUND
    if id(node.value) in objects:
        return _COST_AGAIN
    objects.add(id(node.value))
    return _COST_FOUND


def _repeat(compiler: Compiler, call: Call) -> Code:
    projection = compiler.criteria(call.arguments[0])
    target, needs = called_on(compiler, call, projection)
    before, project, position = target.items, projection.items, call.position
    is_distinct = call.name == "repeat"

    def items(scope: Scope) -> list[Node]:
        inner = scope.inner()
        key = Keys().of
        seen: set[Any] = set()
        objects: set[int] = set()
        found: list[Node] = []

        def take(nodes: list[Node]) -> None:
            spend(scope, len(nodes) + 1)
            for node in nodes:
                if is_distinct:
                    its_key = key(node)
                    if its_key in seen:
                        continue
                    seen.add(its_key)
                spend(scope, _cost(node, objects))
                found.append(node)

        try:
            for node in before(scope):
                inner.focus = [node]
                take(project(inner))
            for index, node in enumerate(found):  # grows while it is walked
                inner.focus, inner.index = [node], index
                take(project(inner))
        except Fault as fault:
            raise fault.at(position) from None
        return found

    return Code(needs, items)


def _aggregate(compiler: Compiler, call: Call) -> Code:
    step = compiler.criteria(call.arguments[0])
    start = compiler.code(call.arguments[1]) if len(call.arguments) > 1 else Code(0, lambda _: [])
    target, needs = called_on(compiler, call, Code(step.needs & ~TOTAL, step.items))
    before, advance, initial = target.items, step.items, start.items

    def items(scope: Scope) -> list[Node]:
        inner = scope.inner()
        inner.total = initial(scope)
        nodes = before(scope)
        spend(scope, len(nodes))
        for index, node in enumerate(nodes):
            inner.focus, inner.index = [node], index
            inner.total = advance(inner)
        return inner.total

    return Code(needs | start.needs, items)


def _sort(compiler: Compiler, call: Call) -> Code:
    parts: list[Syntax] = list(call.arguments)
    # A minus in front says which way to sort as `desc` does; of a text there is no negative.
    ways = [part.operator if isinstance(part, Sign) else "asc" for part in parts]
    plain = [part.operand if isinstance(part, Sign) else part for part in parts]
    codes = [compiler.criteria(part) for part in plain] or [focus_code()]
    target, needs = called_on(compiler, call, *codes)
    each, by = _each(target.items), [code.items for code in codes]
    position = call.position

    def items(scope: Scope) -> list[Node]:
        from pymedplum_runtime.fhirpath.ordering import sorted_by  # noqa: PLC0415 - seldom needed

        rows = [(node, [key(inner) for key in by]) for node, inner in each(scope)]
        try:
            return sorted_by(rows, ways or ["asc"])
        except Fault as fault:
            raise fault.at(position) from None

    return Code(needs, items)


def special(build: Callable[[Compiler, Call], Code], least: int, most: int) -> Function:
    """Make a function that compiles its call itself."""
    return Function("special", build, least, most)


FUNCTIONS = {
    "where": special(_where, 1, 1),
    "exists": special(_exists, 0, 1),
    "all": special(_all, 1, 1),
    "select": special(_select, 1, 1),
    "repeat": special(_repeat, 1, 1),
    "repeatAll": special(_repeat, 1, 1),
    "aggregate": special(_aggregate, 1, 2),
    "sort": special(_sort, 0, 20),
}
