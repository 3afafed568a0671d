"""What can be done to one property of an example so that FHIR forbids the result.

Each function names one kind of error and gives every way it knows to make it at a place; none
where the kind cannot be made there, or where FHIR would allow the result.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from definitions import Home, Place, Slot, ValueSetCodes, is_resource_type, slots
from samples import BAD, TOO_FAR, VALUES

DROP: Final = object()
VALUE_SETS = ValueSetCodes()
LONG_IDS = {"SearchParameter.id"}  # specs/sources.toml, `long_ids`: longer ids are let through
NO_VALUE = "required element with neither value nor extension"
EXTENDED = {"extension": [{"url": "http://example.org/reason", "valueBoolean": True}]}


class Edit(NamedTuple):
    """New values for properties of one object, DROP taking one away."""

    what: str
    changes: dict[str, Any]
    json_only: bool = False  # a dict may spell it so: Python's spelling, the type from the class


Edits = list[Edit]
Kind = Callable[[Place], Edits]


def with_value(place: Place, value: object) -> object:
    """Put a value where the property has one; in a list, in place of the first."""
    return [value, *place.value[1:]] if place.slot.is_list else value


def group(slot: Slot, home: Home) -> list[Slot]:
    """Return the slots of which FHIR allows one: a choice's, or the slot alone."""
    return [s for s in slots(home).values() if s is slot or (s.choice and s.choice == slot.choice)]


def has_id(slot: Slot) -> bool:
    """Tell whether a primitive may have an id; ids and an extension's url may not."""
    return slot.is_primitive and slot.name != "id" and slot.path != "Extension.url"


def may_be_extended(slot: Slot) -> bool:
    """Tell whether a primitive may have extensions."""
    return has_id(slot) and slot.type != "xhtml"


def required_dropped(place: Place) -> Edits:
    if not place.slot.is_required:
        return []
    names = [slot.name for slot in group(place.slot, place.home)]
    drops = dict.fromkeys([*names, *(f"_{name}" for name in names)], DROP)
    return [Edit("dropped, extensions included", drops)]


def required_without_value(place: Place) -> Edits:
    """Leave an id, which is neither a value nor an extension; an XHTML cannot have extensions."""
    slot = place.slot
    if not (slot.is_required and has_id(slot)):
        return []
    left: list[dict[str, Any]] = [{"id": "a"}, EXTENDED] if slot.type == "xhtml" else [{"id": "a"}]
    return [
        Edit(
            f"only has {', '.join(sibling)}",
            {slot.name: DROP, f"_{slot.name}": [sibling] if slot.is_list else sibling},
        )
        for sibling in left
    ]


def wrong_json_type(place: Place) -> Edits:
    slot, value = place.slot, place.value
    first = value[0] if slot.is_list else value
    found: list[Any] = [{"value": 1}] if slot.is_primitive else ["text", 1, True, [1]]
    if slot.type == "boolean":
        found += ["true", "yes", 1, 0]
    elif slot.type in TOO_FAR:
        found += [str(first), 1.5, 1.0, True]
    elif slot.type == "decimal":
        found += [str(first), True]
    elif slot.is_primitive:
        found += [1, 1.5, True]
    edits = [Edit(f"is {type(v).__name__}", {slot.name: with_value(place, v)}) for v in found]
    null = [None] if slot.is_list else None
    return [*edits, Edit("is null", {slot.name: null, f"_{slot.name}": DROP})]


def unknown_property(place: Place) -> Edits:
    known, name = slots(place.home), place.slot.name
    is_resource = is_resource_type(place.home.path)
    names = [f"{name}s", name.upper(), name.lower(), f"x{name}", "fhir_comments", "$this", "__id"]
    names += [] if place.slot.is_primitive else [f"_{name}"]
    names += [] if is_resource else ["resourceType"]
    edits = [Edit(f"{n} added", {n: place.value}) for n in names if n not in known]
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
    if snake != name:
        edits.append(Edit("spelled Python's way", {name: DROP, snake: place.value}, json_only=True))
    return edits


def two_choice_values(place: Place) -> Edits:
    others = [s for s in group(place.slot, place.home) if s.name != place.slot.name]
    known = [s for s in others if s.type in VALUES]
    edits = [Edit(f"{s.name} added", {s.name: VALUES[s.type]}) for s in known]
    primitive = [s for s in known if s.is_primitive]
    return edits + [Edit(f"_{s.name} added", {f"_{s.name}": EXTENDED}) for s in primitive]


