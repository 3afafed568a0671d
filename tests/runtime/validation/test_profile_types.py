"""Profiles of types and of the targets of references, profiles that lead to themselves."""

from typing import Any

import pytest
from pass_findings import PROFILE, errors, findings, profile

KG = "http://example.org/kilograms"
KILOGRAMS = profile("Quantity", {"elements": {"code": {"min": 1, "fixed": "kg"}}}, url=KG)
G = "http://example.org/grams"
GRAMS = profile("Quantity", {"elements": {"code": {"min": 1, "fixed": "g"}}}, url=G)
NAMED = "http://example.org/named-patient"
NAMED_PATIENT = profile("Patient", {"elements": {"name": {"min": 1}}}, url=NAMED)
FHIR = "http://hl7.org/fhir/StructureDefinition/"


def valued(**value: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", **value}


def value_of(*types: Any) -> Any:
    return profile("Observation", {"elements": {"value[x]": {"types": list(types)}}})


def test_a_value_is_held_against_the_profile_of_its_type() -> None:
    table = value_of({"code": "Quantity", "profiles": [KG]}, {"code": "string"})
    assert errors(valued(valueQuantity={"code": "kg"}), table, KILOGRAMS) == []
    assert errors(valued(valueString="g"), table, KILOGRAMS) == []
    (issue,) = findings(valued(valueQuantity={"code": "g"}), table, KILOGRAMS).context.issues
    assert (issue.expression, issue.profile, issue.element) == (
        "Observation.value.code",
        KG,
        "Quantity.code",
    )


def test_one_of_several_profiles_is_enough() -> None:
    table = value_of({"code": "Quantity", "profiles": [KG, G]})
    more = (KILOGRAMS, GRAMS)
    assert errors(valued(valueQuantity={"code": "g"}), table, *more) == []
    assert errors(valued(valueQuantity={"code": "lb"}), table, *more) == [
        f"Observation.value: satisfies none of {KG}, {G}"
    ]


def test_an_unknown_profile_is_unchecked() -> None:
    one = findings(valued(valueQuantity={}), value_of({"code": "Quantity", "profiles": [KG]}))
    assert (one.errors, one.unchecked) == ([], [("Observation.value", KG)])
    table = value_of({"code": "Quantity", "profiles": [KG, G]})
    two = findings(valued(valueQuantity={}), table, GRAMS)
    assert (two.errors, two.unchecked) == ([], [("Observation.value", KG)])


def test_a_base_type_named_as_profile_asks_for_nothing_more() -> None:
    table = value_of({"code": "Quantity", "profiles": [f"{FHIR}Quantity"]})
    found = findings(valued(valueQuantity={}), table)
    assert (found.errors, found.unchecked) == ([], [])


def test_a_resource_inside_is_of_an_allowed_type() -> None:
    resource: Any = {"types": [{"code": "Patient", "profiles": [NAMED]}]}
    table = profile("Bundle", {"elements": {"entry": {"elements": {"resource": resource}}}})

    def bundle(**members: Any) -> Any:
        return {"resourceType": "Bundle", "entry": [{"resource": members}]}

    good = bundle(resourceType="Patient", name=[{"text": "a"}])
    assert errors(good, table, NAMED_PATIENT) == []
    assert errors(bundle(resourceType="Patient"), table, NAMED_PATIENT) == [
        "Bundle.entry[0].resource.name: is missing: the profile needs it"
    ]
    assert errors(bundle(resourceType="Device"), table, NAMED_PATIENT) == [
        "Bundle.entry[0].resource: must be of type Patient, not Device"
    ]


def subject(reference: Any, *targets: str, **around: Any) -> tuple[list[str], list[Any]]:
    types: Any = [{"code": "Reference", "targets": list(targets)}]
    table = profile("Observation", {"elements": {"subject": {"types": types}}})
    resource = {"resourceType": "Observation", "subject": reference, **around}
    found = findings(resource, table, NAMED_PATIENT)
    return found.errors, found.unchecked


@pytest.mark.parametrize(
    ("reference", "wrong"),
    [
        ({"reference": "Patient/1"}, False),
        ({"reference": "https://a.org/fhir/Patient/1/_history/2"}, False),
        ({"reference": "Device/1"}, True),
        ({"type": "Device", "identifier": {"value": "1"}}, True),
        ({"type": "Patient"}, False),
        ({"reference": "urn:uuid:1"}, False),
        ({"reference": "#nothing"}, False),
        ({"display": "somebody"}, False),
        ({"reference": 1}, False),
    ],
)
def test_a_reference_to_elsewhere_is_judged_by_its_type(reference: Any, wrong: bool) -> None:  # noqa: FBT001
    found, unchecked = subject(reference, NAMED)
    assert found == ([f"Observation.subject: must refer to {NAMED}"] if wrong else [])
    assert unchecked == []


@pytest.mark.parametrize(
    ("target", "wrong"),
    [
        ({"resourceType": "Patient", "name": [{"text": "a"}]}, False),
        ({"resourceType": "Patient"}, True),
        ({"resourceType": "Device"}, True),
    ],
)
def test_a_target_at_hand_is_held_against_the_profile(target: Any, wrong: bool) -> None:  # noqa: FBT001
    contained = [{"id": "t", **target}]
    found, _ = subject({"reference": "#t"}, NAMED, contained=contained)
    assert bool(found) is wrong
    found, _ = subject({"reference": "#t"}, NAMED, f"{FHIR}Device", contained=contained)
    assert bool(found) is (wrong and target["resourceType"] == "Patient")


def test_a_target_of_an_unknown_profile_is_unchecked() -> None:
    unknown = "http://example.org/unknown"
    found, unchecked = subject({"reference": "Patient/1"}, unknown)
    assert (found, unchecked) == ([], [("Observation.subject", unknown)])
    found, unchecked = subject({"reference": "Patient/1"}, unknown, f"{FHIR}Patient")
    assert (found, unchecked) == ([], [])


def test_at_the_base_level_targets_are_judged_by_type() -> None:
    types: Any = [{"code": "Reference", "targets": [NAMED]}]
    table = profile("Observation", {"elements": {"subject": {"types": types}}})
    resource = {
        "resourceType": "Observation",
        "subject": {"reference": "#t"},
        "contained": [{"resourceType": "Patient", "id": "t"}],
    }
    assert errors(resource, table, NAMED_PATIENT, level="base") == []
    assert len(errors(resource, table, NAMED_PATIENT)) == 1


def test_targets_in_the_same_bundle_are_found() -> None:
    types: Any = [{"code": "Reference", "targets": [NAMED]}]
    url = "http://example.org/observation"
    observing = profile("Observation", {"elements": {"subject": {"types": types}}}, url=url)
    resource: Any = {"types": [{"code": "Observation", "profiles": [url]}]}
    slices: Any = {
        "observation": {
            "match": [{"path": "resource", "types": ["Observation"]}],
            "elements": {"resource": resource},
        }
    }
    table = profile("Bundle", {"elements": {"entry": {"slices": slices}}})

    def bundle(**patient: Any) -> Any:
        first = {"resourceType": "Observation", "subject": {"reference": "urn:uuid:1"}}
        second = {"resourceType": "Patient", **patient}
        entry = [{"resource": first}, {"fullUrl": "urn:uuid:1", "resource": second}]
        return {"resourceType": "Bundle", "entry": entry}

    more = (observing, NAMED_PATIENT)
    assert errors(bundle(name=[{"text": "a"}]), table, *more) == []
    assert errors(bundle(), table, *more) == [
        f"Bundle.entry[0].resource.subject: must refer to {NAMED}"
    ]


@pytest.mark.parametrize(
    ("ways", "reference", "wrong"),
    [
        (["contained"], "#t", False),
        (["contained"], "Patient/1", True),
        (["referenced"], "Patient/1", False),
        (["referenced"], "#t", True),
        (["bundled"], "Patient/1", True),
        (["contained", "referenced"], "#t", False),
    ],
)
def test_the_way_of_a_reference_may_be_restricted(ways: Any, reference: str, wrong: bool) -> None:  # noqa: FBT001
    types: Any = [{"code": "Reference", "aggregation": ways}]
    table = profile("Observation", {"elements": {"subject": {"types": types}}})
    contained = [{"resourceType": "Patient", "id": "t"}]
    resource = {"resourceType": "Observation", "subject": {"reference": reference}}
    assert bool(errors({**resource, "contained": contained}, table)) is wrong


@pytest.mark.parametrize(
    ("versioning", "reference", "wrong"),
    [
        ("specific", "Patient/1/_history/2", False),
        ("specific", "Patient/1", True),
        ("independent", "Patient/1", False),
        ("independent", "Patient/1/_history/2", True),
        ("either", "Patient/1", False),
        ("either", "Patient/1/_history/2", False),
    ],
)
def test_a_version_may_be_asked_for(versioning: str, reference: str, wrong: bool) -> None:  # noqa: FBT001
    types: Any = [{"code": "Reference", "versioning": versioning}]
    table = profile("Observation", {"elements": {"subject": {"types": types}}})
    resource = {"resourceType": "Observation", "subject": {"reference": reference}}
    assert bool(errors(resource, table)) is wrong


def test_a_profile_may_lead_to_itself_inside_a_value() -> None:
    inner: Any = {"types": [{"code": "Extension", "profiles": [PROFILE]}]}
    table = profile("Extension", {"elements": {"extension": inner, "url": {"fixed": "u"}}})
    value: dict[str, Any] = {"url": "v"}
    for _ in range(4):
        value = {"url": "u", "extension": [value]}
    found = errors(value, table)
    assert found == [
        "Extension.extension[0].extension[0].extension[0].extension[0].url: must be exactly 'u'"
    ]


def test_profiles_may_lead_to_each_other_by_references() -> None:
    targets: Any = [{"code": "Reference", "targets": [PROFILE]}]
    link: Any = {"elements": {"other": {"types": targets}}}
    table = profile("Patient", {"elements": {"link": link, "name": {"min": 1}}})

    def patient(id_: str, other: str, **members: Any) -> Any:
        link = [{"other": {"reference": other}}]
        return {"resourceType": "Patient", "id": id_, "link": link, **members}

    named = {"name": [{"text": "a"}]}
    outer = patient("", "#a", **named)
    outer["contained"] = [patient("a", "#b", **named), patient("b", "#a", **named)]
    assert errors(outer, table) == []
    outer["contained"][1].pop("name")
    assert len(errors(outer, table)) == 1


def test_the_same_object_in_two_places_is_checked_in_both() -> None:
    shared = {"text": "a"}
    table = profile("Patient", {"elements": {"name": {"elements": {"family": {"min": 1}}}}})
    assert len(errors({"resourceType": "Patient", "name": [shared, shared]}, table)) == 2
    human = "http://example.org/family"
    typed: Any = {"types": [{"code": "HumanName", "profiles": [human]}]}
    table = profile("Patient", {"elements": {"name": typed}})
    family = profile("HumanName", {"elements": {"family": {"min": 1}}}, url=human)
    assert len(errors({"resourceType": "Patient", "name": [shared, shared]}, table, family)) == 2
