"""The functions that FHIR adds, and those of SQL on FHIR.

Source: https://hl7.org/fhir/R4/fhirpath.html#functions and
https://sql-on-fhir.org/ig/2.0.0/StructureDefinition-ViewDefinition.html
"""

from collections.abc import Callable
from typing import Any

from pymedplum_runtime.fhirpath.code import NOTHING, RESOURCE, Code, Scope
from pymedplum_runtime.fhirpath.compile import Compiler, focus_code
from pymedplum_runtime.fhirpath.functions import Function
from pymedplum_runtime.fhirpath.functions_strings import text_of
from pymedplum_runtime.fhirpath.navigation import add_named
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.syntax import Call, Fault, Literal, Name, Syntax

_TYPES = "http://hl7.org/fhir/StructureDefinition/"


def _extension(items: list[Node], scope: Scope, url: list[Node]) -> list[Node]:
    wanted = text_of(url)
    found: list[Node] = []
    for node in items:
        add_named(node, "extension", scope.shapes, found)
    if wanted is None:
        return NOTHING
    return [n for n in found if n.value.__class__ is dict and n.value.get("url") == wanted]


def _resolve(items: list[Node], scope: Scope) -> list[Node]:
    found = (_resolved(node, scope) for node in items)
    return [node for node in found if node is not None]


def _resolved(node: Node, scope: Scope) -> Node | None:
    text = node.value.get("reference") if node.value.__class__ is dict else node.value
    if not isinstance(text, str):
        return None
    if text.startswith("#"):
        return _contained(text[1:], scope)
    return None if scope.env.resolve is None else scope.env.resolve(text)


def _contained(name: str, scope: Scope) -> Node | None:
    """Return the resource that a `#` refers to; `#` alone is the container."""
    root = scope.env.root or scope.context[0]
    if not name:
        return root
    contained: Any = root.value.get("contained") if root.value.__class__ is dict else ()
    for each in contained if contained.__class__ is list else ():
        if each.__class__ is dict and each.get("id") == name:
            return Node(each)
    return None


def _claimed(
    ask: Callable[[Node, str, Scope], bool | None],
) -> Callable[[list[Node], Scope, list[Node]], bool | None]:
    """Ask something of a single item and a canonical URL."""

    def claim(items: list[Node], scope: Scope, url: list[Node]) -> bool | None:
        canonical = text_of(url)
        if not items or canonical is None:
            return None
        if len(items) > 1:
            raise Fault("a claim is asked of several items")
        return ask(items[0], canonical, scope)

    return claim


def _conforms(node: Node, canonical: str, scope: Scope) -> bool | None:
    if scope.env.conforms_to is not None:
        return scope.env.conforms_to(node, canonical)
    name = canonical.removeprefix(_TYPES)
    if name == canonical or not scope.shapes.is_known(name):
        return None
    return scope.shapes.is_subtype(node.type, name)


def _is_member(node: Node, canonical: str, scope: Scope) -> bool | None:
    return None if scope.env.member_of is None else scope.env.member_of(node, canonical)


def _subsumes(items: list[Node], scope: Scope, other: list[Node]) -> bool | None:
    if len(items) != 1 or len(other) != 1 or scope.env.subsumes is None:
        return None
    return scope.env.subsumes(items[0], other[0])


def _is_subsumed(items: list[Node], scope: Scope, other: list[Node]) -> bool | None:
    return _subsumes(other, scope, items)


def _html_checks(items: list[Node], _: Scope) -> bool | None:
    from pymedplum_runtime.fhirpath.narrative import is_safe  # noqa: PLC0415 - seldom needed

    text = text_of(items)
    return None if text is None else is_safe(text)


def _key(items: list[Node], _: Scope) -> list[Node]:
    """Give the id of each resource; it is the same that a reference to it gives."""
    ids = (node.value.get("id") for node in items if node.value.__class__ is dict)
    return [Node(each, "System.String") for each in ids if isinstance(each, str)]


def _reference_key(compiler: Compiler, call: Call) -> Code:
    target = compiler.code(call.target) if call.target else focus_code()
    wanted = _type_name(call.arguments[0]) if call.arguments else None
    if wanted == "":
        raise Fault("getReferenceKey() takes the name of a type", call.position)
    before = target.items

    def items(scope: Scope) -> list[Node]:
        found = (_referred(node, wanted) for node in before(scope))
        return [Node(each, "System.String") for each in found if each]

    return Code(target.needs, items)


def _type_name(syntax: Syntax) -> str:
    if isinstance(syntax, Name):
        return syntax.name
    return syntax.value if isinstance(syntax, Literal) and isinstance(syntax.value, str) else ""


def _referred(node: Node, wanted: str | None) -> str | None:
    """Return the id that a reference ends with, if it is one to a resource of the type."""
    text = node.value.get("reference") if node.value.__class__ is dict else node.value
    return reference_key(text, wanted) if isinstance(text, str) else None


def reference_key(text: str, wanted: str | None) -> str | None:
    """Return the id that the text of a reference ends with, if it is one to that type."""
    if text.startswith("#"):
        return None
    if text.startswith("urn:"):
        its_type, _, name = "", "", text.rpartition(":")[2]
    else:
        parts = text.partition("/_history/")[0].split("/")
        if len(parts) < 2:  # noqa: PLR2004 - the type and the id
            return None
        its_type, name = parts[-2:]
    return name if wanted is None or its_type == wanted else None


def _unsupported(name: str) -> Function:
    def refuse(_: Compiler, call: Call) -> Code:
        raise Fault(f"{name}() is not supported", call.position)

    return Function("special", refuse, 0, 10)


FUNCTIONS = {
    "extension": Function("items", _extension, 1, 1),
    "resolve": Function("items", _resolve, 0, 0, RESOURCE),
    "conformsTo": Function("claim", _claimed(_conforms), 1, 1, RESOURCE),
    "memberOf": Function("claim", _claimed(_is_member), 1, 1, RESOURCE),
    "subsumes": Function("claim", _subsumes, 1, 1, RESOURCE),
    "subsumedBy": Function("claim", _is_subsumed, 1, 1, RESOURCE),
    "htmlChecks": Function("claim", _html_checks, 0, 0),
    "getResourceKey": Function("items", _key, 0, 0),
    "getReferenceKey": Function("special", _reference_key, 0, 1),
    **{name: _unsupported(name) for name in ("elementDefinition", "slice", "checkModifiers")},
}
