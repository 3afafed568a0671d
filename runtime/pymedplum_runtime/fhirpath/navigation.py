"""Going from an item to its parts, as FHIR JSON writes them.

An element `x` is under `x`; what a primitive has besides its value is under `_x`; an element that
is a choice is under its name and the name of its type. Source: https://hl7.org/fhir/R4/json.html
"""

from typing import Any

from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.shapes import Choice, Member, Shapes


def add_named(node: Node, name: str, shapes: Shapes, found: list[Node]) -> None:
    """Add the items of an element of an item."""
    value = node.value
    if value.__class__ is not dict:
        value = node.sibling
        if value.__class__ is not dict:
            return
    shape = shapes[node.type]
    if shape is None:
        for member in _guessed(value, name):
            _add(value, member, found)
        return
    member_or_choice = shape.by_name.get(name)
    if member_or_choice is None:
        return
    if isinstance(member_or_choice, Member):
        key, beside, type_name = member_or_choice
        child = value.get(key)
        if child.__class__ is list or beside:
            _add(value, member_or_choice, found)
        elif child is not None:
            found.append(Node(child, type_name))
        return
    for member in _chosen(value, member_or_choice):
        _add(value, member, found)


def has_named(node: Node, name: str, shapes: Shapes) -> bool:
    """Tell whether an item has an element, without making its items where that can be seen."""
    value = node.value
    if value.__class__ is dict:
        shape = shapes[node.type]
        if shape is not None:
            member = shape.by_name.get(name)
            if member is None:
                return False
            if isinstance(member, Member):
                child = value.get(member[0])
                if child.__class__ is not list:
                    return child is not None or (member[1] in value and bool(value[member[1]]))
                if child and child[0] is not None:
                    return True
    found: list[Node] = []
    add_named(node, name, shapes, found)
    return bool(found)


def add_children(node: Node, shapes: Shapes, found: list[Node]) -> None:
    """Add the items of all elements of an item, in the order of the JSON."""
    value = node.value
    if value.__class__ is not dict:
        value = node.sibling
        if value.__class__ is not dict:
            return
    shape = shapes[node.type]
    by_key = None if shape is None else shape.by_key
    for key in value:
        name = key.removeprefix("_")
        if (name != key and name in value) or (name == "resourceType" and node.value is value):
            continue
        member = Member(name, f"_{name}", "") if by_key is None else by_key.get(name)
        if member is not None:
            _add(value, member, found)


def _add(value: dict[str, Any], member: Member, found: list[Node]) -> None:
    key, beside, type_name = member
    child: Any = value.get(key)
    sibling: Any = value.get(beside) if beside else None
    if child.__class__ is list or sibling.__class__ is list:
        children: list[Any] = child if child.__class__ is list else []
        siblings: list[Any] = sibling if sibling.__class__ is list else []
        for index in range(max(len(children), len(siblings))):
            child = children[index] if index < len(children) else None
            sibling = siblings[index] if index < len(siblings) else None
            if child is not None or sibling is not None:
                found.append(Node(child, type_name, sibling))
    elif child is not None or sibling is not None:
        found.append(Node(child, type_name, sibling))


def _chosen(value: dict[str, Any], choice: Choice) -> list[Member]:
    found = [choice[key] for key in value if key in choice]
    return found if len(found) < 2 else list(dict.fromkeys(found))  # noqa: PLR2004 - one and `_` of it


def _guessed(value: dict[str, Any], name: str) -> list[Member]:
    """Find where an element is when its type is not known."""
    if name in value or f"_{name}" in value:
        return [Member(name, f"_{name}", "")]
    start = len(name)
    found: list[Member] = []
    for key in value:
        plain = key.removeprefix("_")
        code = plain[start:]
        if plain.startswith(name) and code[:1].isupper():
            is_complex = isinstance(value.get(plain), dict)
            type_name = code if is_complex else code[0].lower() + code[1:]
            found.append(Member(plain, f"_{plain}", type_name))
    return list(dict.fromkeys(found))
