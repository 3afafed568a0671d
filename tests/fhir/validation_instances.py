"""Valid instances of US Core's profiles and FHIR's vital signs with nearly every element filled.

The parts that a profile is about are written by hand; what else an element may have comes from
one sample of each type, so that there is something to break in every element of a profile.
"""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

from definitions import Json
from samples import VALUES
from validation_published import (
    FHIR,
    SYSTEM,
    elements,
    holders,
    json_names,
    judged_profiles,
    stated,
    value_at,
    without_slices,
)
from validation_seeds import SEEDS, Instance, concept, quantity

SAMPLES: Json = {
    **VALUES,
    "id": "a1",
    "instant": "2020-01-01T10:00:00Z",
    "time": "10:00:00",
    "markdown": "text",
    "url": "http://example.org",
    "base64Binary": "YWJj",
    "positiveInt": 1,
    "unsignedInt": 1,
    "Narrative": {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml">text</div>',
    },
    "Meta": {"versionId": "1"},
    "Extension": {"url": "http://example.org/any", "valueString": "text"},
    "ContactPoint": {"system": "phone", "value": "555"},
    "Address": {"city": "Ghent"},
    "HumanName": {"family": "Smith"},
    "Annotation": {"text": "text"},
    "Duration": quantity(1, "d"),
    "Age": quantity(1, "a"),
    "Timing": {"event": ["2020"]},
    "Ratio": {"numerator": {"value": 1}, "denominator": {"value": 2}},
    "Dosage": {"text": "daily"},
    "Element": {"id": "a2"},
    "BackboneElement": {"id": "a2"},
}
V2, V3 = "http://terminology.hl7.org/CodeSystem/v2-", "http://terminology.hl7.org/CodeSystem/v3-"
# What the samples would get wrong, by path: a code or a shape that a rule asks for.
FITTING: Json = {
    "language": "en",
    "identifier.use": "usual",
    "identifier.type": concept(f"{V2}0203", "MR"),
    "name.use": "official",
    "address.use": "home",
    "address.type": "postal",
    "maritalStatus": concept(f"{V3}MaritalStatus", "M"),
    "contact.relationship": concept(f"{V2}0131", "N"),
    "contact.gender": "female",
    "interpretation": concept(f"{V3}ObservationInterpretation", "N"),
    "statusReason": concept("http://terminology.hl7.org/CodeSystem/device-status-reason", "online"),
    "status": "active",
    "dataAbsentReason": concept(
        "http://terminology.hl7.org/CodeSystem/data-absent-reason", "error"
    ),
    "referenceRange.age": {"low": quantity(1, "a")},
    "comparator": "<",
    "udiCarrier.issuer": "http://hl7.org/fhir/NamingSystem/gs1",
}
# Filled elsewhere, or not at all where a rule forbids it beside what the seed has.
NOT_FILLED = {"contained", "dataAbsentReason", "modifierExtension", "value[x]"}


@cache
def instances(url: str) -> tuple[Instance, ...]:
    """Return valid instances of a profile; an element is looked for in the first that has it."""
    seed = SEEDS[url]
    full = Instance(filled(url, seed), seed.root)
    if "Observation" not in elements(url) or url.endswith("/bmi"):  # which must have a value
        return (full,)
    return (full, Instance(_without_values(full.payload)))


def filled(url: str, seed: Instance) -> Json:
    """Add a sample wherever the profile lets an element stand that the instance has not."""
    payload = deepcopy(seed.payload)
    if seed.root:
        return payload
    for element_id, element in elements(url).items():
        if _is_fillable(element_id, element):
            for holder in holders(url, payload, element_id):
                _fill(url, element_id, element, value_at(payload, holder))
    return payload


def _is_fillable(element_id: str, element: Json) -> bool:
    name = element_id.rpartition(".")[2]
    is_slice = "sliceName" in element and ":" in name
    return "." in element_id and not is_slice and element["max"] != "0" and name not in NOT_FILLED


def _fill(url: str, element_id: str, element: Json, holder: Json) -> None:
    names = json_names(url, element_id)
    if not any(name in holder for name in names):
        value = sample(element)
        if value is not None:
            is_list = element["base"]["max"] != "1"
            holder[names[0]] = [value] if is_list else value


def sample(element: Json) -> Any:
    """Return a valid value of an element's first type, by the element's path where that matters."""
    said = stated(element, "fixed", "pattern")
    if said is not None:
        return deepcopy(said)
    if "type" not in element:
        return None
    path = without_slices(element["id"]).partition(".")[2]
    steps = path.split(".")
    tails = (".".join(steps[n:]) for n in range(len(steps)))
    fitting = next((FITTING[tail] for tail in tails if tail in FITTING), None)
    return deepcopy(fitting or sample_of_type(element["type"][0]))


def sample_of_type(type_: Json) -> Any:
    code = type_["code"]
    if code == "Reference":
        target = type_.get("targetProfile", [FHIR + "Patient"])[0].rpartition("/")[2]
        return {"reference": f"{TARGETS.get(target, target)}/1"}
    if code.startswith(SYSTEM):
        return "a1"
    return SAMPLES[code]


TARGETS = {
    "Resource": "Patient",
    "us-core-patient": "Patient",
    "us-core-encounter": "Encounter",
    "us-core-practitioner": "Practitioner",
    "us-core-medication": "Medication",
    "vitalsigns": "Observation",
}


def _without_values(payload: Json) -> Json:
    """Say why there is no value, in the resource and in its components."""
    copy = deepcopy(payload)
    for holder in (copy, *copy["component"]):
        holder.pop("valueQuantity", None)
        holder["dataAbsentReason"] = deepcopy(FITTING["dataAbsentReason"])
    return copy


def all_instances() -> Iterator[tuple[str, Instance]]:
    for url in judged_profiles():
        yield from ((url, instance) for instance in instances(url))
