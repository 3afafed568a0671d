"""How a rule of a profile is broken: for each kind of rule what to put in place of a value."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from definitions import Json
from edits import DROP
from validation_published import FHIR, stated, value_at
from validation_sites import Change, Maker, Site

NO_SYSTEM = "http://example.org/no-such-system"
ACTS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
BAD_CODE = "no-such-code"


def _wrong_type(type_: Json) -> Maker:
    """Put a JSON value that this type is never written as."""
    is_primitive = type_["code"][0].islower()

    def maker(site: Site) -> Change | None:
        name = site.name
        if site.element["id"].endswith("[x]"):
            stem = site.element["id"].rpartition(".")[2].partition("[x]")[0]
            suffix = type_["code"][0].upper() + type_["code"][1:]
            others = {spot.name: DROP for spot in site.spots}
            bad: Any = {"noSuchElement": 1} if is_primitive else "text"
            return site.holder, {**others, f"{stem}{suffix}": bad}
        if name in {"contained", "resourceType"}:
            return site.put("text")
        return site.put({"noSuchElement": 1} if is_primitive else "text")

    return maker


def _off_profile(profile: str) -> Maker:
    """Break the profile of a type: SimpleQuantity has no comparator, an extension a value."""

    def maker(site: Site) -> Change | None:
        if profile.endswith("Quantity"):
            quantities = [s for s in site.spots if s.name.endswith("Quantity")]
            if site.element["id"].endswith("[x]") and not quantities:
                stem = site.element["id"].rpartition(".")[2].partition("[x]")[0]
                others = {spot.name: DROP for spot in site.spots}
                bad = {"value": 1, "comparator": "<"}
                return site.holder, {**others, f"{stem}Quantity": bad}
            return site.put({"value": 1, "comparator": "<"})
        return site.put({"url": profile, "valueUnsignedInt": 5})

    return maker


def _reference_name(site: Site) -> str:
    if site.element["id"].endswith("[x]"):
        return f"{site.element['id'].rpartition('.')[2].partition('[x]')[0]}Reference"
    return site.name


def _refer(site: Site, reference: str) -> Change:
    if not site.element["id"].endswith("[x]"):
        return site.put({"reference": reference})
    others = {spot.name: DROP for spot in site.spots}
    return site.holder, {**others, _reference_name(site): {"reference": reference}}


def _off_target(targets: list[str]) -> Maker:
    assert FHIR + "Basic" not in targets
    return lambda site: _refer(site, "Basic/1")


TARGET_TYPES = {
    "us-core-patient": "Patient",
    "us-core-encounter": "Encounter",
    "us-core-practitioner": "Practitioner",
    "us-core-medication": "Medication",
    "us-core-organization": "Organization",
    "us-core-practitionerrole": "PractitionerRole",
    "us-core-relatedperson": "RelatedPerson",
    "vitalsigns": "Observation",
}
BARE: dict[str, Json] = {
    "Observation": {"status": "final", "code": {"text": "text"}},
    "Encounter": {"status": "finished", "class": {"system": ACTS, "code": "AMB"}},
    "Organization": {"active": True, "name": "Ward"},
    "RelatedPerson": {"patient": {"reference": "Patient/1"}},
}


def _off_target_profile(profile: str) -> Maker:
    """Refer to a contained resource of the right type that does not satisfy the profile."""
    type_ = TARGET_TYPES[profile.rpartition("/")[2]]
    bare = {"resourceType": type_, "id": "bare", **BARE.get(type_, {})}
    if type_ == "Organization":
        bare.pop("active")

    def maker(site: Site) -> Change | None:
        if site.holder:
            return None
        holder, changes = _refer(site, "#bare")
        contained = [*site.instance.get("contained", ()), bare]
        return holder, {**changes, "contained": contained}

    return maker


def _another_choice(element: Json) -> Maker:
    """Use a type that the choice does not have."""
    allowed = {t["code"] for t in element["type"]}
    stem = element["id"].rpartition(".")[2].partition("[x]")[0]
    samples: Json = {"Signature": {}, "Money": {"value": 1}, "oid": "urn:oid:1.2"}
    type_ = next(name for name in ("Money", "oid", "Signature") if name not in allowed)
    name = stem + type_[0].upper() + type_[1:]

    def maker(site: Site) -> Change | None:
        return site.holder, {**{s.name: DROP for s in site.spots}, name: samples[type_]}

    return maker


def _off_pattern(pattern: Any) -> Maker:
    bad = deepcopy(pattern)
    if isinstance(bad, dict) and "coding" in bad:
        bad["coding"][0]["code"] = f"{bad['coding'][0]['code']}x"
    else:
        bad = f"{bad}x" if isinstance(bad, str) else {}
    return lambda site: site.put(bad)


def _unbound(element: Json) -> Maker:
    """Put a code that no value set has, in the shape that the value has."""

    def maker(site: Site) -> Change | None:
        return site.put(_with_bad_code(site.value, _type_at(site, element)))

    return maker


def _type_at(site: Site, element: Json) -> str:
    stem = element["id"].rpartition(".")[2].partition("[x]")[0]
    if not element["id"].endswith("[x]") and "[x]:" not in element["id"].rpartition(".")[2]:
        return str(element["type"][0]["code"])
    tail = site.name.removeprefix(stem)
    codes = {t["code"].lower(): t["code"] for t in element["type"]}
    return str(codes[tail.lower()])


def _with_bad_code(value: Any, type_: str) -> Any:
    coding = {"system": NO_SYSTEM, "code": BAD_CODE}
    if type_ == "CodeableConcept":
        return {"coding": [coding]}
    if type_ == "Coding":
        return coding
    if type_ == "Quantity":
        return {**value, "system": "http://unitsofmeasure.org", "code": "no-such"}
    return "no such code" if type_ == "string" else BAD_CODE


def _at_limit(element: Json) -> Maker:
    """Go past a limit of length or value."""
    length = element.get("maxLength")
    if length is not None:
        return lambda site: site.put("x" * (length + 1))
    low, high = stated(element, "minValue"), stated(element, "maxValue")
    return lambda site: site.put(high + 1 if low is None else low - 1)


def _beside_closed(element: Json) -> Maker:
    """Add what is of no slice; a closed choice of types leaves the other types out."""
    if element["id"].endswith("[x]"):
        return _other_type(element)

    def maker(site: Site) -> Change | None:
        items = list(value_at(site.instance, site.holder).get(site.name, []))
        return site.holder, {site.name: [{"text": "of no slice"}, *items]}

    return maker


def _other_type(element: Json) -> Maker:
    stem = element["id"].rpartition(".")[2].partition("[x]")[0]

    def maker(site: Site) -> Change | None:
        return site.holder, {**{s.name: DROP for s in site.spots}, f"{stem}String": "text"}

    return maker


def _reversed(_element: Json) -> Maker:
    def maker(site: Site) -> Change | None:
        items = list(value_at(site.instance, site.holder).get(site.name, []))
        return (site.holder, {site.name: items[::-1]}) if len(items) > 1 else None

    return maker


FAULTS: dict[str, Callable[[Any], Maker]] = {
    "type": _wrong_type,
    "profile": _off_profile,
    "targets": _off_target,
    "target profile": _off_target_profile,
    "choice": _another_choice,
    "pattern": _off_pattern,
    "binding": _unbound,
    "maxLength": _at_limit,
    "minValue": _at_limit,
    "maxValue": _at_limit,
    "closed": _beside_closed,
    "ordered": _reversed,
}
