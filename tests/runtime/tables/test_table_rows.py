"""Rows of views in Python: iteration, products, unions, values and what is wrong with them."""

import asyncio
import pickle
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from table_shapes import column, view

from pymedplum.fhir import Observation, Patient
from pymedplum_runtime.errors import MedplumError, ViewError
from pymedplum_runtime.tables.python.evaluator import Evaluator, evaluator, has_beside
from pymedplum_runtime.tables.python.table_rows import rows, rows_async
from pymedplum_runtime.tables.views.view import View

ADA: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "ada",
    "name": [{"family": "Lovelace", "given": ["Ada", "Augusta"]}, {"family": "Byron"}],
    "telecom": [{"value": "1"}, {"value": "2"}],
}
BOB: dict[str, Any] = {"resourceType": "Patient", "id": "bob"}


def table(definition: dict[str, Any], *resources: Any, **options: Any) -> list[tuple[Any, ...]]:
    """Return the rows of resources."""
    plan = View.from_definition(definition).plan
    return [tuple(row.values()) for row in rows(plan, resources, options)]  # type: ignore[arg-type]  # any options


def test_rows_are_products_and_the_first_select_varies_slowest() -> None:
    definition = view(
        "Patient",
        column("id"),
        select=[
            {"forEach": "name", "column": [column("family")]},
            {"forEach": "telecom", "column": [column("value")]},
        ],
    )
    assert table(definition, ADA, BOB) == [
        ("ada", "Lovelace", "1"),
        ("ada", "Lovelace", "2"),
        ("ada", "Byron", "1"),
        ("ada", "Byron", "2"),
    ]


def test_the_null_row_is_null_in_every_column_but_the_index() -> None:
    inner = [column("%rowIndex"), column("family"), column("given", collection=True)]
    nested = {"forEach": "given", "column": [{"name": "given", "path": "$this"}]}
    always = [{"name": "said", "path": "'said'"}, {"name": "has", "path": "family.exists()"}]
    definition = view(
        "Patient",
        select=[{"forEachOrNull": "name", "column": inner + always, "select": [nested]}],
    )
    assert table(definition, BOB) == [(0, None, None, None, None, None)]


def test_the_index_is_that_of_the_nearest_iteration() -> None:
    index = {"path": "%rowIndex"}
    definition = view(
        "Patient",
        {"name": "top", **index},
        select=[
            {
                "forEach": "name",
                "column": [{"name": "name_index", **index}],
                "select": [{"forEachOrNull": "given", "column": [{"name": "inner", **index}]}],
                "unionAll": [
                    {"column": [{"name": "union_index", **index}]},
                    {
                        "forEach": "given",
                        "column": [{"name": "union_index", "path": "%rowIndex + 10"}],
                    },
                ],
            }
        ],
    )
    assert table(definition, ADA) == [
        (0, 0, 0, 0),
        (0, 0, 0, 10),
        (0, 0, 0, 11),
        (0, 0, 1, 0),
        (0, 0, 1, 10),
        (0, 0, 1, 11),
        (0, 1, 0, 1),
    ]


def test_repeat_gives_each_item_before_what_it_leads_to() -> None:
    response = {
        "resourceType": "QuestionnaireResponse",
        "item": [
            {"linkId": "1", "answer": [{"item": [{"linkId": "1a"}]}], "item": [{"linkId": "1b"}]},
            {"linkId": "2"},
        ],
    }
    repeated = {"repeat": ["item", "answer.item"], "column": [column("linkId")]}
    found = table(view("QuestionnaireResponse", select=[repeated]), response)
    assert found == [("1",), ("1b",), ("1a",), ("2",)]


@pytest.mark.parametrize("paths", [["$this"], ["$this", "%resource"]])
def test_a_repeat_without_end_is_an_error(paths: list[str]) -> None:
    definition = view("Patient", select=[{"repeat": paths, "column": [column("id")]}])
    with pytest.raises(ViewError, match=r"(?s)repeat"):
        table(definition, BOB)


