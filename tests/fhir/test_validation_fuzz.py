"""Whatever stands in a resource, validating gives a report, and the report quotes no value."""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import Pool
from validation_instances import all_instances
from validation_odd import EDITS, ODD, SECRET, VALUES, apply

from pymedplum.exceptions import InvalidResourceError
from pymedplum.validation import ValidationReport, validate

SMALL = 4000  # bytes
ONE_OF = 12  # examples
FUZZ = settings(
    max_examples=1000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Resources(list[Any]):
    """Resources that a failing example does not print."""

    def __repr__(self) -> str:
        return f"{len(self)} resources"


@pytest.fixture(scope="module")
def valid(pool: Pool) -> Resources:
    """Small examples of every type, and full instances of profiles that name their profile."""
    by_type = [r for _, r in sorted(pool.resources.items()) if len(json.dumps(r)) < SMALL]
    return Resources([*by_type[::ONE_OF], *_profiled()])


@cache
def _profiled() -> tuple[Any, ...]:
    return tuple({**i.payload, "meta": {"profile": [url]}} for url, i in all_instances())


def check(report: Any) -> None:
    assert isinstance(report, ValidationReport)
    said = f"{report}{report!r}{json.dumps(report.to_operation_outcome())}"
    assert SECRET not in said
    if report.ok:
        report.raise_for_errors()
        return
    with pytest.raises(InvalidResourceError) as raised:
        report.raise_for_errors()
    assert SECRET not in f"{raised.value}{raised.value!r}"


@FUZZ
@given(index=st.integers(0, 10_000), edits=EDITS)
def test_randomly_edited_examples_give_a_report(valid: Resources, index: int, edits: Any) -> None:
    check(validate(apply(valid[index % len(valid)], edits)))


@FUZZ
@given(value=st.dictionaries(st.sampled_from(["resourceType", "name", "id"]), VALUES))
def test_any_object_gives_a_report(value: dict[str, Any]) -> None:
    check(validate(value))


PLACES: dict[str, Any] = {
    "Patient": lambda odd: odd,
    "Patient.resourceType": lambda odd: {"resourceType": odd},
    "Patient.id": lambda odd: {"resourceType": "Patient", "id": odd},
    "Patient.active": lambda odd: {"resourceType": "Patient", "active": odd},
    "Patient.name": lambda odd: {"resourceType": "Patient", "name": odd},
    "Patient.name[0]": lambda odd: {"resourceType": "Patient", "name": [odd]},
    "Patient.name.given": lambda odd: {"resourceType": "Patient", "name": [{"given": [odd]}]},
    "Patient.name._given": lambda odd: {"resourceType": "Patient", "name": [{"_given": [odd]}]},
    "Patient.meta.profile": lambda odd: {"resourceType": "Patient", "meta": {"profile": odd}},
    "Patient.extension": lambda odd: {"resourceType": "Patient", "extension": [odd]},
    "Patient.extension.url": lambda odd: {"resourceType": "Patient", "extension": [{"url": odd}]},
    "Patient.extension.value": lambda odd: {
        "resourceType": "Patient",
        "extension": [{"url": "http://a", "valueDecimal": odd}],
    },
    "Patient.contained": lambda odd: {"resourceType": "Patient", "contained": [odd]},
    "Patient.contained.resourceType": lambda odd: {
        "resourceType": "Patient",
        "contained": [{"resourceType": odd, "id": "a"}],
    },
    "Patient.link.other.reference": lambda odd: {
        "resourceType": "Patient",
        "link": [{"other": {"reference": odd}, "type": "seealso"}],
    },
    "Patient.maritalStatus": lambda odd: {
        "resourceType": "Patient",
        "maritalStatus": {"coding": [{"system": odd, "code": odd}]},
    },
    "Observation.valueQuantity": lambda odd: {
        "resourceType": "Observation",
        "valueQuantity": {"value": odd, "system": "http://unitsofmeasure.org", "code": odd},
    },
    "Observation.valueInteger": lambda odd: {"resourceType": "Observation", "valueInteger": odd},
    "Bundle.entry": lambda odd: {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": odd, "resource": odd}],
    },
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("place", PLACES)
def test_python_values_that_json_has_not_give_a_report(place: str, name: str) -> None:
    odd = PLACES[place](ODD[name])
    if isinstance(odd, dict | float | int):
        check(validate(odd))
    else:
        with pytest.raises(TypeError):
            validate(odd)


SPEAK_OF_JSON = ("a string of a class of its own", "a dict of a class of its own", "true")


@pytest.mark.parametrize("name", [name for name in ODD if name not in SPEAK_OF_JSON])
@pytest.mark.parametrize("place", ["Patient.name", "Patient.name.given", "Patient.id"])
def test_python_values_that_json_has_not_are_refused(place: str, name: str) -> None:
    assert not validate(PLACES[place](ODD[name])).ok


def test_a_boolean_is_no_integer() -> None:
    assert not validate(PLACES["Observation.valueInteger"](ODD["true"])).ok
