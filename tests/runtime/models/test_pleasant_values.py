"""Property 4: Python's own values go in, and assignment is checked as construction is."""

from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusals import kinds, problems
from unstubbed import HumanName, Observation, Patient, Period, Quantity, Reference

PARIS = timezone(timedelta(hours=2))
quickly = settings(derandomize=True, database=None, deadline=None)


offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


class Gender(str, Enum):
    MALE = "male"


def observed(**value: object) -> Any:
    return Observation(status="final", code={"text": "a"}, **value)


def test_dates_of_python_become_text() -> None:
    assert Patient(birth_date=date(1970, 3, 30)).birth_date == "1970-03-30"
    assert Patient(deceased_date_time=date(1970, 3, 30)).deceased_date_time == "1970-03-30"


def test_datetimes_of_python_become_text() -> None:
    moment = datetime(2015, 2, 7, 13, 28, 17, tzinfo=PARIS)
    assert Patient(deceased_date_time=moment).deceased_date_time == "2015-02-07T13:28:17+02:00"
    text = "2015-02-07T13:28:17.000239+02:00"
    assert observed(issued=moment.replace(microsecond=239)).issued == text


def test_times_of_python_become_text() -> None:
    assert observed(value_time=time(10, 30)).value_time == "10:30:00"
    assert observed(value_time=time(10, 30, 5, 100)).value_time == "10:30:05.000100"


@pytest.mark.parametrize("name", ["deceased_date_time", "birth_date"])
def test_naive_datetimes_are_refused(name: str) -> None:
    assert list(problems(Patient, **{name: datetime(2015, 2, 7)})) == [name]  # noqa: DTZ001


def test_values_of_another_kind_are_refused() -> None:
    aware = datetime(2015, 2, 7, tzinfo=timezone.utc)
    assert list(problems(Patient, birth_date=aware)) == ["birth_date"]
    assert list(problems(observed, issued=aware.date())) == ["issued"]
    assert list(problems(observed, issued=datetime(2015, 2, 7))) == ["issued"]  # noqa: DTZ001
    assert list(problems(observed, value_time=time(10, tzinfo=timezone.utc))) == ["value_time"]
    assert list(problems(observed, value_time=aware)) == ["value_time"]
    assert list(problems(Patient, id=aware)) == ["id"]


@quickly
@given(st.datetimes(timezones=offsets))
def test_what_a_datetime_becomes_is_read_back(moment: datetime) -> None:
    offset = moment.utcoffset()
    assert offset is not None
    if offset % timedelta(minutes=1) or abs(offset) > timedelta(hours=14):
        assert kinds(Patient, deceased_date_time=moment)
        return
    text = Patient(deceased_date_time=moment).deceased_date_time
    assert Patient(deceased_date_time=text).deceased_date_time == text
    assert datetime.fromisoformat(text) == moment


@pytest.mark.parametrize(
    "zone", [timezone(timedelta(seconds=30)), timezone(timedelta(hours=-23)), PARIS], ids=str
)
def test_an_offset_that_fhir_cannot_write_is_refused(zone: tzinfo) -> None:
    moment = datetime(2015, 2, 7, tzinfo=zone)
    if zone is PARIS:
        assert Patient(deceased_date_time=moment)
    else:
        assert list(problems(Patient, deceased_date_time=moment)) == ["deceased_date_time"]


def test_numbers_of_python_become_decimals() -> None:
    for value in (1, 1.5, Decimal("1.50")):
        assert Quantity(value=value).value == Decimal(str(value))
        assert isinstance(Quantity(value=value).value, Decimal)


def test_members_of_text_enums_are_codes() -> None:
    patient = Patient(gender=Gender.MALE)
    assert patient == Patient(gender="male")
    assert patient.model_dump_json() == '{"resourceType":"Patient","gender":"male"}'


