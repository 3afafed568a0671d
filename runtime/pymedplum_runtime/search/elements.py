"""FHIR elements and resources as search texts, told apart by the members that they have.

https://hl7.org/fhir/R4/search.html#token, #quantity and #reference. Errors name types and
members, never values.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pymedplum_runtime.helpers.members import FHIRData, members_of, objects, text
from pymedplum_runtime.search.syntax import literal, quantity, token

_Members = Mapping[str, Any]

# The codes of ContactPoint.system; an Identifier's system is a URI.
_CONTACT_SYSTEMS = frozenset({"phone", "fax", "email", "pager", "url", "sms", "other"})


def element_text(data: FHIRData) -> str:
    """Return what to search for to find an element, or references to a resource.

    Raises:
        TypeError: nothing searches for such an element.
        ValueError: the element lacks what would be searched for.
    """
    members = members_of(data)
    if "resourceType" in members:
        return _resource_reference(members)
    if "reference" in members:
        return _reference(members)
    if "coding" in members:
        return _concept(members)
    if "value" in members:
        return _value(members)
    if "code" in members or "system" in members:
        return _token(members, "code")
    raise TypeError(
        f"{type(data).__name__} cannot be searched for: expected a resource, Reference, Coding, "
        "CodeableConcept, Identifier, ContactPoint or Quantity"
    )


def _resource_reference(members: _Members) -> str:
    resource_type, resource_id = text(members["resourceType"]), text(members.get("id"))
    if not resource_type or not resource_id:
        raise ValueError("the resource has no id yet, so nothing refers to it")
    return f"{resource_type}/{resource_id}"


def _reference(members: _Members) -> str:
    found = text(members["reference"])
    if not found:
        raise ValueError("the reference is empty")
    return found


def _concept(members: _Members) -> str:
    codings = objects(members["coding"])
    if not codings:
        raise ValueError("the CodeableConcept has no coding")
    return ",".join(_token(coding, "code") for coding in codings)


def _value(members: _Members) -> str:
    value = members["value"]
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _quantity(members, value)
    said = text(value)
    if said and members.get("system") in _CONTACT_SYSTEMS:
        return literal(said)
    return _token(members, "value")


def _quantity(members: _Members, value: Decimal | float) -> str:
    if "comparator" in members:
        raise ValueError("the Quantity has a comparator; search for its number with lt, le, ge, gt")
    if "currency" in members:
        raise TypeError("Money cannot be searched for as it is; write it with quantity(...)")
    code = text(members.get("code"))
    if code is None:
        return quantity(value, None, text(members.get("unit")))
    return quantity(value, text(members.get("system")), code)


def _token(members: _Members, name: str) -> str:
    system, code = text(members.get("system")), text(members.get(name))
    if system is None and code is None:
        raise ValueError(f"there is neither a system nor a {name} to search for")
    return token(system, code)
