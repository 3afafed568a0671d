"""What variables of each Python type stand for, and what is evaluated on."""

from datetime import date, datetime, time, timezone
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from fhirpath_cases import PATIENT, values

from pymedplum.fhir import HumanName, Patient, Quantity
from pymedplum_runtime.errors import FHIRPathError
from pymedplum_runtime.fhirpath import Node
from pymedplum_runtime.profiles.definitions import packaged
from pymedplum_runtime.validation.paths import FHIRPath, fhirpath

UCUM = "http://unitsofmeasure.org"
MOMENT = datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


class Word(str, Enum):
    """A text that is a member of an enumeration."""

    OFFICIAL = "official"


@pytest.mark.parametrize(
    ("expression", "value", "expected"),
    [
        ("active = %x", True, [True]),
        ("name[%x].use", 1, ["usual"]),
        ("%x + 1", Decimal("1.50"), [Decimal("2.50")]),
        ("%x + 1", 1.5, [Decimal("2.5")]),
        ("name.where(use = %x).family", "official", ["Chalmers"]),
        ("name.where(use = %x).family", Word.OFFICIAL, ["Chalmers"]),
        ("birthDate < %x and %x is System.Date", date(2020, 1, 2), [True]),
        ("%x + 1 day", MOMENT, ["2020-01-03T03:04:05+00:00"]),
        ("%x < @2020 and %x is DateTime", datetime(2019, 1, 2), [True]),  # noqa: DTZ001 - has no zone
        ("%x + 1 hour", time(23, 30), ["00:30:00"]),
        ("%x.given & %x.family", {"given": ["A"]}, ["A"]),
        ("%x.ofType(HumanName).family", HumanName(family="Q"), ["Q"]),
        ("%x.ofType(Patient).name.family", Patient(name=[HumanName(family="Q")]), ["Q"]),
        ("%x > 0.5 'g'", Quantity(value=Decimal(900), system=UCUM, code="mg"), [True]),
        (
            "%x.ofType(Quantity).toQuantity('mg') = %x",
            Quantity(value=Decimal(9), unit="mg"),
            [True],
        ),
        ("%x.given", [HumanName(given=["Q"]), {"given": ["Z"]}], ["Q", "Z"]),
        ("%x", [1, [2, "a"], (3,)], [1, 2, "a", 3]),
        ("%x", None, []),
        ("birthDate > %x", Node("1970-01-01", "date"), [True]),
        ("name.given contains %x", Node("Jim", "code"), [True]),
    ],
)
def test_a_variable_may_be_of_many_types(expression: str, value: Any, expected: list[Any]) -> None:
    assert values(expression, x=value) == expected


@pytest.mark.parametrize("value", [{1}, b"secret", object(), 1j, float("nan"), Decimal("Infinity")])
def test_what_stands_for_nothing_is_an_error_that_does_not_show_it(value: object) -> None:
    with pytest.raises(FHIRPathError) as raised:
        values("id = %x", x=value)

    assert raised.value.position == 5
    assert str(value) not in str(raised.value)


@pytest.mark.parametrize("name", ["resource", "context", "rootResource", "ucum"])
def test_the_names_of_the_language_keep_their_meaning(name: str) -> None:
    assert fhirpath(PATIENT, f"%{name}", variables={name: "mine"}) == values(f"%{name}")


@pytest.mark.parametrize("resource", [[PATIENT], [], "Patient", b"{}", 1, True, None, Decimal(1)])
def test_only_models_and_dicts_are_evaluated_on(resource: object) -> None:
    with pytest.raises(TypeError, match="no model and no dict"):
        fhirpath(resource, "id")


@pytest.mark.parametrize("named", [5, ["Patient"], {"a": 1}, None, ""])
def test_a_resource_whose_type_is_no_text_has_no_type(named: object) -> None:
    resource = {"resourceType": named, "name": [{"family": "Q"}]}

    assert fhirpath(resource, "name.family") == ["Q"]
    assert fhirpath(resource, "Patient.name.family") == []


def test_models_keep_what_stands_beside_their_primitives() -> None:
    moment = {"extension": [{"url": "time", "valueDateTime": "1974-12-25T14:35:45Z"}]}
    second = {"extension": [{"url": "kind", "valueString": "q"}]}
    patient = Patient.model_validate(
        {
            "resourceType": "Patient",
            "birthDate": "1974-12-25",
            "_birthDate": moment,
            "name": [{"given": ["A", None], "_given": [None, second]}],
        }
    )

    assert fhirpath(patient, "birthDate.extension('time').value + 1 day") == [
        "1974-12-26T14:35:45Z"
    ]
    assert fhirpath(patient, "name.given") == ["A"]
    assert fhirpath(patient, "name.given.count()") == [2]
    assert fhirpath(patient, "name.given.extension('kind').value") == ["q"]


def test_a_type_that_is_added_counts_from_then_on() -> None:
    definitions = packaged().extended()
    pet = {"resourceType": "Pet", "born": "2020-01-01"}
    born = FHIRPath("born is date")
    assert born.evaluate(pet, definitions=definitions) == [False]

    url = "http://hl7.org/fhir/StructureDefinition/"
    root: Any = {"elements": {"born": {"types": [{"code": "date"}]}}}
    definitions.add(
        [
            {
                "url": f"{url}Pet",
                "name": "Pet",
                "type": "Pet",
                "kind": "resource",
                "base": f"{url}DomainResource",
                "root": root,
            }
        ]
    )

    assert born.evaluate(pet, definitions=definitions) == [True]
