"""What literals, paths and operators mean."""

from decimal import Decimal
from typing import Any

import pytest
from fhirpath_cases import OBSERVATION, PATIENT, untyped, values

from pymedplum_runtime.errors import FHIRPathError
from pymedplum_runtime.fhirpath import Environment, Node, compile_expression

T, F, NONE = [True], [False], list[Any]()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'it\\'s \\u0041\\n'", ["it's A\n"]),
        ("1.50", [Decimal("1.50")]),
        ("@2020-02", ["2020-02"]),
        ("@2020T", ["2020"]),
        ("@T10:30", ["10:30"]),
        ("{}", NONE),
        ("4 days", [{"value": Decimal(4), "unit": "day"}]),
        ("%ucum", ["http://unitsofmeasure.org"]),
        ("%`vs-x-y`", ["http://hl7.org/fhir/ValueSet/x-y"]),
        ("%`ext-x-y`", ["http://hl7.org/fhir/StructureDefinition/x-y"]),
        ("Patient.name.given", ["Peter", "James", "Jim", "Peter"]),
        ("Encounter.name.given", NONE),
        ("name[1].given", ["Jim"]),
        ("name[9]", NONE),
        ("name.where($index = 1).use", ["usual"]),
        ("name.select($this.use)", ["official", "usual", "maiden"]),
        ("name.given.first() & '!'", ["Peter!"]),
        ("'a' & {}", ["a"]),
        ("'a' + {}", NONE),
        ("%resource.id = %context.id and %rootResource.id = 'p1'", T),
    ],
)
def test_literals_and_paths(expression: str, expected: list[Any]) -> None:
    assert values(expression) == expected


@pytest.mark.parametrize(
    ("operator", "table"),
    [
        ("and", "TFNFFFNFN"),
        ("or", "TTTTFNTNN"),
        ("xor", "FTNTFNNNN"),
        ("implies", "TFNTTTTNN"),
    ],
)
def test_logic_knows_three_values(operator: str, table: str) -> None:
    operands = ["true", "false", "{}"]
    pairs = [f"{left} {operator} {right}" for left in operands for right in operands]
    outcomes = {"T": T, "F": F, "N": NONE}

    assert [values(pair) for pair in pairs] == [outcomes[letter] for letter in table]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 = 1.0", T),
        ("1 = '1'", F),
        ("true = 1", F),
        ("(1 | 2) = (2 | 1)", F),
        ("(1 | 2) = (1 | 2 | 3)", F),
        ("1 = {}", NONE),
        ("name = name", T),
        ("name[0] = name[1]", F),
        ("birthDate = '1974-12-25'", T),
        ("@2012-04-15 = @2012-04-15T10:00", NONE),
        ("@2012 = @2013-01", F),
        ("@2012-04-15T15:30:31 = @2012-04-15T15:30:31.0", T),
        ("@2012-01-01T12:00:00Z = @2012-01-01T14:00:00+02:00", T),
        ("@2012-01-01T12:00:00Z = @2012-01-01T12:00:00", NONE),
        ("@2012-01-01T12:00:00Z < @2012-01-03T12:00:00", T),
        ("@2012-01-01T12:00:00Z > @2012-01-03T12:00:00", F),
        ("@2012-01-01T12:00:00 < @2012-01-03T12:00:00Z", T),
        ("birthDate ~ '1974-12-25' and birthDate in '1974-12-25'", T),
        ("birthDate ~ '1974-12' or birthDate = '1974-12'", F),
        ("1 month ~ 30 days and 1 year ~ 365 days and 1 year ~ 12 months", T),
        ("1 month ~ 31 days or 1 year ~ 366 days or 1 year ~ 13 months", F),
        ("12 months ~ 1 'a' and 1 year ~ 1 'a' and 1 week ~ 7 'd'", T),
        ("'a' ~ ' A '", T),
        ("(1 | 2) ~ (2 | 1)", T),
        ("(1 | 2) ~ (2 | 3)", F),
        ("1 ~ 2", F),
        ("{} ~ {}", T),
        ("1.01 ~ 1.0", T),
        ("1.21 ~ 1.1", F),
        ("2 / 3 ~ 0.67", T),
        ("name ~ name.tail() | name.first()", T),
        ("name[0] !~ name[1]", T),
        ("'b' > 'a' and 1 <= 1.0 and @T10 < @T11", T),
        ("birthDate < today()", T),
        ("@2020 < @2020-01", NONE),
        ("1 in (1 | 2) and (1 | 2) contains 2", T),
        ("{} in (1 | 2)", NONE),
        ("1 in {}", F),
        ("1 + 2 * 3 - 4 / 2", [Decimal(5)]),
        ("0.1 + 0.2", [Decimal("0.3")]),
        ("7 div 2 + 7 mod 2", [4]),
        ("1 / 0", NONE),
        ("2147483647 + 1", [2147483648]),
        ("9223372036854775807 + 1", NONE),
        ("-name.count()", [-3]),
        ("@2020-01-31 + 1 month", ["2020-02-29"]),
        ("@2020-02-29 - 1 year", ["2019-02-28"]),
        ("@2020 + 13 months", ["2021"]),
        ("@2020-01 + 31 days", ["2020-02"]),
        ("@2020-01-01T23:59:59.5Z + 500 milliseconds", ["2020-01-02T00:00:00.000Z"]),
        ("@T23:30 + 1 hour", ["00:30"]),
        ("@T00:30 - 1 hour", ["23:30"]),
        ("@9999-12-31 + 1 day", NONE),
        ("birthDate + 1 'wk'", ["1975-01-01"]),
    ],
)
def test_comparisons_and_arithmetic(expression: str, expected: list[Any]) -> None:
    assert values(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("4 'g' = 4000 'mg'", T),
        ("4 'g' ~ 4040 'mg'", T),
        ("4 'g' ~ 5 'g'", F),
        ("1 'cm' < 1 '[in_i]'", T),
        ("7 days = 1 week and 7 days = 1 'wk'", T),
        ("1 year = 1 'a'", NONE),
        ("1 year ~ 1 'a'", T),
        ("24 months = 2 years", T),
        ("1 'mg' < 1 's'", NONE),
        ("1 'mg/dL' = 10 'mg/L'", T),
        ("5 '10*9/L' = 5000 '/uL'", T),
        ("1 '{tablet}' = 1 '{tablet}'", T),
        ("120 'mm[Hg]' > 15 'kPa'", T),
        ("1 '[foo]' = 1 '[foo]'", T),
        ("1 '[foo]' = 1 '[bar]'", NONE),
        ("(2 'cm' * 2 'm') = 0.04 'm2'", T),
        ("(4 'g' / 2 'm') = 2 'g/m'", T),
        ("(1 'kg' + 1 'g') = 1001 'g'", T),
        ("-(5 'mg') < 0 'mg'", T),
        ("(-5.5 'mg').abs() = 5.5 'mg'", T),
        ("1 'cm'.comparable(1 'm') and 1 'cm'.comparable(1 's').not()", T),
        ("5 = 5 '1'", T),
    ],
)
def test_quantities(expression: str, expected: list[Any]) -> None:
    assert values(expression) == expected


