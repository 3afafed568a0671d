"""US Core's profiles and FHIR's own, as they are compiled into the package."""

import copy
from collections.abc import Callable
from typing import Any

import profiled_examples as examples
import pytest
from profiled_examples import FHIR, UCUM, US_CORE, concept, quantity, vital_sign

from pymedplum_runtime.validation import Issue, validate

Resource = dict[str, Any]


def broken_rules(resource: Resource, profile: str) -> list[str]:
    """Return the elements whose rules the resource breaks."""
    return [issue.element for issue in issues(resource, profile)]


def issues(resource: Resource, profile: str) -> list[Issue]:
    return [i for i in validate(resource, profile=profile).issues if i.severity != "warning"]


KEPT = [
    (US_CORE + "patient", examples.us_core_patient()),
    (US_CORE + "implantable-device", examples.implantable_device()),
    (US_CORE + "medicationrequest", examples.medication_request()),
    (US_CORE + "blood-pressure", examples.blood_pressure()),
    (FHIR + "bp", examples.blood_pressure()),
    (FHIR + "vitalsigns", examples.blood_pressure()),
    (FHIR + "heartrate", vital_sign("8867-4", valueQuantity=quantity(60, "/min"))),
    (FHIR + "resprate", vital_sign("9279-1", valueQuantity=quantity(20, "/min"))),
    (FHIR + "oxygensat", vital_sign("2708-6", valueQuantity=quantity(95, "%"))),
    (FHIR + "bodytemp", vital_sign("8310-5", valueQuantity=quantity(36.5, "Cel"))),
    (FHIR + "bodyheight", vital_sign("8302-2", valueQuantity=quantity(170, "cm"))),
    (FHIR + "headcircum", vital_sign("9843-4", valueQuantity=quantity(50, "cm"))),
    (FHIR + "bodyweight", vital_sign("29463-7", valueQuantity=quantity(70, "kg"))),
    (FHIR + "bmi", vital_sign("39156-5", valueQuantity=quantity(24.2, "kg/m2"))),
    (FHIR + "vitalspanel", vital_sign("85353-1", hasMember=[{"reference": "Observation/1"}])),
    (FHIR + "lipidprofile", examples.lipid_profile()),
]


@pytest.mark.parametrize(("profile", "resource"), KEPT, ids=[url for url, _ in KEPT])
def test_an_example_keeps_its_profile(profile: str, resource: Resource) -> None:
    report = validate(resource, profile=profile)
    assert [str(issue) for issue in report.issues] == []
    assert report.profiles == (profile,)


def changed(resource: Resource, change: Callable[[Resource], object]) -> Resource:
    copied = copy.deepcopy(resource)
    change(copied)
    return copied


def extension(resource: Resource, name: str) -> Resource:
    return next(e for e in resource["extension"] if e["url"] == US_CORE + name)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda p: p.pop("identifier"), "Patient.identifier"),
        (lambda p: p["identifier"][0].pop("value"), "Patient.identifier.value"),
        (lambda p: p.pop("gender"), "Patient.gender"),
        (lambda p: p.update(name=[{"text": "a"}]), "Patient"),
        (lambda p: p["telecom"][0].pop("system"), "Patient.telecom.system"),
        (lambda p: extension(p, "race")["extension"].pop(), "Extension.extension:text"),
        (lambda p: extension(p, "race").update(valueString="a"), "Extension.value[x]"),
        (lambda p: extension(p, "birthsex").update(valueCode="X"), "Extension.value[x]"),
        (lambda p: p["extension"].append(extension(p, "birthsex")), "Patient.extension:birthsex"),
        (
            lambda p: extension(p, "ethnicity")["extension"][0]["valueCoding"].update(code="1"),
            "Extension.extension:ombCategory.value[x]",
        ),
    ],
)
def test_a_us_core_patient_breaks_one_rule(change: Any, rule: str) -> None:
    patient = changed(examples.us_core_patient(), change)
    assert rule in broken_rules(patient, US_CORE + "patient")


