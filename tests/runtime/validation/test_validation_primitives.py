from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from made_resources import base_definitions, errors
from pydantic_core import SchemaError, SchemaValidator, ValidationError

from pymedplum.fhir.primitives import PRIMITIVES
from pymedplum_runtime.models.number import WrittenDecimal
from pymedplum_runtime.models.primitives import primitive_schema
from pymedplum_runtime.validation.primitives import Problem, kind_of, problem_of

READERS = {name: SchemaValidator(primitive_schema(row)) for name, row in PRIMITIVES.items()}


def check_of(name: str) -> Problem:
    table = base_definitions().type_table(name)
    assert table is not None
    return problem_of(name, table["primitive"])


CHECKS: dict[str, Problem] = {name: check_of(name) for name in PRIMITIVES}


def accepts(name: str) -> Callable[[Any], bool]:
    """What the models say of a value."""

    def read(value: Any) -> bool:
        try:
            READERS[name].validate_python(value)
        except (ValidationError, SchemaError):
            return False
        return True

    return read


PIECES = st.sampled_from(
    [
        *("", " ", "  ", "\t", "\n", "\x1c", "\x00", "\u00a0", "\u2028", "\ufeff", "\ud800", "é"),
        *("2024", "-02", "-29", "-30", "T", "10:00", ":00", ":60", ".5", "Z", "+14:00", "0000"),
        *("QUJD", "=", "==", "A", "urn:oid:", "urn:uuid:", "1.2", "-", "x", "https://x.org/y"),
        *("12:30:00", "c757873d-ec9a-4326-a141-556f43239520", "99999", "a" * 65),
    ]
)
TEXTS = st.one_of(st.text(max_size=20), st.lists(PIECES, max_size=6).map("".join))
NUMBERS = st.one_of(
    st.integers(-(2**33), 2**33),
    st.floats(),
    st.decimals(),
    st.booleans(),
    st.sampled_from([0, 1, -1, 2**31 - 1, 2**31, -(2**31), WrittenDecimal("1e2")]),
)
OTHERS = st.sampled_from([None, [], {}, ["x"], {"a": 1}, b"x", 1j])


@pytest.mark.parametrize("name", sorted(PRIMITIVES))
@given(value=st.one_of(TEXTS, NUMBERS, OTHERS))
@example("2024-02-29\n")
@example("a\x1cb")
@example("QU JD\n")
@example("\ud800x")
@example("2023-02-29")
def test_the_models_and_the_walk_refuse_the_same_values(name: str, value: Any) -> None:
    assert (CHECKS[name](value) is None) == accepts(name)(value)


@pytest.mark.parametrize("name", sorted(n for n, row in PRIMITIVES.items() if row.max_length))
def test_the_models_and_the_walk_refuse_the_same_lengths(name: str) -> None:
    longest = PRIMITIVES[name].max_length or 0

    assert CHECKS[name]("x" * longest) is None
    assert accepts(name)("x" * longest)
    assert CHECKS[name]("x" * (longest + 1)) == f"expected at most {longest} characters"
    assert not accepts(name)("x" * (longest + 1))


def test_a_message_says_what_is_expected_and_never_what_was_there() -> None:
    secret = "Schlüsselwort"
    patient = {
        "resourceType": "Patient",
        "birthDate": secret,
        "id": secret,
        "active": secret,
        "name": [{"given": [[secret]]}],
        "multipleBirthInteger": secret,
    }
    found = errors(patient)

    assert len(found) == 5
    assert secret not in str(found)
    assert ("Patient.birthDate", "expected a date: YYYY, YYYY-MM or YYYY-MM-DD") in found


@pytest.mark.parametrize(
    ("value", "kind"),
    [(Decimal(1), "a number"), (True, "true or false"), (b"", "a Python bytes"), (1.5, "a number")],
)
def test_kinds_of_values_have_names(value: Any, kind: str) -> None:
    assert kind_of(value) == kind


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("sNaN"), Decimal("-inf")])
def test_numbers_are_finite(value: Any) -> None:
    assert CHECKS["decimal"](value) == "expected a finite number: JSON has no NaN and no infinity"


LONG = 1_000_000
HARD = {
    "base64Binary": ["QUJD" * LONG + "!", " " * LONG, "A " * LONG + "=", "=" * LONG],
    "code": ["a " * LONG, "a" * LONG + "  "],
    "string": [" " * LONG, "x" * LONG + "\x00", " " * LONG + "\x00"],
    "markdown": ["\n" * LONG + "\x00"],
    "oid": ["urn:oid:1" + ".0" * LONG + ".", "urn:oid:1" + ".10" * LONG + "x"],
    "uri": ["x" * LONG + " "],
    "dateTime": ["2024-02-29T10:00:00." + "0" * LONG + "x"],
    "time": ["10:00:00." + "0" * LONG + "x"],
    "instant": ["2024-02-29T10:00:00." + "0" * LONG],
    "integer64": ["1" * LONG + "x"],
    "id": ["a" * LONG],
    "longId": ["a" * LONG + "!"],
    "uuid": ["urn:uuid:" + "a" * LONG],
    "canonical": ["x" * LONG + "\t"],
    "url": ["x" * LONG + "\t"],
    "date": ["2" * LONG],
    "xhtml": [" " * LONG],
}


def test_every_type_with_a_pattern_has_a_hard_case() -> None:
    assert {n for n, row in PRIMITIVES.items() if row.pattern} == HARD.keys()


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, each in HARD.items() for t in each])
def test_hard_texts_are_refused_in_linear_time(name: str, text: str) -> None:
    assert CHECKS[name](text) is not None  # quadratic time would not end today
