"""Typed access to US Core's extensions and to vital signs, on models and on dicts."""

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from pymedplum import us_core, vital_signs
from pymedplum.fhir import Coding, Observation, Patient, Quantity
from pymedplum.validation import validate

RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
WHITE = "2106-3"


@pytest.fixture(params=["model", "dict"])
def patient(request: pytest.FixtureRequest) -> Any:
    other = {"url": "http://example.org/vip", "valueBoolean": True}
    stored = {"resourceType": "Patient", "id": "1", "extension": [other]}
    return stored if request.param == "dict" else Patient.model_validate(stored)


def test_what_is_not_there_reads_as_none(patient: Any) -> None:
    assert us_core.race(patient) is None
    assert us_core.birth_sex(patient) is None
    assert us_core.gender_identity(patient) is None


def test_an_extension_with_parts_is_read_as_it_was_set(patient: Any) -> None:
    race = us_core.Race(text="White", omb_category=[WHITE], detailed=[Coding(code="2108-9")])

    us_core.set_race(patient, race)

    assert us_core.race(patient) == race
    found = us_core.race(patient)
    assert found
    assert found.text == "White"
    assert found.omb_category[0].system == "urn:oid:2.16.840.1.113883.6.238"


def test_what_is_written_is_plain_fhir_beside_other_extensions(patient: Any) -> None:
    us_core.set_race(patient, us_core.Race(text="White"))

    data = patient if isinstance(patient, dict) else patient.model_dump()
    inner = [{"url": "text", "valueString": "White"}]
    assert data["extension"][1:] == [{"extension": inner, "url": RACE}]
    assert data["extension"][0]["url"] == "http://example.org/vip"


def test_setting_anew_replaces_and_none_takes_away(patient: Any) -> None:
    us_core.set_birth_sex(patient, "F")
    us_core.set_birth_sex(patient, "UNK")
    assert us_core.birth_sex(patient) == "UNK"

    us_core.set_birth_sex(patient, None)
    us_core.set_race(patient, None)

    assert us_core.birth_sex(patient) is None
    assert len(patient["extension"] if isinstance(patient, dict) else patient.extension) == 1


def test_a_code_outside_a_required_value_set_is_refused_without_a_change(patient: Any) -> None:
    with pytest.raises(ValueError, match="expected one of ASKU, F, M, OTH, UNK"):
        us_core.set_birth_sex(patient, "X")  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(ValueError, match="ombCategory: expected one of"):
        us_core.Race(text="x", omb_category=["X"])  # type: ignore[list-item]  # likewise

    assert us_core.birth_sex(patient) is None


def test_a_value_of_another_type_is_refused_without_a_change(patient: Any) -> None:
    with pytest.raises(TypeError, match="us-core-birthsex: expected a str, got int"):
        us_core.set_birth_sex(patient, 5)  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(TypeError, match="text: expected a str, got int"):
        us_core.Race(text=5)  # type: ignore[arg-type]  # likewise
    with pytest.raises(ValueError, match="text: expected some text"):
        us_core.Race(text=" ")
    with pytest.raises(TypeError, match="us-core-race: expected a Race or None, got str"):
        us_core.set_race(patient, "White")  # type: ignore[arg-type]  # likewise

    assert (us_core.birth_sex(patient), us_core.race(patient)) == (None, None)


def test_too_many_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="ombCategory: at most 5 allowed, got 6"):
        us_core.Race(text="x", omb_category=[WHITE] * 6)


def test_one_value_where_several_may_be_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="expected a sequence"):
        us_core.Race(text="x", omb_category=WHITE)  # a str is a sequence of str to checkers


def test_broken_stored_parts_are_read_as_they_are() -> None:
    stored = {"extension": [{"url": RACE, "extension": [{"url": "detailed"}]}]}

    found = us_core.race(stored)

    assert found
    assert (found.text, found.omb_category, found.detailed) == (None, (), ())


def test_the_repr_shows_parts_and_no_values() -> None:
    assert repr(us_core.Race(text="White")) == "Race(text=...)"


def test_a_blood_pressure_reads_back(patient: Any) -> None:
    made = us_core.blood_pressure(120, Decimal("80.0"), subject=patient, effective=date(2024, 5, 1))

    assert made.subject
    assert made.subject.reference == "Patient/1"
    diastolic = us_core.diastolic(made)
    assert diastolic
    assert str(diastolic.value) == "80.0"
    assert us_core.systolic(made.model_dump()) == Quantity(
        value=120, unit="mm[Hg]", system="http://unitsofmeasure.org", code="mm[Hg]"
    )