def test_a_patient_without_a_name_says_why_by_an_extension() -> None:
    absent = {"url": f"{FHIR}data-absent-reason", "valueCode": "masked"}
    patient = {**examples.us_core_patient(), "name": [{"text": "a"}], "extension": [absent]}
    assert broken_rules(patient, US_CORE + "patient") == []


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        (lambda o: o.pop("subject"), {"Observation.subject"}),
        (lambda o: o.pop("effectiveDateTime"), {"Observation.effective[x]"}),
        (lambda o: o.update(effectiveDateTime="2020"), {"Observation.effective[x]"}),
        (lambda o: o.update(category=[concept("exam", "s")]), {"Observation.category:VSCat"}),
        (lambda o: o.update(subject={"reference": "Device/1"}), {"Observation.subject"}),
        (
            lambda o: o["component"].pop(),
            {"Observation.component", "Observation.component:DiastolicBP"},
        ),
        (
            lambda o: o["component"][0]["valueQuantity"].update(system=UCUM + "/"),
            {
                "Observation.component.value[x]",
                "Observation.component:SystolicBP.value[x].system",
            },
        ),
        (
            lambda o: o["component"][1]["valueQuantity"].pop("unit"),
            {"Observation.component:DiastolicBP.value[x].unit"},
        ),
        (
            lambda o: o["component"].append({"code": concept("8478-0")}),
            {"Observation.component"},
        ),
        (
            lambda o: o.update(valueQuantity=quantity(1, "mm[Hg]")),
            {"Observation.value[x]:valueQuantity"},
        ),
        (lambda o: o.update(valueString="high"), {"Observation.value[x]"}),
        (
            lambda o: o.update(code=concept("8480-6")),
            {"Observation.code.coding:BPCode"},
        ),
    ],
)
def test_a_blood_pressure_breaks_rules_of_fhirs_profile(change: Any, rules: set[str]) -> None:
    observation = changed(examples.blood_pressure(), change)
    assert rules <= set(broken_rules(observation, FHIR + "bp"))


def test_results_of_a_report_come_in_the_order_of_its_slices() -> None:
    report = examples.lipid_profile()
    report["result"].reverse()
    rules = broken_rules(report, FHIR + "lipidprofile")
    assert "DiagnosticReport.result:Cholesterol" in rules
    assert len(rules) == 3


def test_a_result_at_hand_is_held_against_the_profile_of_its_slice() -> None:
    report = examples.lipid_profile()
    report["contained"][2]["referenceRange"] = [{"low": {"value": 2}}]
    assert broken_rules(report, FHIR + "lipidprofile") == ["DiagnosticReport.result:HDLCholesterol"]


def test_results_elsewhere_may_belong_to_any_slice() -> None:
    report = examples.lipid_profile()
    del report["contained"]
    report["result"] = [{"reference": f"Observation/{n}"} for n in range(3)]
    found = validate(report, profile=FHIR + "lipidprofile")
    assert found.ok
    assert {row.expression for row in found.unchecked} == {
        f"DiagnosticReport.result[{n}]" for n in range(3)
    }


def test_targets_of_profiles_that_are_not_known_are_unchecked() -> None:
    request = {**examples.medication_request(), "encounter": {"reference": "Encounter/1"}}
    found = validate(request, profile=US_CORE + "medicationrequest")
    assert found.ok
    assert ("MedicationRequest.encounter", US_CORE + "encounter") in [
        (row.expression, row.canonical) for row in found.unchecked
    ]


def test_must_support_elements_that_are_absent_are_listed() -> None:
    patient = examples.us_core_patient()
    del patient["birthDate"], patient["address"][0]["city"]
    found = validate(patient, profile=US_CORE + "patient").must_support_missing
    assert [row.element for row in found] == [
        "Patient.birthDate",
        "Patient.address.city",
        "Patient.address.period",
    ]
