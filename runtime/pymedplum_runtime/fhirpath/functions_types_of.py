"""Functions that ask for types.

Source: https://hl7.org/fhirpath/N1/#types
"""

from pymedplum_runtime.fhirpath.code import Code, Scope
from pymedplum_runtime.fhirpath.compile import Compiler, focus_code, type_code
from pymedplum_runtime.fhirpath.functions import Function
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.syntax import Call, Fault, Name, Syntax
from pymedplum_runtime.fhirpath.types import name_of


def _by_type(compiler: Compiler, call: Call) -> Code:
    target = compiler.code(call.target) if call.target else focus_code()
    type_name = _said(call.arguments[0])
    if not type_name:
        raise Fault(f"{call.name}() takes the name of a type", call.position)
    return type_code(call.name, target, type_name, call.position)


def _said(syntax: Syntax) -> str:
    """Return the name of a type that was parsed as a path; empty if it is none."""
    names: list[str] = []
    part: Syntax | None = syntax
    while isinstance(part, Name):
        names.insert(0, part.name)
        part = part.target
    return "" if part is not None else ".".join(names)


def _type(items: list[Node], scope: Scope) -> list[Node]:
    return [_described(node, scope) for node in items]


def _described(node: Node, scope: Scope) -> Node:
    namespace, name = name_of(node)
    shape = scope.shapes[name] if "." in name else None
    described = {"namespace": namespace, "name": shape.base if shape else name}
    return Node(described, "")


FUNCTIONS = {
    "is": Function("special", _by_type, 1, 1),
    "as": Function("special", _by_type, 1, 1),
    "ofType": Function("special", _by_type, 1, 1),
    "type": Function("items", _type, 0, 0),
}
