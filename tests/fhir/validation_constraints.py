"""How to break each constraint that US Core's profiles and FHIR's vital signs state."""

from typing import Any

from definitions import Json
from edits import DROP
from validation_published import value_at
from validation_sites import Change, Maker, Site

BOTH = {"url": "http://a", "valueCode": "a", "extension": [{"url": "b", "valueCode": "a"}]}
INNER = {"resourceType": "Organization", "id": "inner", "name": "Ward"}


def _empty(site: Site) -> Change | None:
    """Leave neither a value nor a child; where there is no more, nothing at all."""
    if "." not in site.element["id"]:
        return _emptied(site)
    type_ = site.element.get("type", [{"code": "BackboneElement"}])[0]["code"]
    if type_[0].islower() or type_.startswith("http"):
        return site.put("")
    return site.put({"id": "a"} if type_ not in {"Extension", "Resource"} else {})


def _emptied(site: Site) -> Change | None:
    there = value_at(site.instance, site.holder)
    return site.holder, {name: DROP for name in there if name not in {"id", "resourceType"}}


def _both(site: Site) -> Change | None:
    """Give an extension a value and extensions."""
    if "." in site.element["id"]:
        return site.put(BOTH)
    there = value_at(site.instance, site.holder)
    if "extension" in there:
        return site.holder, {"valueCode": "a"}
    return site.holder, {"extension": [{"url": "b", "valueCode": "a"}]}


def _contained(changes: Json) -> Maker:
    def maker(site: Site) -> Change | None:
        first, *rest = site.instance["contained"]
        return (), {"contained": [{**first, **changes}, *rest]}

    return maker


def _unreferenced(site: Site) -> Change | None:
    return (), {"contained": [*site.instance["contained"], {**INNER, "id": "nobody"}]}


def _changed(changes: Json) -> Maker:
    return lambda site: (site.holder, changes)


def _put(value: Any) -> Maker:
    return lambda site: site.put(value)


def _both_values(site: Site) -> Change | None:
    reason = {"text": "unknown"}
    if "valueQuantity" not in site.instance:
        return (), {"valueQuantity": {"value": 1}, "dataAbsentReason": reason}
    return (), {"dataAbsentReason": reason}


def _same_code(site: Site) -> Change | None:
    payload = site.instance
    first, *rest = payload["component"]
    value = payload.get("valueQuantity") or {"value": 1}
    return (), {
        "component": [{**first, "code": payload["code"]}, *rest],
        "valueQuantity": value,
        "dataAbsentReason": DROP,
    }


def _nothing_said(_site: Site) -> Change | None:
    names = ("component", "hasMember", "dataAbsentReason", "valueQuantity")
    return (), dict.fromkeys(names, DROP)


def _no_value(site: Site) -> Change | None:
    if not site.spots:
        return None
    there = value_at(site.instance, site.spots[0].keys)
    drops = [name for name in there if name.startswith("value") or name == "dataAbsentReason"]
    return site.spots[0].keys, dict.fromkeys(drops, DROP)


CONSTRAINTS: dict[str, Maker] = {
    "ele-1": _empty,
    "ext-1": _both,
    "dom-2": _contained({"contained": [INNER]}),
    "dom-3": _unreferenced,
    "dom-4": _contained({"meta": {"versionId": "1"}}),
    "dom-5": _contained({"meta": {"security": [{"code": "R"}]}}),
    "dom-6": _changed({"text": DROP}),
    "us-core-6": _changed({"name": [{"text": "text"}]}),
    "pat-1": _put({"gender": "female"}),
    "obs-3": _put({"type": {"text": "text"}}),
    "obs-6": _both_values,
    "obs-7": _same_code,
    "vs-1": _put("2020-01"),
    "vs-2": _nothing_said,
    "vs-3": _no_value,
}
