"""Breaks each rule of a published profile once: one broken instance for each row of a snapshot.

A row is one rule of one element: its minimum, its maximum, its types, a fixed value, a binding,
a constraint and so on, those included that only repeat the base type.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from definitions import Json
from edits import DROP
from mutations import edited
from validation_constraints import CONSTRAINTS
from validation_faults import FAULTS
from validation_instances import instances
from validation_published import FHIR, elements, published, stated, value_at
from validation_sites import Change, Maker, Site, sites


@dataclass(frozen=True, slots=True)
class Row:
    """One rule of a profile."""

    profile: str
    element: str
    rule: str

    def __str__(self) -> str:
        return f"{self.profile.rpartition('/')[2]} {self.element} {self.rule}"


@dataclass(frozen=True, slots=True)
class Break:
    """A row and an instance that breaks it; None where no instance has anything to break."""

    row: Row
    payload: Json | None
    strength: str = "error"  # or "warning", or "must support"


def breaks(url: str) -> Iterator[Break]:
    """Give one broken instance for each row of a profile's snapshot, and for its contexts."""
    for element_id, element in elements(url).items():
        for rule, strength, maker in _rules(element):
            row = Row(url, element_id, rule)
            yield Break(row, _broken(url, element, maker), strength)
    for number, context in enumerate(published()[url].get("context", ())):
        if number == 0:
            row = Row(url, context["expression"], "context")
            yield Break(row, _moved(url), "error")


def _broken(url: str, element: Json, maker: Maker) -> Json | None:
    for instance in instances(url):
        for site in sites(url, element, instance):
            change = maker(site)
            if change is not None:
                payload: Json = edited(instance.payload, *change)
                return payload
    return None


def _rules(element: Json) -> Iterator[tuple[str, str, Maker]]:
    is_root = "." not in element["id"]
    if not is_root:
        yield from _cardinality(element)
        yield from _types(element)
        yield from _values(element)
    for constraint in element.get("constraint", ()):
        key = constraint["key"]
        yield f"constraint {key}", constraint["severity"], CONSTRAINTS[key]
    yield from _slicing(element)


def _cardinality(element: Json) -> Iterator[tuple[str, str, Maker]]:
    low, high = element["min"], element["max"]
    if low:
        yield f"min {low}", "error", lambda site: _fewer(site, low - 1)
    if high != "*":
        yield f"max {high}", "error", lambda site: _more(site, int(high) + 1)
    if element.get("mustSupport") and not low:
        yield "must support", "must support", _left_out


def _fewer(site: Site, count: int) -> Change | None:
    if not site.spots:
        return None
    if site.is_list:
        return site.put_items(count)
    return site.holder, {spot.name: DROP for spot in site.spots}


def _left_out(site: Site) -> Change | None:
    """Leave an element out; where no instance may have it, it is missing already."""
    return _fewer(site, 0) if site.spots else (site.holder, {})


def _more(site: Site, count: int) -> Change | None:
    if site.is_list:
        return site.put_items(count)
    return site.put(site.value) if count == 1 else site.put([site.value] * count)


def _types(element: Json) -> Iterator[tuple[str, str, Maker]]:
    if "contentReference" in element:
        yield "content reference", "error", lambda site: site.put({"noSuchElement": 1})
    for type_ in element.get("type", ()):
        yield f"type {type_['code'].rpartition('/')[2]}", "error", FAULTS["type"](type_)
        for profile in type_.get("profile", ()):
            yield f"type profile {profile}", "error", FAULTS["profile"](profile)
    targets = [t for type_ in element.get("type", ()) for t in type_.get("targetProfile", ())]
    if targets and FHIR + "Resource" not in targets:
        yield "targets", "error", FAULTS["targets"](targets)
        for target in targets:
            if not target.startswith(FHIR) or target == FHIR + "vitalsigns":
                yield f"target profile {target}", "error", FAULTS["target profile"](target)
    if element["id"].endswith("[x]") and len(element["type"]) < 50:
        yield "choice of types", "error", FAULTS["choice"](element)


def _values(element: Json) -> Iterator[tuple[str, str, Maker]]:
    if (fixed := stated(element, "fixed")) is not None:
        yield "fixed", "error", lambda site: site.put(f"{fixed}x")
    if (pattern := stated(element, "pattern")) is not None:
        yield "pattern", "error", FAULTS["pattern"](pattern)
    for name in ("maxLength", "minValue", "maxValue"):
        if stated(element, name) is not None:
            yield name, "error", FAULTS[name](element)
    binding = element.get("binding", {})
    if binding.get("strength") in {"required", "extensible"}:
        strength = "error" if binding["strength"] == "required" else "warning"
        yield f"binding {binding['strength']}", strength, FAULTS["binding"](element)
    if any(x["url"].endswith("maxValueSet") for x in binding.get("extension", ())):
        yield "binding maximum", "error", FAULTS["binding"](element)


def _slicing(element: Json) -> Iterator[tuple[str, str, Maker]]:
    slicing = element.get("slicing", {})
    if slicing.get("rules", "open") != "open":
        yield f"slicing {slicing['rules']}", "error", FAULTS["closed"](element)
    if slicing.get("ordered"):
        yield "slicing ordered", "error", FAULTS["ordered"](element)


def _moved(url: str) -> Json:
    """Put an extension on an element that its definition has no context for."""
    instance = instances(url)[0]
    misplaced = value_at(instance.payload, instance.root)
    language = {**instance.payload["communication"][0], "extension": [misplaced]}
    return {**instance.payload, "communication": [language]}
