"""Property 2: values keep the rules of their types."""

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from refusals import problems
from unstubbed import Attachment, CodeableConcept, ContactPoint, HumanName, Observation, Patient

exhaustive = settings(derandomize=True, database=None, deadline=None, max_examples=500)
ODD = ["", " ", "1970-1-1", "1970-13", "70", "1970-00", "0000", "19700101", "1970-01-01 "]
WRONG_TYPES: dict[str, list[object]] = {
    "active": ["yes", "true", 1, 0, 1.0, [], {}],
    "multiple_birth_integer": ["5", 5.0, 5.5, True, 2**31, -(2**31) - 1],
    "birth_date": [1970, True, 1970.0, ["1970"], b"1970", *ODD],
    "gender": ["femal", "Male", "", "male ", 1, None, ["male"]],
    "id": ["", "a b", "a" * 65, "a_b", 1, b"a"],
    "language": ["", " en", "en  us", 1],
    "implicit_rules": ["", "http://a b", 1],
    "name": [{"family": "a"}, "a", [], ["a"], [None], {}],
    "managing_organization": ["Organization/1", [], [{"display": "a"}], 1, {}],
}
REFUSED = [(name, value) for name, values in WRONG_TYPES.items() for value in values]


def accepts(name: str, value: object) -> bool:
    try:
        Patient.model_validate({"resourceType": "Patient", name: value})
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("name", "value"), REFUSED, ids=str)
def test_values_that_fhir_forbids_are_refused(name: str, value: object) -> None:
    assert not accepts(name, value)
    if value is not None:
        with pytest.raises(ValidationError):
            Patient(**{name: value})


@exhaustive
@given(st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32))
def test_dates_are_those_of_the_calendar(year: int, month: int, day: int) -> None:
    text = f"{year:04}-{month:02}-{day:02}"
    try:
        date(year, month, day)
    except ValueError:
        assert not accepts("birthDate", text)
        assert not accepts("deceasedDateTime", f"{text}T00:00:00Z")
    else:
        assert accepts("birthDate", text)
        assert accepts("deceasedDateTime", f"{text}T00:00:00Z")


def test_the_29th_of_february_is_in_leap_years_alone() -> None:
    assert [y for y in range(1, 10000) if accepts("birthDate", f"{y:04}-02-29")] == list(leap())


def leap() -> Iterator[int]:
    for year in range(1, 10000):
        if year % 4 == 0 and (year % 100 or year % 400 == 0):
            yield year


@exhaustive
@given(st.dates().map(date.isoformat))
def test_every_date_of_python_is_a_date(text: str) -> None:
    assert accepts("birthDate", text)


@pytest.mark.parametrize(
    "text",
    ["1970", "1970-01", "1970-01-01", "1970-01-01T23:59:60Z", "1970-01-01T00:00:00.1+14:00"],
)
def test_date_times_have_every_precision(text: str) -> None:
    assert accepts("deceasedDateTime", text)


@pytest.mark.parametrize(
    "time",
    ["T24:00:00Z", "T00:60:00Z", "T00:00:61Z", "T00:00Z", "T00:00:00", "T00:00:00+14:30", "Z", "T"],
)
def test_date_times_with_an_impossible_time_are_refused(time: str) -> None:
    assert not accepts("deceasedDateTime", f"1970-01-01{time}")


@pytest.mark.parametrize("text", ["1970", "1970-01-01", "1970-01-01T00:00:00", ""])
def test_instants_need_a_second_and_an_offset(text: str) -> None:
    data = {"meta": {"lastUpdated": text}}
    assert list(problems(Patient.model_validate, data)) == ["meta.lastUpdated"]


@pytest.mark.parametrize("text", ["24:00:00", "10:00", "10:00:00Z", "1:00:00", "10:00:61"])
def test_times_are_those_of_a_day(text: str) -> None:
    data = {"status": "final", "code": {"text": "a"}, "valueTime": text}
    assert list(problems(Observation.model_validate, data)) == ["valueTime"]


def test_integers_have_their_ranges() -> None:
    for number in (2**31 - 1, -(2**31), 0):
        assert accepts("multipleBirthInteger", number)
    assert list(problems(ContactPoint, rank=0)) == ["rank"]
    assert list(problems(Attachment, size=-1)) == ["size"]
    assert ContactPoint(rank=1).rank == 1
    assert Attachment(size=0).size == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1.5", True, None, 1j])
def test_decimals_are_finite_numbers(value: object) -> None:
    quantity = {"status": "final", "code": {"text": "a"}, "valueQuantity": {"value": value}}
    assert list(problems(Observation.model_validate, quantity)) == ["valueQuantity.value"]


def test_a_code_that_is_not_in_the_value_set_is_refused_with_those_that_are() -> None:
    message = problems(Patient, gender="femal")["gender"]
    assert "'male', 'female', 'other' or 'unknown'" in message


@pytest.mark.parametrize("text", ["", " ", "\n", "a\x00b", "\ud800"])
def test_text_has_some_content_and_no_control_characters(text: str) -> None:
    assert list(problems(HumanName, family=text)) == ["family"]


def test_base64_is_checked() -> None:
    assert Attachment(data="QQ==").data == "QQ=="
    assert list(problems(Attachment, data="QQ=")) == ["data"]


def test_every_problem_is_told_with_its_path() -> None:
    data = {"active": 1, "name": [{"family": ""}, {"given": [2]}], "maritalStatus": {"coding": []}}
    found = problems(Patient.model_validate, data)
    assert set(found) == {"active", "name.0.family", "name.1.given.0", "maritalStatus.coding"}


def test_a_model_of_another_type_is_refused() -> None:
    assert list(problems(Patient, name=[CodeableConcept(text="a")])) == ["name.0"]
    assert problems(Patient.model_validate, HumanName(family="a"))
