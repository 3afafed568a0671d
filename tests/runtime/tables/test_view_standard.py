"""What the standard says beyond the public cases that the project holds, on the Python engine."""

from decimal import Decimal
from typing import Any

import pytest
from view_parts import definition

from pymedplum_runtime.tables.views.definition import Column, Select
from pymedplum_runtime.tables.views.view import View

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "birthDate": "1978-03-12",
    "telecom": [{"value": "t1"}, {"value": "t2"}],
    "contact": [
        {"name": {"family": "C1"}, "telecom": [{"value": "c11"}, {"value": "c12"}]},
        {"name": {"family": "C2"}, "telecom": [{"value": "c21"}]},
    ],
    "link": [{"type": "seealso", "other": {"reference": "Patient/p1"}}],
}
BARE = {"resourceType": "Patient", "id": "p2"}


def _rows(resource: str, selects: list[Select], *resources: dict[str, Any]) -> list[Any]:
    return [tuple(row.values()) for row in View(resource, selects).rows(list(resources))]


def _tel(path: str) -> Select:
    return Select([Column("tel", "value")], for_each=path)


ID = Column("id", "id")


def test_alternatives_of_a_union_come_one_after_the_other_for_each_resource() -> None:
    union = Select([ID], union_all=[_tel("telecom"), _tel("contact.telecom")])
    tels = ["t1", "t2", "c11", "c12", "c21"]
    assert _rows("Patient", [union], PATIENT, BARE) == [("p1", tel) for tel in tels]


def test_a_union_may_stand_in_a_union() -> None:
    inner = Select(union_all=[_tel("telecom[0]"), _tel("contact.telecom[0]")])
    union = Select([ID], union_all=[_tel("telecom[0]"), inner])
    assert _rows("Patient", [union], PATIENT) == [("p1", "t1"), ("p1", "t1"), ("p1", "c11")]


@pytest.mark.parametrize(
    ("first", "second", "type_name", "values"),
    [
        ("1", "1.5", "decimal", [Decimal(1), Decimal("1.5")]),
        ("1.5", "1", "decimal", [Decimal("1.5"), Decimal(1)]),
        ("birthDate", "meta.lastUpdated", "dateTime", ["1978-03-12", None]),
        ("birthDate", "gender", "code", ["1978-03-12", None]),
        ("{}", "telecom.count()", "integer", [None, 2]),
        ("telecom.exists()", "{}", "boolean", [True, None]),
        ("id", "{}", "id", ["p1", None]),
    ],
)
def test_a_column_of_a_union_has_one_type_that_all_alternatives_fit(
    first: str, second: str, type_name: str, values: list[Any]
) -> None:
    branches = [Select([Column("a", path)]) for path in (first, second)]
    nested = Select(union_all=[Select(select=[branches[0]]), Select(union_all=[branches[1]])])
    view = View("Patient", [nested])
    assert [column.type for column in view.columns] == [type_name]
    found = [row["a"] for row in view.rows([PATIENT])]
    assert [(each, type(each)) for each in found] == [(each, type(each)) for each in values]


def test_columns_beside_a_union_within_a_union_keep_their_types() -> None:
    inner = Select(union_all=[Select([Column("a", "1")]), Select([Column("a", "{}")])])
    beside = Select([Column("b", "birthDate")])
    other = Select([Column("a", "1.5"), Column("b", "{}")])
    view = View("Patient", [Select(union_all=[Select(select=[inner, beside]), other])])
    assert [column.type for column in view.columns] == ["decimal", "date"]
    assert [tuple(row.values()) for row in view.rows([PATIENT])] == [
        (1, "1978-03-12"),
        (None, "1978-03-12"),
        (Decimal("1.5"), None),
    ]


def test_each_alternative_of_a_union_keeps_its_row_of_nulls() -> None:
    given = Select([Column("given", "given")], for_each_or_null="name")
    union = Select([ID], union_all=[given, given])
    assert _rows("Patient", [union], PATIENT) == [("p1", None), ("p1", None)]


def test_an_alternative_without_items_gives_no_rows() -> None:
    union = Select(union_all=[_tel("telecom.where(false)"), _tel("contact.telecom")])
    assert _rows("Patient", [union], PATIENT) == [("c11",), ("c12",), ("c21",)]


INDEX = Column("index", "%rowIndex")


def test_the_index_of_the_resource_is_0_and_that_of_an_item_its_position() -> None:
    selects = [Select([INDEX]), Select([Column("at", "%rowIndex")], for_each="telecom")]
    assert _rows("Patient", selects, PATIENT, BARE) == [(0, 0), (0, 1)]


def test_the_index_of_the_row_of_nulls_is_0() -> None:
    select = Select([INDEX, Column("value", "value")], for_each_or_null="telecom")
    assert _rows("Patient", [select], PATIENT, BARE) == [(0, "t1"), (1, "t2"), (0, None)]


def test_each_level_of_iteration_has_its_own_index() -> None:
    inner = Select([Column("inner", "%rowIndex")], for_each="telecom")
    outer = Select([Column("outer", "%rowIndex")], for_each="contact", select=[inner])
    assert _rows("Patient", [outer], PATIENT) == [(0, 0), (0, 1), (1, 0)]


def test_an_alternative_without_iteration_has_the_index_around_it() -> None:
    branches = [
        Select([INDEX, Column("value", "value")], for_each="telecom"),
        Select([INDEX, Column("value", "name.family")]),
    ]
    select = Select(for_each="contact", select=[Select(union_all=branches)])
    assert _rows("Patient", [select], PATIENT) == [
        (0, "c11"),
        (1, "c12"),
        (0, "C1"),
        (0, "c21"),
        (1, "C2"),
    ]


