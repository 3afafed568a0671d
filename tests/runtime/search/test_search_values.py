from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymedplum.fhir import (
    CodeableConcept,
    Coding,
    HumanName,
    Identifier,
    Patient,
    Quantity,
    Reference,
)
from pymedplum_runtime.search import literal, quantity, search_value, token

Wild: TypeAlias = Any  # what callers and servers give, well-formed or not

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
BERLIN = timezone(timedelta(hours=2))


class Status(str, Enum):
    FINAL = "final"


def unescaped(text: str) -> str:
    """What a server does: a backslash stands for the character after it."""
    characters = iter(text)
    return "".join(next(characters) if c == "\\" else c for c in characters)


def split(text: str, separator: str) -> list[str]:
    """Split as FHIR says: at separators that no backslash precedes."""
    parts, escaped = [""], False
    for c in text:
        if c == separator and not escaped:
            parts.append("")
        else:
            parts[-1] += c
        escaped = c == "\\" and not escaped
    return parts


@given(st.text())
def test_an_escaped_text_is_one_text_and_reads_as_it_was(text: str) -> None:
    assert unescaped(literal(text)) == text
    assert all(len(split(literal(text), each)) == 1 for each in ",|$")


@given(st.text(min_size=1), st.text(min_size=1))
def test_system_and_code_of_a_token_are_found_again(system: str, code: str) -> None:
    parts = split(token(system, code), "|")
    assert [unescaped(part) for part in parts] == [system, code]


@given(st.lists(st.text(min_size=1), min_size=1))
def test_escaped_alternatives_are_found_again(texts: list[str]) -> None:
    found = split(search_value(tuple(literal(text) for text in texts)), ",")
    assert [unescaped(each) for each in found] == texts


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("ge2024,http://x|y", "ge2024,http://x|y"),
        (Status.FINAL, "final"),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (5.4, "5.4"),
        (1e-7, "0.0000001"),
        (1e22, "10000000000000000000000"),
        (Decimal("5.40"), "5.40"),
        (Decimal("1E+2"), "100"),
        (date(2024, 5, 1), "2024-05-01"),
        (datetime(2024, 5, 1, 9, 30, tzinfo=BERLIN), "2024-05-01T09:30:00+02:00"),
        (datetime(2024, 5, 1, 9, 30, 0, 5, tzinfo=BERLIN), "2024-05-01T09:30:00.000005+02:00"),
        (("a", 1, None, True), "a,1,true"),
    ],
)
def test_a_python_value_has_its_search_text(value: object, text: str) -> None:
    assert search_value(value) == text


def test_an_offset_with_seconds_becomes_utc_since_fhir_has_none() -> None:
    paris = timezone(timedelta(minutes=9, seconds=21))
    assert search_value(datetime(1900, 1, 1, 0, 9, 21, tzinfo=paris)) == "1900-01-01T00:00:00+00:00"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_a_decimal_keeps_every_digit(number: Decimal) -> None:
    text = search_value(number)
    assert Decimal(text) == number
    assert "e" not in text.lower()


@pytest.mark.parametrize(
    ("element", "text"),
    [
        (Reference(reference="Patient/1"), "Patient/1"),
        (Patient(id="1"), "Patient/1"),
        (Coding(system=LOINC, code="1234-5"), f"{LOINC}|1234-5"),
        (Coding(code="a,b"), r"a\,b"),
        (Coding(system=LOINC), f"{LOINC}|"),
        (
            CodeableConcept(coding=[{"system": LOINC, "code": "a|b"}, {"code": "c"}]),
            rf"{LOINC}|a\|b,c",
        ),
        (Identifier(system="http://mrn", value="1$2"), r"http://mrn|1\$2"),
        (Identifier(value="12"), "12"),
        (Quantity(value=Decimal("5.40"), system=UCUM, code="mg"), f"5.40|{UCUM}|mg"),
        (Quantity(value=Decimal("5.4"), unit="mg"), "5.4||mg"),
        (Quantity(value=Decimal("5.4"), system=UCUM), "5.4"),
    ],
)
def test_an_element_or_resource_has_its_search_text_as_model_and_as_dict(
    element: Wild, text: str
) -> None:
    assert search_value(element) == text
    assert search_value(element.model_dump()) == text


def test_a_contact_point_is_searched_for_by_its_value() -> None:
    assert search_value({"system": "phone", "value": "+1 555,1"}) == r"+1 555\,1"


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"secret",
        time(9, 30),
        {"secret"},
        ["secret"],
        ("a", ["secret"]),
        object(),
        HumanName(family="secret"),
        {"family": "secret"},
        {"value": 5, "currency": "EUR"},
    ],
)
def test_a_value_without_a_search_text_is_refused_by_its_type_alone(value: object) -> None:
    with pytest.raises(TypeError, match="parameter name: ") as refusal:
        search_value(value, name="name")
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "value",
    [
        datetime(2024, 5, 1),  # noqa: DTZ001 - what is to be refused
        (),
        (None,),
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        {"reference": ""},
        {"resourceType": "Patient"},
        {"coding": []},
        {"system": "", "code": ""},
        {"value": 5, "comparator": "<"},
    ],
)
def test_a_value_that_lacks_what_is_searched_for_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="parameter date: "):
        search_value(value, name="date")


def test_a_list_of_alternatives_is_pointed_to_a_tuple() -> None:
    with pytest.raises(TypeError, match="alternatives are a tuple"):
        search_value(["a", "b"])


def test_tokens_tell_any_system_from_no_system() -> None:
    assert token(None, "a,b") == r"a\,b"
    assert token("", "a") == "|a"
    assert token(LOINC) == f"{LOINC}|"
    with pytest.raises(ValueError, match="system or a code"):
        token(None)


def test_a_quantity_is_a_number_with_its_unit() -> None:
    assert quantity(5) == "5"
    assert quantity(5.4, UCUM, "mg") == f"5.4|{UCUM}|mg"
    assert quantity(Decimal("5.40"), None, "mg") == "5.40||mg"
    assert quantity("ge5", UCUM, "mg") == f"ge5|{UCUM}|mg"
