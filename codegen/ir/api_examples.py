"""Examples for the asynchronous client: `await` and `async` where a call on `client` needs them."""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

CLIENT = "client"

# What the base classes give beside the generated methods.
AWAITED_BASE = {"close": "aclose"}
CONTEXT_BASE = frozenset({"on_behalf_of"})
PLAIN_BASE = frozenset({"set_access_token"})

_Edit = tuple[int, int, str]  # line, byte offset in it, what is inserted there
_FOR = (ast.For, ast.comprehension)


@dataclass(frozen=True, slots=True)
class Callee:
    """What an example may give to a method, and what comes back."""

    is_iterator: bool
    positional: tuple[str, ...]
    keywords: frozenset[str]
    takes_more: bool
    is_handle: bool = False
    """Whether the methods of what comes back wait for the server too."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A call on the client, and what stands around it."""

    call: ast.Call
    method: str
    parent: ast.AST


def make_asynchronous(
    example: str, methods: Mapping[str, Callee], report: Callable[[str], None]
) -> str:
    """Rewrite an example by rule.

    A call of a method gets `await`, in parentheses where something is done with the result at
    once; a loop over an iterating method becomes `async for`; `with` becomes `async with`.

    Args:
        example: Python code in which `client` is the synchronous client.
        methods: the methods of the client, by their dotted names.
        report: is told what is wrong with the example.
    """
    try:
        tree = ast.parse(example)
    except SyntaxError as error:
        report(f"has an example that is not Python: {error.msg} in line {error.lineno}")
        return example
    edits: list[_Edit] = []
    for place in _calls(tree):
        callee = methods.get(place.method)
        if callee:
            for fault in _faults(place.call, callee):
                report(f"has an example that gives client.{place.method} {fault}")
        if callee and callee.is_iterator:
            edits += _iterated(place, report)
        elif callee or place.method in AWAITED_BASE:
            edits += _awaited(place)
        elif place.method in CONTEXT_BASE:
            edits += _entered(place, tree)
        elif place.method not in PLAIN_BASE:
            report(f"has an example that calls client.{place.method}, which there is not")
    for name in _handles(tree, methods):
        edits += [edit for place in _calls(tree, name) for edit in _awaited(place)]
    return _renamed(_insert(example, edits))


def _faults(call: ast.Call, callee: Callee) -> Iterator[str]:
    if len(call.args) > len(callee.positional):
        yield "more by position than it takes"
    for keyword in call.keywords:
        if keyword.arg and keyword.arg not in callee.keywords and not callee.takes_more:
            yield f"'{keyword.arg}', which it does not take"


def _handles(tree: ast.AST, methods: Mapping[str, Callee]) -> Iterator[str]:
    """Give the variables that hold what works on with the client's driver."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        callee = methods.get(_dotted(node.value.func))
        if callee and callee.is_handle:
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _calls(tree: ast.AST, owner: str = CLIENT) -> Iterator[_Place]:
    for parent in ast.walk(tree):
        for child in ast.iter_child_nodes(parent):
            if isinstance(child, ast.Call):
                method = _dotted(child.func, owner)
                if method:
                    yield _Place(child, method, parent)


def _dotted(node: ast.AST, owner: str = CLIENT) -> str:
    """Name what is called, where that is an attribute of the client, or of another variable."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return ".".join(names) if isinstance(node, ast.Name) and node.id == owner else ""


def _awaited(place: _Place) -> list[_Edit]:
    call = place.call
    start = (call.lineno, call.col_offset)
    if not isinstance(place.parent, ast.Attribute | ast.Subscript) or place.parent.value != call:
        return [(*start, "await ")]
    return [(*start, "(await "), (call.end_lineno or 0, call.end_col_offset or 0, ")")]


def _iterated(place: _Place, report: Callable[[str], None]) -> list[_Edit]:
    parent = place.parent
    if not isinstance(parent, _FOR) or parent.iter != place.call:
        report(f"has an example that uses client.{place.method} outside of a `for`")
        return []
    if isinstance(parent, ast.For):
        return [(parent.lineno, parent.col_offset, "async ")]
    # A comprehension has no place of its own: its `for` stands before the target.
    return [(parent.target.lineno, parent.target.col_offset - len("for "), "async ")]


def _entered(place: _Place, tree: ast.AST) -> list[_Edit]:
    return [
        (node.lineno, node.col_offset, "async ")
        for node in ast.walk(tree)
        if isinstance(node, ast.With) and place.parent in node.items
    ]


def _insert(example: str, edits: list[_Edit]) -> str:
    lines = [line.encode() for line in example.splitlines()]
    for number, offset, text in sorted(edits, reverse=True):
        line = lines[number - 1]
        lines[number - 1] = line[:offset] + text.encode() + line[offset:]
    return "\n".join(line.decode() for line in lines)


def _renamed(example: str) -> str:
    for name, asynchronous in AWAITED_BASE.items():
        example = example.replace(f"{CLIENT}.{name}(", f"{CLIENT}.{asynchronous}(")
    return example
