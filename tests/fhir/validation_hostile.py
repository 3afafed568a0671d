"""Resources that are built to be slow or deep, each of any size.

Run as a program it validates all of them at full size and prints what came of it; the operating
system ends the program where its memory or its time has no bounds.
"""

import json
import resource
import sys
from collections.abc import Callable
from typing import Any

from validation_texts import PRIMITIVES, UCUM, Json, patient, texts

FULL_SIZE = 100_000
DEEP = 10_000
CPU_SECONDS = 240  # a guard against what never ends; a run takes a tenth of that
MEMORY = 2 * 2**30
VITAL_SIGN: Json = {
    "resourceType": "Observation",
    "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/bp"]},
    "status": "final",
    "subject": {"reference": "Patient/1"},
    "effectiveDateTime": "2020-01-01",
    "category": [
        {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                    "code": "vital-signs",
                }
            ]
        }
    ],
    "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
}


def _nested(size: int, outer: str, value: Any, **members: Any) -> Any:
    for _ in range(size):
        value = {outer: [value], **members}
    return value


def nested_extensions(size: int) -> Json:
    innermost = {"url": "http://a", "valueString": "a"}
    return patient(extension=[_nested(size, "extension", innermost, url="http://a")])


def nested_contained(size: int) -> Json:
    nested: Json = _nested(size, "contained", patient(id="a"), resourceType="Patient", id="a")
    return nested


def nested_items(size: int) -> Json:
    item = _nested(size, "item", {"linkId": "a", "type": "group"}, linkId="a", type="group")
    return {"resourceType": "Questionnaire", "status": "draft", "item": [item]}


def nested_lists(size: int) -> Json:
    value: Any = "a"
    for _ in range(size):
        value = [value]
    return patient(name=value)


def nested_unknowns(size: int) -> Json:
    value: Json = {}
    for _ in range(size):
        value = {"unknown": value}
    return patient(unknown=value)


def many_identifiers(size: int) -> Json:
    return patient(identifier=[{"system": "http://a", "value": str(n)} for n in range(size)])


def many_names(size: int) -> Json:
    return patient(name=[{"given": ["a"] * size, "_given": [{"id": "a"}] * size}])


def many_nulls(size: int) -> Json:
    return patient(name=[{"given": [None] * size, "_given": [None] * size}])


def many_broken(size: int) -> Json:
    return patient(identifier=[5] * size, telecom=[{}] * size, birthDate=["x"] * size)