def test_a_quantity_of_fhir_is_one_of_the_language() -> None:
    assert values("value = 185 '[lb_av]' and value > 80 'kg'", OBSERVATION) == T


def test_a_quantity_of_another_system_is_equal_to_its_own_kind_alone() -> None:
    odd = {"value": 1, "system": "http://example.org", "code": "mg"}
    resource = {**OBSERVATION, "valueQuantity": odd}

    assert values("value = 1 'mg'", resource) == NONE
    assert values("value = value", resource) == T


@pytest.mark.parametrize(
    "expression",
    [
        "name.given + 'a'",
        "name.where(given)",
        "name.all(given)",
        "iif(name, 1)",
        "1 + 'a'",
        "'a' - 'b'",
        "name > 1",
        "1 > 'a'",
        "1 > 2 is Boolean",
        "-'a'",
        "(1 | 2) and true",
        "(1 | 2) in (1 | 2)",
        "name['a']",
        "name.single()",
        "(1 | 2).toString()",
        "name.startsWith('a')",
        "birthDate + 1",
        "birthDate + 1 'mo'",
        "birthDate + 1 'cm'",
        "(1 | 2) & 'a'",
        "%nosuch",
        "name.given is string",
        "'x'.as(nosuch)",
        "(1 | 2).iif(true, 1)",
        "('a' | 1).allTrue()",
        "name.sort($this)",
        "@2020 < @T10",
        "elementDefinition()",
        "'a'.encode('rot13')",
    ],
)
def test_what_cannot_be_evaluated_is_an_error_without_values(expression: str) -> None:
    with pytest.raises(FHIRPathError) as raised:
        values(expression)

    shown = str(raised.value).replace(expression, "")
    assert "Peter" not in shown
    assert "1974" not in shown
    assert raised.value.position is not None


def test_variables_are_plain_values_nodes_or_lists() -> None:
    assert values("%a + 1", a=1) == [2]
    assert values("%a.given", a={"given": ["x"]}) == ["x"]
    assert values("%a = 0.5", a=Decimal("0.5")) == T
    assert values("%a.count()", a=["x", "y", None]) == [2]
    assert values("%`a-b`", **{"a-b": True}) == T
    with pytest.raises(FHIRPathError, match="set"):
        values("%a", a=set[str]())


def test_a_condition_of_a_single_item_is_true() -> None:
    node = Node(PATIENT)

    assert compile_expression("name[0]").holds(node, Environment()) is True
    assert compile_expression("nothing").holds(node, Environment()) is None
    assert compile_expression("active").holds(node, Environment()) is True
    assert compile_expression("active.not()").holds(node, Environment()) is False


def test_without_types_paths_go_by_the_names_in_the_json() -> None:
    assert untyped("value.unit", OBSERVATION) == ["lbs"]
    assert untyped("value is Quantity", OBSERVATION) == T
    assert untyped("effective > @2020-01-01", OBSERVATION) == T
    assert untyped("birthDate.extension.value", PATIENT) == ["1974-12-25T14:35:45Z"]
    assert untyped("Patient.name.where(use = 'usual').given", PATIENT) == ["Jim"]
    assert untyped("descendants().count() > 30", PATIENT) == T
