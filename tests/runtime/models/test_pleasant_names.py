"""Property 4: both spellings, and advice where neither was meant."""

from typing import Any

import pytest
from pydantic import ValidationError
from refusals import problems
from unstubbed import Coverage, HumanName, Observation, Patient

COVERAGE: dict[str, Any] = {
    "status": "active",
    "beneficiary": {"reference": "Patient/1"},
    "payor": [{"display": "a"}],
}
GROUP = [{"type": {"text": "group"}, "value": "G"}]


def test_both_spellings_make_the_same_model() -> None:
    assert Patient(birth_date="1970") == Patient(birthDate="1970")
    assert Patient(birth_date="1970").model_dump()["birthDate"] == "1970"
    assert Patient(_birth_date={"id": "a"}) == Patient(_birthDate={"id": "a"})
    assert Patient(marital_status={"text": "a"}, multipleBirthInteger=2).multiple_birth_integer == 2


def test_both_spellings_are_read_from_dicts() -> None:
    nested = {"contact": [{"name": {"family": "a"}, "modifier_extension": [{"url": "b"}]}]}
    patient = Patient.model_validate({"resource_type": "Patient", "birth_date": "1970", **nested})
    assert patient.model_dump()["contact"][0]["modifierExtension"] == [{"url": "b"}]


def test_json_text_is_read_in_the_spelling_of_fhir_alone() -> None:
    text = '{"resourceType":"Patient","birth_date":"1970"}'
    assert "'birthDate'" in problems(Patient.model_validate_json, text)["birth_date"]


def test_by_name_chooses_the_spelling() -> None:
    data = {"resourceType": "Patient", "birth_date": "1970"}
    assert "birth_date" in problems(Patient.model_validate, data, by_name=False)
    text = '{"resourceType":"Patient","birth_date":"1970"}'
    assert Patient.model_validate_json(text, by_name=True).birth_date == "1970"


def test_a_dump_in_the_spelling_of_python_can_be_read_back() -> None:
    patient = Patient(birth_date="1970", name=[{"family": "a"}])
    dumped = patient.model_dump(by_alias=False)
    assert Patient.model_validate(dumped) == Patient(**dumped) == patient
    assert Patient.model_validate(dumped, by_name=True, by_alias=False) == patient
    text = patient.model_dump_json(by_alias=False)
    assert Patient.model_validate_json(text, by_name=True) == patient
    assert Patient.model_validate_json(text, by_name=True, by_alias=False) == patient


@pytest.mark.parametrize("values", [("1970", "1970"), ("1970", "1971"), ("1970", "")])
def test_both_spellings_at_once_are_refused(values: tuple[str, str]) -> None:
    both = dict(zip(("birth_date", "birthDate"), values, strict=True))
    assert "both spellings at once" in problems(Patient, **both)["birth_date"]
    assert "both spellings at once" in problems(Patient.model_validate, both)["birth_date"]


def test_both_spellings_at_once_are_refused_in_nested_dicts() -> None:
    period = {"valuePeriod": {"start": "1970"}, "value_period": {"start": "1970"}}
    assert problems(Patient, extension=[{"url": "a", **period}])


def test_keywords_of_python_get_an_underscore() -> None:
    coverage = Coverage(**COVERAGE, class_=GROUP)
    assert coverage == Coverage(**COVERAGE, **{"class": GROUP})
    assert coverage.class_[0].value == "G"
    assert coverage.model_dump()["class"] == GROUP
    with pytest.raises(AttributeError, match="use 'class_'"):
        getattr(coverage, "class")
    both = {"class_": GROUP, "class": GROUP}
    assert "both spellings at once" in problems(Coverage, **COVERAGE, **both)["class_"]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("birthDate", "'Patient' has no attribute 'birthDate'; use 'birth_date'"),
        ("_birthDate", "'Patient' has no attribute '_birthDate'; use '_birth_date'"),
        ("brith_date", "'Patient' has no attribute 'brith_date'; did you mean 'birth_date'?"),
        ("resourceType", "'Patient' has no attribute 'resourceType'; use 'resource_type'"),
        ("zzz", "'Patient' has no attribute 'zzz'"),
    ],
)
def test_reading_or_assigning_an_unknown_attribute_gives_advice(name: str, advice: str) -> None:
    patient = Patient(birth_date="1970")
    with pytest.raises(AttributeError) as reading:
        getattr(patient, name)
    assert str(reading.value) == advice
    with pytest.raises(AttributeError) as assigning:
        setattr(patient, name, "secret")
    assert str(assigning.value) == advice
    assert patient == Patient(birth_date="1970")


def test_absent_properties_read_as_none() -> None:
    patient = Patient()
    assert patient.birth_date is None
    assert patient.name is None
    assert patient._birth_date is None  # noqa: SLF001 - a sibling


def test_a_resource_knows_its_type() -> None:
    assert Patient().resource_type == "Patient" == Patient.resource_type


def test_the_resource_type_cannot_be_changed() -> None:
    patient = Patient()
    patient.resource_type = "Patient"
    with pytest.raises((AttributeError, ValidationError)) as caught:
        patient.resource_type = "Person"
    assert "has no attribute" not in str(caught.value)


def test_none_in_a_constructor_is_as_if_it_were_not_there() -> None:
    assert Patient(birth_date=None, name=None, active=True) == Patient(active=True)
    assert list(problems(Observation, status=None, code={"text": "a"})) == ["status"]


def test_none_by_assignment_takes_away() -> None:
    patient = Patient(birth_date="1970", _birth_date={"id": "a"})
    patient.birth_date = None
    assert patient.model_dump() == {"resourceType": "Patient", "_birthDate": {"id": "a"}}
    del patient._birth_date  # noqa: SLF001 - a sibling
    assert patient == Patient()
    patient.birth_date = None
    assert patient == Patient()


def test_what_is_required_cannot_be_taken_away() -> None:
    observation = Observation(status="final", code={"text": "a"})
    for name in ("status", "code"):
        assert problems(setattr, observation, name, None) == {name: "Field required"}
        assert problems(delattr, observation, name) == {name: "Field required"}
    name = HumanName(family="a")
    assert problems(setattr, name, "family", None)