def test_the_index_counts_through_all_that_is_repeated() -> None:
    items = [{"linkId": "1", "item": [{"linkId": "1.1"}, {"linkId": "1.2"}]}, {"linkId": "2"}]
    response = {"resourceType": "QuestionnaireResponse", "id": "q", "item": items}
    select = Select([INDEX, Column("link", "linkId")], repeat=["item"])
    found = _rows("QuestionnaireResponse", [select], response)
    assert found == [(0, "1"), (1, "1.1"), (2, "1.2"), (3, "2")]


@pytest.mark.parametrize(
    ("target", "expected"), [("", [True]), ("Patient", [True]), ("Observation", [None])]
)
def test_the_key_of_a_reference_is_that_of_the_resource_it_is_to(
    target: str, expected: list[bool | None]
) -> None:
    path = f"getResourceKey() = link.other.getReferenceKey({target})"
    assert _rows("Patient", [Select([Column("same", path)])], PATIENT, BARE) == [
        tuple(expected),
        (None,),
    ]


RANGE = {"resourceType": "Observation", "valueRange": {"low": {"value": 2}, "high": {"value": 3}}}
LOW, HIGH = "value.ofType(Range).low.value", "value.ofType(Range).high.value"


def test_numbers_are_calculated_with_and_compared() -> None:
    operators = ("+", "-", "*", "/", "=", ">", ">=", "<", "<=")
    paths = [f"{HIGH} {operator} {LOW}" for operator in operators]
    view = View.from_definition(definition(*paths, resource="Observation"))
    (row,) = view.rows([RANGE])
    assert list(row.values()) == [5, 1, 6, 1.5, False, True, True, False, False]
    assert [column.type for column in view.columns] == ["decimal"] * 4 + ["boolean"] * 5


CONSTANTS = [
    ("Device", "udiCarrier.first().carrierAIDC", "Base64Binary", "aGVsbG8K", "udiCarrier"),
    ("Patient", "gender", "Code", "female", "gender"),
    ("Patient", "birthDate", "Date", "1978-03-12", "birthDate"),
    (
        "DetectedIssue",
        "identified.ofType(dateTime)",
        "DateTime",
        "2016-11-12",
        "identifiedDateTime",
    ),
    (
        "Observation",
        "effective.ofType(Instant)",
        "Instant",
        "2015-02-07T13:28:17Z",
        "effectiveInstant",
    ),
    ("Observation", "value.ofType(Time)", "Time", "18:12:00", "valueTime"),
    ("ClaimResponse", "item.first().itemSequence", "PositiveInt", 1, "item"),
    ("ImagingStudy", "numberOfSeries", "UnsignedInt", 9, "numberOfSeries"),
    ("Measure", "url", "Uri", "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "url"),
    ("Task", "output.first().value.ofType(url)", "Url", "http://example.org", "valueUrl"),
    ("Task", "output.first().value.ofType(oid)", "Url", "urn:oid:1.0", "valueOid"),
    ("Task", "output.first().value.ofType(uuid)", "Uuid", "urn:uuid:1", "valueUuid"),
    ("Task", "output.first().value.ofType(id)", "Id", "id1", "valueId"),
    ("Patient", "multipleBirth.ofType(integer)", "Integer", 2, "multipleBirthInteger"),
    ("Patient", "active", "Boolean", True, "active"),
]


@pytest.mark.parametrize(("resource", "path", "kind", "constant", "element"), CONSTANTS)
def test_a_constant_of_any_type_equals_what_is_alike(
    resource: str, path: str, kind: str, constant: str | int, element: str
) -> None:
    def holding(value: object) -> dict[str, Any]:
        if resource == "Task":
            return {"resourceType": resource, "output": [{element: value}]}
        if element == "udiCarrier":
            return {"resourceType": resource, element: [{"carrierAIDC": value}]}
        if element == "item":
            return {"resourceType": resource, element: [{"itemSequence": value}]}
        return {"resourceType": resource, element: value}

    other: Any = {
        bool: False,
        int: 1000,
        str: {"Date": "1979-03-12", "Time": "18:12:01"}.get(kind, "2016-11-13T00:00:00Z"),
    }[type(constant)]
    given = [{"name": "c", f"value{kind}": constant}]
    view = View.from_definition(definition(f"{path} = %c", resource=resource, constant=given))
    rows = view.rows([holding(constant), holding(other), {"resourceType": resource}])
    assert [row["a"] for row in rows] == [True, False, None]


def test_a_decimal_constant_is_compared_as_a_number() -> None:
    given = [{"name": "v", "valueDecimal": 1.2}]
    path = "value.ofType(Quantity).value < %v"
    view = View.from_definition(definition(path, resource="Observation", constant=given))
    quantities = [
        {"resourceType": "Observation", "valueQuantity": {"value": v}} for v in (1.0, 1.8)
    ]
    rows = view.rows([*quantities, {"resourceType": "Observation"}])
    assert [row["a"] for row in rows] == [True, False, None]


def test_a_column_with_elements_of_its_own_is_json_when_it_says_so() -> None:
    name = {"family": "C1"}
    view = View("Patient", [Select([Column("name", "contact.first().name", "HumanName")])])
    (row,) = view.rows([PATIENT])
    backbone = View("Patient", [Select([Column("contact", "contact[1]", "BackboneElement")])])
    (row_of_backbone,) = backbone.rows([PATIENT])
    assert row_of_backbone["contact"].startswith('{"name":{"family":"C2"}')
    assert row["name"] == '{"family":"C1"}' == str(name).replace("'", '"').replace(" ", "")
