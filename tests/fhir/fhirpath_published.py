"""HL7's FHIRPath cases for R4 as typed values, the resources they ask of, and what "passes" means.

The cases stand in fhirpath_published.toml. Inputs that HL7 publishes among R4's examples are read
from there; the few others are made here with what the cases look at.
"""

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from codegen.download import fetch_package
from codegen.sources import read_sources
from codegen.toml import read_toml

Json = dict[str, Any]
CASES = Path(__file__).with_name("fhirpath_published.toml")
PUBLISHED = {
    "patient-example": "Patient-example.json",
    "observation-example": "Observation-example.json",
    "questionnaire-example": "Questionnaire-3141.json",
    "valueset-example-expansion": "ValueSet-example-expansion.json",
    "appointment-examplereq": "Appointment-examplereq.json",
}
AGE: Json = {
    "url": "http://example.com/fhir/StructureDefinition/patient-age",
    "valueAge": {"value": 41, "system": "http://unitsofmeasure.org", "code": "a"},
}
# What HL7's copies of two examples have beside what R4 published.
COPIES: dict[str, Json] = {
    "observation-example": {"extension": [AGE]},
    "valueset-example-expansion": {"version": "20150622"},
}
VALUES: dict[str, Any] = {
    "valueString": "text",
    "valueInteger": 1,
    "valueUuid": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "valueDecimal": 1.5,
}
MADE: dict[str, Json] = {
    "patient-example-period": {
        "resourceType": "Patient",
        "identifier": [{"period": {"start": "2020-01-12", "end": "2020-01"}}],
    },
    "patient-container-example": {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Organization", "id": "1"}],
    },
    "patient-name-extensions": {
        "resourceType": "Patient",
        "name": [
            {
                "given": [None, "Kim"],
                "_given": [{"extension": [{"url": "http://example.org", "valueCode": "x"}]}, None],
            }
        ],
    },
    "parameters-example-types": {
        "resourceType": "Parameters",
        "parameter": [{"name": name, name: value} for name, value in VALUES.items()],
    },
    "codesystem-example": {
        "resourceType": "CodeSystem",
        "concept": [{"code": "a", "concept": [{"code": "b"}, {"code": "b"}]}],
    },
    "explanationofbenefit-example": {
        "resourceType": "ExplanationOfBenefit",
        "supportingInfo": [
            {"sequence": number, "category": {"coding": [{"code": "additionalbodysite"}]}}
            for number in (1, 2)
        ],
        "item": [{"sequence": 1, "informationSequence": [1, 2]}],
    },
}


@dataclass(frozen=True, slots=True)
class Case:
    """One of HL7's cases; `expect` has a type (or nothing) and a text for each item.

    `invalid` says what HL7 expects in place of a result: a syntax, semantic or execution error.
    """

    group: str
    name: str
    expression: str
    on: str = "patient-example"
    invalid: str | None = None
    expect: tuple[tuple[str, str], ...] = ()
    since: str = "2.0.0"
    predicate: bool = False  # the result counts as true where it is not empty
    unordered: bool = False
    strict: bool = False  # an error for engines that check paths against the definitions

    @property
    def id(self) -> str:
        """Return a name that no other case has."""
        return f"{self.group}/{self.name}"


@cache
def published_cases() -> tuple[Case, ...]:
    """Return all cases."""
    return tuple(
        Case(group, name, **{**row, "expect": tuple((t, v) for t, v in row.get("expect", ()))})
        for group, rows in read_toml(CASES).items()
        for name, row in rows.items()
    )


@cache
def published_input(name: str) -> Json:
    """Return the resource that cases name as their input."""
    if name in MADE:
        return MADE[name]
    folder = fetch_package(read_sources().releases["r4"].examples)
    resource: Json = json.loads((folder / PUBLISHED[name]).read_text(encoding="utf-8"))
    return {**resource, **COPIES.get(name, {})}


def is_expected(case: Case, result: list[Any]) -> bool:
    """Tell whether plain values are what a case expects; types that JSON has not, aside."""
    if case.predicate:
        result = [result not in ([], [False])]
    if len(result) != len(case.expect):
        return False
    expected = list(case.expect)
    for item in result:
        match = [pair for pair in (expected if case.unordered else expected[:1]) if _is(item, pair)]
        if not match:
            return False
        expected.remove(match[0])
    return True


def _is(item: Any, expected: tuple[str, str]) -> bool:
    kind, text = expected
    if isinstance(item, bool) or kind == "boolean":
        return bool(item is (text == "true"))
    if isinstance(item, dict):
        return f"{item.get('value')} '{item.get('unit', item.get('code'))}'" == text
    if isinstance(item, (int, float, Decimal)):
        return _number(text) == Decimal(str(item))
    return str(item).removeprefix("@").removeprefix("T") == text.removeprefix("@").removeprefix("T")


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
