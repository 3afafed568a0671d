"""Models as users make them: both spellings, nested dicts, codes, keywords."""

from datetime import date, datetime, time, timezone
from decimal import Decimal

from pymedplum.fhir import (
    CodeableConcept,
    Coding,
    Coverage,
    Extension,
    HumanName,
    Observation,
    Patient,
    Quantity,
    Reference,
)

snake = Patient(birth_date="1990-01-01", active=True, name=[HumanName(given=["A"], family="B")])
camel = Patient(
    birthDate=date(1990, 1, 1),
    gender="female",
    name=[{"given": ["A"], "family": "B", "use": "official"}],
    maritalStatus={"coding": [{"system": "http://a", "code": "M"}]},
    generalPractitioner=[{"reference": "Practitioner/1"}],
    deceasedDateTime=datetime(2020, 1, 1, tzinfo=timezone.utc),
    extension=[{"url": "http://a", "valueString": "b"}, Extension(url="http://a", value_code="c")],
)
coverage = Coverage(
    status="active",
    beneficiary={"reference": "Patient/1"},
    payor=[Reference(reference="Organization/1"), {"display": "Insurer"}],
    class_=[{"type": {"text": "group"}, "value": "G"}],
)
observation = Observation(
    status="final",
    code=CodeableConcept(coding=[Coding(system="http://loinc.org", code="85354-9")]),
    subject={"reference": "Patient/1"},
    effective_date_time=date(2020, 1, 1),
    component=[
        {"code": {"text": "systolic"}, "value_quantity": {"value": 120, "unit": "mm[Hg]"}},
        {"code": {"text": "diastolic"}, "valueQuantity": Quantity(value=Decimal("80.0"))},
        {"code": {"text": "at"}, "value_time": time(10, 30)},
    ],
)

snake.birth_date = "1990-01-02"
snake.gender = "other"
snake.active = None

birth_date: str | None = camel.birth_date
code: CodeableConcept = observation.code
texts: list[str] = [group.value or "" for group in coverage.class_ or []]
values: list[Decimal | None] = [
    component.value_quantity.value
    for component in observation.component or []
    if component.value_quantity
]
first = camel.name[0].family if camel.name else None
assert (birth_date, first, texts) == ("1990-01-01", "B", ["G"])
assert values == [120, 80]