def test_a_product_that_fills_the_memory_is_an_error() -> None:
    parts = [{"forEach": "name", "column": [{"name": f"n{n}", "path": "family"}]} for n in range(4)]
    many = {"resourceType": "Patient", "name": [{"family": "x"}] * 40}
    with pytest.raises(ViewError, match="more than 1000000 rows"):
        table(view("Patient", select=parts), many)
    assert len(table(view("Patient", select=parts[:3]), many)) == 64_000


def test_conditions_must_all_be_true() -> None:
    definition = view(
        "Patient", column("id"), where=[{"path": "active"}, {"path": "name.exists()"}]
    )
    assert table(definition, {**ADA, "active": True}, ADA, {**BOB, "active": True}) == [("ada",)]


def test_resources_of_other_types_are_left_out() -> None:
    assert table(view("Patient", column("id")), {"resourceType": "Group", "id": "g"}, BOB) == [
        ("bob",)
    ]


OBSERVATION = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "valueQuantity": {"value": Decimal("1.50"), "unit": "mg"},
    "component": [{"valueInteger": 3}, {"valueQuantity": {"value": 7}}],
}


def test_values_are_those_of_the_json_and_decimals_are_exact() -> None:
    definition = view(
        "Observation",
        column("value.ofType(Quantity).value"),
        column("component.value.ofType(Quantity).value", collection=True),
        column("component.value.ofType(integer)", collection=True),
        column("value.ofType(Quantity)", type="Quantity"),
        column("component.count()"),
        column("status"),
    )
    assert repr(table(definition, OBSERVATION)) == repr([
        (Decimal("1.50"), [Decimal(7)], [3], '{"value":1.50,"unit":"mg"}', 2, "final")
    ])  # fmt: skip


def test_floats_of_users_become_the_decimals_that_they_print() -> None:
    given = {**OBSERVATION, "valueQuantity": {"value": 0.1}}
    assert table(view("Observation", column("value.ofType(Quantity).value")), given) == [
        (Decimal("0.1"),)
    ]


def test_models_are_as_good_as_dicts() -> None:
    given = {**OBSERVATION, "code": {"text": "dose"}}
    del given["component"]
    models = Observation.model_validate(given), Patient.model_validate(BOB)
    definition = view("Observation", column("value.ofType(Quantity).value"), column("id"))
    assert repr(table(definition, *models)) == "[(Decimal('1.50'), 'o')]"


def test_a_primitive_without_value_is_an_item_but_no_value() -> None:
    given = {
        "resourceType": "Patient",
        "_birthDate": {"extension": [{"url": "http://a.example", "valueCode": "unknown"}]},
        "name": [{"given": [None, "Ada"], "_given": [{"id": "x"}, None]}],
    }
    definition = view(
        "Patient",
        column("birthDate"),
        column("birthDate.exists()"),
        column("birthDate.extension('http://a.example').value.ofType(code)"),
        column("name.given.count()"),
        column("name.given", collection=True),
    )
    assert table(definition, given) == [(None, True, "unknown", 2, ["Ada"])]


def test_several_values_in_one_cell_are_an_error_that_names_the_resource() -> None:
    with pytest.raises(ViewError) as caught:
        table(view("Patient", column("name.family"), name="names"), BOB, ADA)
    error = caught.value
    assert (error.view, error.place) == ("names", "resource 2 (Patient/ada)")
    assert error.expression == "name.family"
    assert "'c_name_family' has 2 values" in str(error)
    assert "Lovelace" not in str(error)


@pytest.mark.parametrize(
    ("path", "members", "said"),
    [
        ("active", {"active": "secret"}, "holds boolean, and the value is a text"),
        ("birthDate", {"birthDate": 19}, "holds date, and the value is a whole number"),
        ("name[0].family", {"name": [{"family": {"a": 1}}]}, "the value is an object"),
        ("multipleBirth.ofType(integer)", {"multipleBirthInteger": True}, "is a boolean"),
        ("multipleBirth.ofType(integer)", {"multipleBirthInteger": 1.5}, "with a fraction"),
        ("name[0].family", {"name": [{"family": [["secret"]]}]}, "the value is an array"),
        ("name.given.join()", {"name": [{"given": [1]}]}, "a text is needed"),
    ],
)
def test_a_value_of_another_kind_is_an_error_without_it(
    path: str, members: dict[str, Any], said: str
) -> None:
    with pytest.raises(ViewError, match=said) as caught:
        table(view("Patient", column(path)), {"resourceType": "Patient", **members})
    assert "secret" not in repr(caught.value)
    assert caught.value.place == "resource 1 (a Patient)"


