"""The syntax tree of an expression: what stands where. Says nothing of what it means.

Named tuples, since defining dataclasses would be a third of the cost of importing the language.
"""

from typing import Any, NamedTuple, TypeAlias


class Fault(Exception):  # noqa: N818 - never leaves the package; FHIRPathError is what users see
    """What is wrong, told by code that does not know the expression."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position

    def at(self, position: int) -> "Fault":
        """Say where in the expression, unless an inner part of it was named already."""
        if self.position is None:
            self.position = position
        return self


class Literal(NamedTuple):
    """A value that is written out; its type is empty for `{}`."""

    value: Any
    type: str
    position: int


class Name(NamedTuple):
    """An element by its name, of a target or of the item in focus."""

    target: "Syntax | None"
    name: str
    position: int


class Variable(NamedTuple):
    """`$this`, `$index`, `$total`, or an external constant with its `%`."""

    name: str
    position: int


class Call(NamedTuple):
    """A function, of a target or of the item in focus."""

    target: "Syntax | None"
    name: str
    arguments: "tuple[Syntax, ...]"
    position: int


class Index(NamedTuple):
    """`target[index]`."""

    target: "Syntax"
    number: "Syntax"
    position: int


class Sign(NamedTuple):
    """`+` or `-` before an operand."""

    operator: str
    operand: "Syntax"
    position: int


class Operation(NamedTuple):
    """Two operands with an operator between them."""

    operator: str
    left: "Syntax"
    right: "Syntax"
    position: int


class TypeOperation(NamedTuple):
    """`operand is type` and `operand as type`."""

    operator: str
    operand: "Syntax"
    type: str
    position: int


Syntax: TypeAlias = Literal | Name | Variable | Call | Index | Sign | Operation | TypeOperation

MOST_NESTED = 200


def check_depth(syntax: Syntax) -> None:
    """Refuse a tree that is too deep to be walked by recursion.

    Raises:
        Fault: it is.
    """
    pending: list[tuple[Any, int]] = [(syntax, 1)]
    while pending:
        part, depth = pending.pop()
        if depth > MOST_NESTED:
            raise Fault(f"it nests more than {MOST_NESTED} parts")
        for each in part:
            # A named tuple is one part of the tree; a plain tuple holds the arguments of a call.
            if issubclass(each.__class__, tuple):
                pending.append((each, depth + 1))  # noqa: PERF401 - the comment above is for it