def test_what_was_not_measured_says_so() -> None:
    made = vital_signs.blood_pressure(120, None, subject="Patient/1", effective="2024")

    assert vital_signs.diastolic(made) is None
    assert made.component
    assert made.component[1].data_absent_reason


def test_a_profile_that_needs_a_value_gets_one() -> None:
    with pytest.raises(ValueError, match="needs a value"):
        vital_signs.body_mass_index(None, subject="Patient/1", effective="2024")  # type: ignore[arg-type]  # the point


def test_units_are_those_of_the_profile() -> None:
    made = vital_signs.body_weight(154, "[lb_av]", subject="Patient/1", effective="2024")

    assert made.value_quantity
    assert made.value_quantity.code == "[lb_av]"
    with pytest.raises(ValueError, match="expected a unit of kg"):
        vital_signs.body_weight(11, "stone", subject="Patient/1", effective="2024")  # type: ignore[arg-type]  # the point


def test_a_number_may_be_larger_than_a_float() -> None:
    made = vital_signs.heart_rate(10**400, subject="Patient/1", effective="2024")

    assert made.value_quantity
    assert made.value_quantity.value == 10**400


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN")])
def test_a_value_is_a_finite_number(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        vital_signs.heart_rate(value, subject="Patient/1", effective="2024")


@pytest.mark.parametrize("value", ["72", True])
def test_a_value_is_a_number(value: Any) -> None:
    with pytest.raises(TypeError, match="expected a number"):
        vital_signs.heart_rate(value, subject="Patient/1", effective="2024")


def test_times_need_a_zone_and_periods_are_accepted() -> None:
    aware = datetime(2024, 5, 1, 10, tzinfo=timezone.utc)
    made = vital_signs.heart_rate(72, subject="Patient/1", effective=aware)
    assert made.effective_date_time == "2024-05-01T10:00:00+00:00"

    made = vital_signs.heart_rate(72, subject="Patient/1", effective={"start": "2024"})
    assert made.effective_period

    with pytest.raises(ValueError, match="zone"):
        vital_signs.heart_rate(72, subject="Patient/1", effective=aware.replace(tzinfo=None))


def test_a_patient_without_an_id_cannot_be_referred_to() -> None:
    with pytest.raises(ValueError, match="create it first"):
        vital_signs.heart_rate(72, subject=Patient(), effective="2024")


def test_an_observation_of_something_else_has_no_pressure() -> None:
    other = vital_signs.heart_rate(72, subject="Patient/1", effective="2024")

    assert us_core.systolic(other) is None
    assert isinstance(other, Observation)


@pytest.fixture(params=["model", "dict"])
def pressure(request: pytest.FixtureRequest) -> Any:
    made = us_core.blood_pressure(120, Decimal("80.0"), subject="Patient/1", effective="2024-05-01")
    return made if request.param == "model" else made.model_dump()


def test_a_component_is_set_in_place_and_the_others_stay(pressure: Any) -> None:
    us_core.set_systolic(pressure, Decimal("118.50"))

    systolic, diastolic = us_core.systolic(pressure), us_core.diastolic(pressure)
    assert systolic
    assert diastolic
    assert (str(systolic.value), str(diastolic.value)) == ("118.50", "80.0")
    assert validate(pressure).ok


def test_none_says_that_it_was_not_measured(pressure: Any) -> None:
    us_core.set_systolic(pressure, None)
    assert us_core.systolic(pressure) is None
    assert validate(pressure).ok

    us_core.set_systolic(pressure, 118)
    components = Observation.model_validate(pressure).component or []
    assert [component.data_absent_reason for component in components] == [None, None]


def test_a_component_that_is_not_there_is_added() -> None:
    observation: dict[str, Any] = {"resourceType": "Observation"}

    us_core.set_diastolic(observation, 76)

    assert [len(observation["component"]), us_core.systolic(observation)] == [1, None]


def test_what_else_a_component_says_is_kept(pressure: Any) -> None:
    high = {"text": "high"}
    if isinstance(pressure, dict):
        pressure["component"][0]["interpretation"] = [high]
    else:
        pressure.component[0].interpretation = [high]

    us_core.set_systolic(pressure, 150)

    components = Observation.model_validate(pressure).component or []
    assert [c.text for c in components[0].interpretation or []] == ["high"]


def test_a_wrong_value_changes_nothing(pressure: Any) -> None:
    before = str(pressure)
    with pytest.raises(TypeError, match="expected a number"):
        us_core.set_systolic(pressure, "118")  # type: ignore[arg-type]  # the point of the test
    assert str(pressure) == before