def test_nested_dicts_become_models() -> None:
    patient = Patient(name=[{"family": "a"}, HumanName(family="b")], meta={"versionId": "1"})
    assert [type(name) for name in patient.name] == [HumanName, HumanName]
    assert patient.meta.version_id == "1"


def test_tuples_are_lists() -> None:
    assert Patient(name=({"family": "a"},)) == Patient(name=[{"family": "a"}])


def test_assigned_dicts_become_models() -> None:
    patient = Patient()
    patient.name = [{"family": "a", "given": ["b"]}, HumanName(family="c")]
    patient.managing_organization = {"reference": "Organization/1"}
    assert [name.family for name in patient.name] == ["a", "c"]
    assert patient.managing_organization == Reference(reference="Organization/1")


def test_assigned_values_of_python_become_text() -> None:
    patient = Patient()
    patient.birth_date = date(1970, 3, 30)
    assert patient.birth_date == "1970-03-30"


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("birth_date", "1970-13", "birthDate"),
        ("active", "yes", "active"),
        ("active", 1, "active"),
        ("gender", "femal", "gender"),
        ("name", [{"familly": "a"}], "name.0.familly"),
        ("name", [], "name"),
        ("name", [{}], "name.0"),
        ("name", {"family": "a"}, "name"),
        ("meta", {"lastUpdated": "1970"}, "meta.lastUpdated"),
        ("deceased_date_time", "1970", "deceased[x]"),
        ("deceased_date_time", datetime(1970, 1, 1), "deceasedDateTime"),  # noqa: DTZ001
        ("_birth_date", {"id": 1}, "_birthDate.id"),
    ],
    ids=str,
)
def test_a_wrong_assignment_is_refused_and_changes_nothing(
    name: str, value: object, path: str
) -> None:
    patient = Patient(birth_date="1970", deceased_boolean=True, active=True)
    before = patient.model_copy(deep=True)
    assert list(problems(setattr, patient, name, value)) == [path]
    assert patient == before


def test_one_value_of_a_choice_replaces_another_once_that_is_gone() -> None:
    observation = observed(value_string="a")
    assert list(problems(setattr, observation, "value_boolean", True)) == ["value[x]"]  # noqa: FBT003
    observation.value_string = None
    observation.value_boolean = True
    assert observation.model_dump()["valueBoolean"] is True


def test_siblings_are_assigned_as_other_properties() -> None:
    patient = Patient()
    patient._birth_date = {"extension": [{"url": "a", "valueCode": "b"}]}  # noqa: SLF001 - a sibling
    assert patient._birth_date.extension[0].value_code == "b"  # noqa: SLF001 - a sibling
    assert patient.birth_date is None


def test_metadata_of_medplum_is_read() -> None:
    patient = Patient(
        meta={
            "project": "p",
            "account": {"reference": "Organization/1"},
            "accounts": [{"reference": "Organization/1"}, {"reference": "Organization/2"}],
            "author": {"reference": "Practitioner/1"},
            "compartment": [{"reference": "Patient/1"}],
        }
    )
    assert patient.medplum_project == "p"
    assert patient.medplum_account == "Organization/1"
    assert patient.medplum_accounts == ["Organization/1", "Organization/2"]
    assert patient.medplum_author == "Practitioner/1"
    assert patient.medplum_compartment == [{"reference": "Patient/1"}]


def test_metadata_of_medplum_may_be_absent() -> None:
    for patient in (Patient(), Patient(meta={"versionId": "1"})):
        assert patient.medplum_accounts == []
        assert patient.medplum_account is None
        assert patient.medplum_author is None
        assert patient.medplum_project is None
        assert patient.medplum_compartment is None


@pytest.mark.parametrize("name", ["project", "account", "accounts", "author", "compartment"])
def test_metadata_of_medplum_is_read_only(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(Patient(), f"medplum_{name}", "a")


def test_a_period_keeps_its_precision() -> None:
    period = Period(start="1970", end=date(1971, 1, 1))
    assert period.model_dump() == {"start": "1970", "end": "1971-01-01"}
