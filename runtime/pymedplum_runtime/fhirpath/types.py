"""The types of items: those of FHIR, and those of the language that FHIR's primitives convert to.

Source: https://hl7.org/fhir/R4/fhirpath.html#types
"""

from decimal import Decimal
from typing import Any

from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.shapes import Shapes
from pymedplum_runtime.fhirpath.syntax import Fault

SYSTEM = "System."
SYSTEM_NAMES = frozenset(
    ("Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity")
)
_TEXTS = "string code uri url canonical oid uuid id markdown base64Binary xhtml"
_WHOLE = "integer positiveInt unsignedInt integer64"
_QUANTITIES = "Quantity Age Count Distance Duration SimpleQuantity MoneyQuantity"
# The type of the language that a value of a type of FHIR stands for in operators.
_CONVERTED: dict[str, str] = {
    "boolean": "Boolean",
    "decimal": "Decimal",
    "date": "Date",
    "dateTime": "DateTime",
    "instant": "DateTime",
    "time": "Time",
    **dict.fromkeys(_TEXTS.split(), "String"),
    **dict.fromkeys(_WHOLE.split(), "Integer"),
    **dict.fromkeys(_QUANTITIES.split(), "Quantity"),
    **{f"{SYSTEM}{name}": name for name in SYSTEM_NAMES},
}
_MOST_BITS = 4096
MOST_MAGNITUDE = 1000
_TEXT_KINDS = frozenset(("String", "Date", "DateTime", "Time"))


def kind_of(node: Node) -> str:
    """Return the name of the type of the language that an item stands for; empty for others.

    What the JSON holds counts where it is not what the type promises.
    """
    kind = _CONVERTED.get(node.type, "")
    value = node.value
    if isinstance(value, str):
        return kind if kind in _TEXT_KINDS else "String"
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int):
        return "Decimal" if kind == "Decimal" else "Integer"
    if isinstance(value, Decimal | float):
        return "Decimal"
    return "Quantity" if kind == "Quantity" and value is not None else ""


def name_of(node: Node) -> tuple[str, str]:
    """Return the namespace and the name of an item's type."""
    if node.type.startswith(SYSTEM):
        return "System", node.type.removeprefix(SYSTEM)
    if node.type:
        return "FHIR", node.type
    kind = kind_of(node)
    return ("System", kind) if kind else ("FHIR", "")


def is_type(node: Node, type_name: str, shapes: Shapes) -> bool:
    """Tell whether an item is of a type, or of one that derives from it."""
    namespace, _, name = type_name.rpartition(".")
    if node.type.startswith(SYSTEM):
        its_name = node.type.removeprefix(SYSTEM)
        return namespace != "FHIR" and name in (its_name, "Any")
    if not node.type:
        return _fits(node, namespace, name)
    return namespace in ("", "FHIR") and shapes.is_subtype(node.type, name)


def is_exactly(node: Node, type_name: str, shapes: Shapes) -> bool:
    """Tell whether `as` and `ofType` let an item pass: of a primitive only its own type counts.

    Raises:
        Fault: there is no such type.
    """
    name = type_name.rpartition(".")[2]
    if name not in SYSTEM_NAMES and not shapes.is_known(name):
        raise Fault(f"there is no type '{type_name}'")
    if shapes.is_primitive(node.type):
        return node.type == name and type_name in (name, f"FHIR.{name}")
    return is_type(node, type_name, shapes)


def _fits(node: Node, namespace: str, name: str) -> bool:
    """Tell whether an item whose type is not known may be of a type, by its JSON."""
    kind = kind_of(node)
    if not kind:
        return False
    if namespace == "System" or name in SYSTEM_NAMES:
        return name == kind
    return _CONVERTED.get(name) == kind


def number_of(node: Node) -> Any:  # noqa: ANN401 - int | Decimal | None, as arithmetic mixes them
    """Return an item's number: an `int`, a `Decimal`, or None where it is none.

    One with more digits than anything that is measured counts as none: it would take the memory.
    """
    value = node.value
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        if value.bit_length() > _MOST_BITS:
            return None
        return Decimal(value) if node.type in ("decimal", "System.Decimal") else value
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal) and value.is_finite():
        return value if abs(value.adjusted()) < MOST_MAGNITUDE else None
    return None