def test_errors_are_collected_and_the_rest_of_the_rows_stay() -> None:
    plan = View.from_definition(view("Patient", column("name.family"))).plan
    resources = [BOB, ADA, {"id": "no type"}, BOB]
    found = rows(plan, resources, {"on_error": "collect"})
    assert len(list(found)) == 2
    assert [error.place for error in found.errors if isinstance(error, ViewError)] == [
        "resource 2 (Patient/ada)",
        "resource 3",
    ]
    told: list[MedplumError] = []
    assert len(list(rows(plan, resources, {"on_error": told.append}))) == 2
    assert [str(error) for error in told] == [str(error) for error in found.errors]


def test_rows_before_an_error_come_first() -> None:
    plan = View.from_definition(view("Patient", column("name.family"))).plan
    found = rows(plan, [BOB, ADA, BOB], {})
    assert next(found) == {"c_name_family": None}
    with pytest.raises(ViewError):
        next(found)


def test_rows_of_an_iterator_come_as_its_resources_do() -> None:
    taken: list[int] = []

    def resources() -> Any:
        for number in range(3):
            taken.append(number)
            yield BOB

    found = rows(View.from_definition(view("Patient", column("id"))).plan, resources(), {})
    assert taken == [0]  # looked at, to tell resources from paths
    next(found)
    next(found)
    assert taken == [0, 1]
    found.close()
    assert list(found) == []


def test_rows_come_from_async_iterables_too() -> None:
    plan = View.from_definition(view("Patient", column("id"), column("name.family"))).plan

    async def resources() -> AsyncIterator[Any]:
        for each in (BOB, ADA, Patient.model_validate(BOB)):
            yield each

    async def main() -> tuple[list[Any], list[MedplumError]]:
        async with rows_async(plan, resources(), {"on_error": "collect"}) as found:
            return [row async for row in found], found.errors

    found, errors = asyncio.run(main())
    assert found == [{"c_id": "bob", "c_name_family": None}] * 2
    assert [error.place for error in errors if isinstance(error, ViewError)] == [
        "resource 2 (Patient/ada)"
    ]


@pytest.mark.parametrize(("mistake", "said"), [([BOB], "async for"), (None, "async for")])
def test_rows_async_takes_async_iterables_only(mistake: Any, said: str) -> None:
    plan = View.from_definition(view("Patient", column("id"))).plan
    with pytest.raises(TypeError, match=said):
        rows_async(plan, mistake, {})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}])
def test_what_json_does_not_have_is_an_error(value: object) -> None:
    given = {**OBSERVATION, "valueQuantity": {"value": value}}
    for path, members in (
        ("value.ofType(Quantity)", {"type": "Quantity"}),
        ("value.ofType(Quantity).value", {}),
    ):
        with pytest.raises(ViewError, match="resource 1"):
            table(view("Observation", column(path, **members)), given)


def test_an_evaluator_survives_pickling() -> None:
    plan = View.from_definition(view("Patient", column("id"), column("name.family.first()"))).plan
    copy: Evaluator = pickle.loads(pickle.dumps(evaluator(plan)))  # noqa: S301 - made here
    assert copy(ADA) == [("ada", "Lovelace")]


def test_an_evaluator_names_the_resource_itself() -> None:
    with pytest.raises(ViewError) as caught:
        evaluator(View.from_definition(view("Patient", column("name.family"))).plan)(ADA)
    assert caught.value.place == "Patient/ada"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, False),
        ({"_a": 1}, True),
        ({"a": [{"b": [[{"_c": None}]]}]}, True),
        ({"a": "_b"}, False),
    ],
)
def test_keys_beside_primitives_are_found_at_any_depth(value: Any, expected: bool) -> None:  # noqa: FBT001 - a parameter
    assert has_beside(value) is expected