def many_extensions(size: int) -> Json:
    same = {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"}
    return patient(extension=[{"url": f"http://a/{n}"} for n in range(size // 2)] + [same] * size)


def many_contained(size: int) -> Json:
    contained = [{"resourceType": "Organization", "id": f"o{n}", "name": "a"} for n in range(size)]
    doctors = [{"reference": f"#o{n}"} for n in range(size)]
    return patient(contained=contained, generalPractitioner=doctors)


def many_alike(size: int) -> Json:
    return patient(contained=[{"resourceType": "Organization", "id": "o", "name": "a"}] * size)


def many_components(size: int) -> Json:
    codes = ("8480-6", "8462-4", "3150-6")
    value = {"value": 1, "unit": "mm[Hg]", "system": UCUM, "code": "mm[Hg]"}
    return {
        **VITAL_SIGN,
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": codes[n % 3]}]},
                "valueQuantity": value,
            }
            for n in range(size)
        ],
    }


def many_codings(size: int) -> Json:
    codings = [{"system": "http://loinc.org", "code": str(n)} for n in range(size)]
    component = {"code": {"coding": codings}, "valueString": "a"}
    return {**VITAL_SIGN, "code": {"coding": codings}, "component": [component]}


def many_profiles(size: int) -> Json:
    return patient(meta={"profile": [f"http://a/{n}" for n in range(size // 10)]})


def profile_repeated(size: int) -> Json:
    url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
    return patient(meta={"profile": [url] * (size // 10)})


def many_entries(size: int) -> Json:
    url = "http://a/Patient/"
    entry = [
        {"fullUrl": f"{url}{n}", "resource": patient(link=[_link(f"{url}{(n + 1) % size}")])}
        for n in range(size // 5)
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entry}


def _link(reference: str) -> Json:
    return {"other": {"reference": reference}, "type": "seealso"}


def same_full_urls(size: int) -> Json:
    entry = [{"fullUrl": "http://a/Patient/1", "resource": patient()}] * (size // 5)
    return {"resourceType": "Bundle", "type": "collection", "entry": entry}


def going_round(size: int) -> Json:
    """Observations in a Bundle that are members of each other, as a profile asks of members."""
    entry = [
        {
            "fullUrl": f"http://a/Observation/{n}",
            "resource": {
                **VITAL_SIGN,
                "id": str(n),
                "hasMember": [
                    {"reference": f"http://a/Observation/{(n + step) % size}"} for step in (0, 1, 7)
                ],
            },
        }
        for n in range(size // 50)
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entry}


def many_concepts(size: int) -> Json:
    concept = [{"code": f"c{n}", "property": [{"code": "p"}]} for n in range(size)]
    return {"resourceType": "CodeSystem", "status": "draft", "content": "complete",
            "url": "http://a", "concept": concept}  # fmt: skip


def many_elements(size: int) -> Json:
    element = [
        {"id": f"Patient.a{n}", "path": f"Patient.a{n}", "min": 0, "max": "1"}
        for n in range(size // 20)
    ]
    return {
        "resourceType": "StructureDefinition", "url": "http://a", "name": "A", "status": "draft",
        "kind": "resource", "abstract": False, "type": "Patient",
        "differential": {"element": element},
    }  # fmt: skip


def many_questions(size: int) -> Json:
    item = [{"linkId": f"q{n}", "type": "string"} for n in range(size // 5)]
    return {"resourceType": "Questionnaire", "status": "draft", "url": "http://a", "item": item}


def many_unknowns(size: int) -> Json:
    return patient(**{f"unknown{n}": n for n in range(size)})


def long_text(size: int) -> Json:
    text = "<div xmlns='http://www.w3.org/1999/xhtml'>" + "<p>" * size + "</p>" * size + "</div>"
    return patient(text={"status": "generated", "div": text})


WIDE: dict[str, Callable[[int], Json]] = {
    f.__name__: f
    for f in (
        many_identifiers, many_names, many_nulls, many_broken, many_extensions, many_contained,
        many_alike, many_components, many_codings, many_profiles, profile_repeated, many_entries,
        same_full_urls, going_round, many_concepts, many_elements, many_questions, many_unknowns,
        long_text,
    )
}  # fmt: skip
NESTED: dict[str, Callable[[int], Json]] = {
    f.__name__: f
    for f in (nested_extensions, nested_contained, nested_items, nested_lists, nested_unknowns)
}


def extension_in_itself() -> Json:
    extension: Json = {"url": "http://a"}
    extension["extension"] = [extension]
    return patient(extension=[extension])


def contained_in_itself() -> Json:
    contained = patient(id="a")
    contained["contained"] = [contained]
    return contained


def contained_with_a_circle() -> Json:
    return patient(contained=extension_in_itself()["extension"])


def bundle_in_itself() -> Json:
    bundle: Json = {"resourceType": "Bundle", "type": "collection"}
    bundle["entry"] = [{"fullUrl": "http://a/Bundle/1", "resource": bundle}]
    return bundle


def list_in_itself() -> Json:
    names: list[Any] = []
    names.append(names)
    return patient(name=names)


CIRCLES: dict[str, Callable[[], Json]] = {
    f.__name__: f
    for f in (
        extension_in_itself, contained_in_itself, contained_with_a_circle, bundle_in_itself,
        list_in_itself,
    )
}  # fmt: skip


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    from pymedplum.validation import validate  # noqa: PLC0415 - under the limits

    chosen = sys.argv[1:]
    for name in chosen:
        if name in WIDE:
            report = validate(WIDE[name](FULL_SIZE))
        elif name in NESTED:
            report = validate(NESTED[name](DEEP))
        elif name in CIRCLES:
            report = validate(CIRCLES[name]())
        else:
            reports = [validate(PRIMITIVES[name](text)) for text in texts()]
            report = max(reports, key=lambda found: len(found.issues))
        print(json.dumps([name, report.ok, len(report.issues)]), flush=True)


if __name__ == "__main__":
    main()
