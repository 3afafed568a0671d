"""What the constructors of vital signs build is valid by the profiles that they are made from."""

import inspect
from collections.abc import Callable
from datetime import date, datetime, timezone
from typing import Any, get_args, get_type_hints

import pytest

from pymedplum import us_core, vital_signs
from pymedplum.fhir import Observation, Patient, Period
from pymedplum.validation import validate

Constructor = Callable[..., Observation]
TIMES: list[Any] = [
    "2026-03-01",
    date(2026, 3, 1),
    datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc),
    Period(start="2026-03-01", end="2026-03-02"),
]


def constructors() -> list[Any]:
    return [
        pytest.param(function, id=f"{module.__name__.rpartition('.')[2]}.{name}")
        for module in (us_core, vital_signs)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if "subject" in inspect.signature(function).parameters
    ]


each_constructor = pytest.mark.parametrize("build", constructors())


def numbers(build: Constructor) -> list[str]:
    return [name for name in ("value", "systolic", "diastolic") if name in get_type_hints(build)]


def assert_valid(made: Observation) -> None:
    for form in (made, made.model_dump(mode="json")):
        report = validate(form)
        assert (report.errors, report.unchecked) == ((), ())
        assert report.profiles == tuple(made.meta.profile if made.meta else ())  # type: ignore[arg-type]


def test_there_are_constructors_of_both_modules() -> None:
    assert len(constructors()) == 10


@each_constructor
@pytest.mark.parametrize("effective", TIMES, ids=lambda time: type(time).__name__)
def test_what_is_built_is_valid_whatever_says_the_time(build: Constructor, effective: Any) -> None:
    assert_valid(build(*[50 for _ in numbers(build)], subject=Patient(id="1"), effective=effective))


@each_constructor
def test_what_is_built_is_valid_in_every_unit(build: Constructor) -> None:
    units = get_args(get_type_hints(build).get("unit"))
    for options in [{"unit": unit} for unit in units] or [{}]:
        values = [50 for _ in numbers(build)]
        assert_valid(build(*values, **options, subject="Patient/1", effective="2026-03-01"))


@each_constructor
def test_what_was_not_measured_is_valid_where_the_profile_allows_it(build: Constructor) -> None:
    optional = [n for n in numbers(build) if type(None) in get_args(get_type_hints(build)[n])]

    if not optional:
        assert build is vital_signs.body_mass_index
        return
    assert_valid(build(*[None for _ in optional], subject="Patient/1", effective="2026-03-01"))
