"""`$this` and its like, and external constants.

Source: https://hl7.org/fhirpath/N1/#environment-variables and
https://hl7.org/fhir/R4/fhirpath.html#variables
"""

import math
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, cast

from pymedplum_runtime.fhirpath.code import (
    CONTEXT,
    DYNAMIC,
    FOCUS,
    NOTHING,
    RESOURCE,
    TOTAL,
    Code,
    Scope,
)
from pymedplum_runtime.fhirpath.nodes import Node
from pymedplum_runtime.fhirpath.syntax import Fault, Variable

_CONSTANTS = {
    "%ucum": "http://unitsofmeasure.org",
    "%sct": "http://snomed.info/sct",
    "%loinc": "http://loinc.org",
}
_BY_PREFIX = {
    "%vs-": "http://hl7.org/fhir/ValueSet/",
    "%ext-": "http://hl7.org/fhir/StructureDefinition/",
}


def variable(part: Variable, *, is_defined: bool) -> Code:
    """Return the code of a variable; `is_defined` where the expression itself defines it."""
    name = part.name
    if name in _SPECIAL:
        needs, items = _SPECIAL[name]
        return Code(needs, items)
    if is_defined:
        return Code(DYNAMIC | RESOURCE, _defined(name[1:], part.position))
    text = _CONSTANTS.get(name) or next(
        (url + name[len(p) :] for p, url in _BY_PREFIX.items() if name.startswith(p)), None
    )
    if text is not None:
        found = [Node(text, "System.String")]
        return Code(0, lambda _: found)
    return Code(RESOURCE, _given(name[1:], part.position))


def nodes_of(value: Any) -> list[Node]:  # noqa: ANN401 - plain values, nodes, or lists of these
    """Return the items that a variable's value stands for.

    Raises:
        Fault: it is of a type that the language does not have.
    """
    if value is None:
        return NOTHING
    if isinstance(value, list | tuple):
        return [node for each in cast("list[Any]", value) for node in nodes_of(each)]
    if isinstance(value, Node):
        return [value]
    if isinstance(value, dict):
        return [Node(value)]
    for its_class, name in _TYPES:
        if isinstance(value, its_class):
            if isinstance(value, float | Decimal) and not math.isfinite(value):
                raise Fault("a variable is a number that is not finite")
            return [Node(value, f"System.{name}")]
    if isinstance(value, date | time):
        return [_moment(value)]
    raise Fault(
        f"a variable is of the Python type {type(value).__name__}, which stands for nothing"
    )


def _moment(value: date | time) -> Node:
    if isinstance(value, time):
        return Node(value.replace(tzinfo=None).isoformat(), "System.Time")
    name = "DateTime" if isinstance(value, datetime) else "Date"
    return Node(value.isoformat(), f"System.{name}")


_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "Boolean"),
    (int, "Integer"),
    (Decimal, "Decimal"),
    (float, "Decimal"),
    (str, "String"),
)


def _this(scope: Scope) -> list[Node]:
    return scope.focus


def _index(scope: Scope) -> list[Node]:
    return [Node(scope.index, "System.Integer")]


def _total(scope: Scope) -> list[Node]:
    return scope.total or NOTHING


def _resource(scope: Scope) -> list[Node]:
    found = scope.env.resource
    return scope.context if found is None else [found]


def _root(scope: Scope) -> list[Node]:
    found = scope.env.root
    return scope.context if found is None else [found]


def _context(scope: Scope) -> list[Node]:
    return scope.context


_SPECIAL = {
    "$this": (FOCUS, _this),
    "$index": (FOCUS, _index),
    "$total": (TOTAL, _total),
    "%resource": (RESOURCE, _resource),
    "%rootResource": (RESOURCE, _root),
    "%context": (CONTEXT, _context),
}


def _given(name: str, position: int) -> Any:  # noqa: ANN401 - Items
    def items(scope: Scope) -> list[Node]:
        if name not in scope.env.variables:
            raise Fault(f"there is no variable '%{name}'", position)
        try:
            return nodes_of(scope.env.variables[name])
        except Fault as fault:
            raise fault.at(position) from None

    return items


def _defined(name: str, position: int) -> Any:  # noqa: ANN401 - Items
    given = _given(name, position)

    def items(scope: Scope) -> list[Node]:
        variables = scope.variables
        if variables is None or name not in variables:
            return given(scope)  # type: ignore[no-any-return]  # Items
        return variables[name]

    return items