def bad_text(*types: str) -> Kind:
    def kind(place: Place) -> Edits:
        slot = place.slot
        if slot.type not in types:
            return []
        bad = [b for b in BAD[slot.type] if slot.path not in LONG_IDS or len(b) < 65]
        return [Edit(f"is {b!r}", {slot.name: with_value(place, b)}) for b in bad]

    return kind


def integer_out_of_range(place: Place) -> Edits:
    slot = place.slot
    return [Edit(f"is {n}", {slot.name: with_value(place, n)}) for n in TOO_FAR.get(slot.type, ())]


def invalid_required_code(place: Place) -> Edits:
    slot = place.slot
    if not slot.value_set or slot.type not in ("code", "string", "uri"):
        return []
    codes = VALUE_SETS.codes(slot.value_set)
    if codes is None:
        return []
    first = str(place.value[0] if slot.is_list else place.value)
    bad = ["no-such-code", first.upper(), first.title(), f"{first}s", first[:-1] or "x"]
    return [Edit(f"is {b!r}", {slot.name: with_value(place, b)}) for b in bad if b not in codes]


def scalar_for_list(place: Place) -> Edits:
    if not place.slot.is_list or place.value[0] is None:
        return []
    return [Edit("is its first item", {place.slot.name: place.value[0]})]


def list_for_scalar(place: Place) -> Edits:
    slot, value = place.slot, place.value
    if slot.is_list:
        return [Edit("is a list in a list", {slot.name: [value]})]
    return [
        Edit("is in a list", {slot.name: [value]}),
        Edit("is in a list, twice", {slot.name: [value, value]}),
    ]


def empty_string(place: Place) -> Edits:
    slot = place.slot
    if not slot.is_primitive or slot.type in ("boolean", "decimal", *TOO_FAR):
        return []
    return [
        Edit(f"is {text!r}", {slot.name: with_value(place, text)}) for text in ("", " ", "\n\t ")
    ]


def empty_array(place: Place) -> Edits:
    slot = place.slot
    edits = [Edit("is []", {slot.name: []})]
    return [*edits, Edit("has []", {f"_{slot.name}": []})] if slot.is_primitive else edits


def empty_object(place: Place) -> Edits:
    slot = place.slot
    if slot.is_primitive:
        empty: object = [{}] if slot.is_list else {}
        return [Edit("has {}", {f"_{slot.name}": empty})]
    return [Edit("is {}", {slot.name: with_value(place, {})})]


def wrong_resource_type(place: Place) -> Edits:
    if not is_resource_type(place.home.path):
        return []
    right = place.home.path
    bad = [
        "Foo",
        "Resource",
        "DomainResource",
        "HumanName",
        right.lower(),
        f"{right} ",
        "",
        5,
        None,
    ]
    if not place.keys:
        bad += ["Patient"] if right != "Patient" else ["Observation"]
    edits = [Edit(f"is {b!r}", {"resourceType": b}) for b in bad if b != right]
    # What a constructor may leave out, its class saying it, JSON may not.
    return [*edits, Edit("is missing", {"resourceType": DROP}, json_only=not place.keys)]


KINDS: dict[str, Kind] = {
    "required element dropped": required_dropped,
    NO_VALUE: required_without_value,
    "wrong JSON type": wrong_json_type,
    "unknown property": unknown_property,
    "two choice values": two_choice_values,
    "bad id": bad_text("id"),
    "bad date": bad_text("date"),
    "bad dateTime": bad_text("dateTime"),
    "bad instant": bad_text("instant"),
    "bad time": bad_text("time"),
    "bad uri": bad_text("uri", "url", "canonical", "oid", "uuid"),
    "bad code": bad_text("code"),
    "bad base64": bad_text("base64Binary"),
    "integer out of range": integer_out_of_range,
    "invalid required code": invalid_required_code,
    "scalar for list": scalar_for_list,
    "list for scalar": list_for_scalar,
    "empty string": empty_string,
    "empty array": empty_array,
    "empty object": empty_object,
    "wrong resourceType": wrong_resource_type,
}
