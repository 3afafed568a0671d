"""Views from definitions and from Python: read, written, compared, pickled, fetched."""

import asyncio
import json
import pickle
from collections.abc import AsyncIterator, Iterator
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pymedplum.fhir import ViewDefinition
from pymedplum_runtime.errors import NotFoundError, ViewError
from pymedplum_runtime.tables.views.definition import Column, Constant, Select
from pymedplum_runtime.tables.views.view import View

DEFINITION: dict[str, Any] = {
    "resourceType": "ViewDefinition",
    "url": "http://example.org/ViewDefinition/names",
    "status": "active",
    "name": "names",
    "resource": "Patient",
    "fhirVersion": ["4.0.1", "3.0.1"],
    "constant": [{"name": "use", "valueCode": "official"}],
    "select": [
        {"column": [{"name": "id", "path": "getResourceKey()", "type": "id"}]},
        {
            "forEachOrNull": "name.where(use = %use)",
            "column": [
                {"name": "family", "path": "family", "description": "the last one"},
                {"name": "given", "path": "given", "collection": True},
            ],
            "select": [
                {
                    "unionAll": [
                        {"column": [{"name": "text", "path": "text"}]},
                        {"forEach": "given", "column": [{"name": "text", "path": "$this"}]},
                    ]
                }
            ],
        },
    ],
    "where": [{"path": "active"}],
}
BUILT = View(
    "Patient",
    name="names",
    select=[
        Select([Column("id", "getResourceKey()", "id")]),
        Select(
            for_each_or_null="name.where(use = %use)",
            column=[
                Column("family", "family", description="the last one"),
                Column("given", "given", collection=True),
            ],
            select=[
                Select(
                    union_all=[
                        Select([Column("text", "text")]),
                        Select([Column("text", "$this")], for_each="given"),
                    ]
                )
            ],
        ),
    ],
    where=["active"],
    constants={"use": Constant("official", "code")},
    metadata={"url": "http://example.org/ViewDefinition/names", "fhirVersion": ["4.0.1", "3.0.1"]},
)
PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "active": True,
    "name": [{"use": "official", "family": "Doe", "given": ["Jo", "Jay"], "text": "Jo Doe"}],
}


def test_a_definition_and_the_builder_give_the_same_view() -> None:
    assert View.from_definition(DEFINITION) == BUILT
    assert hash(View.from_definition(DEFINITION)) == hash(BUILT)
    assert BUILT.to_definition() == DEFINITION
    assert View.from_definition({**DEFINITION, "where": []}) != BUILT


def test_a_definition_is_read_from_json_and_files_and_models(tmp_path: Path) -> None:
    text = json.dumps(DEFINITION)
    path = tmp_path / "names.json"
    path.write_text(text, encoding="utf-8")
    bom = "\ufeff\n"
    sources = [
        text,
        bom + text,
        text.encode(),
        text.encode("utf-8-sig"),
        path,
        str(path),
        ViewDefinition.model_validate(DEFINITION),
    ]
    for source in sources:
        assert View.from_definition(source) == BUILT


def test_a_file_that_is_not_there_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        View.from_definition(tmp_path / "none.json")


def test_columns_are_in_the_order_of_the_table_and_have_types() -> None:
    found = [(column.name, column.type, column.collection) for column in BUILT.columns]
    assert found == [
        ("id", "id", False),
        ("family", "string", False),
        ("given", "string", True),
        ("text", "string", False),
    ]


def test_a_type_may_be_written_as_a_url() -> None:
    for url in ("http://hl7.org/fhir/StructureDefinition/", "http://hl7.org/fhirpath/System."):
        name = "dateTime" if "Structure" in url else "DateTime"
        column = Column("at", "effective.ofType(dateTime)", f"{url}{name}")
        view = View("Observation", [Select([column])])
        assert view.columns[0].type == "dateTime"


def test_a_view_and_its_plan_go_to_other_processes() -> None:
    copied = pickle.loads(pickle.dumps(BUILT))  # noqa: S301 - bytes of our own
    assert copied == BUILT
    assert list(copied.rows([PATIENT])) == list(BUILT.rows([PATIENT]))
    plan = pickle.loads(pickle.dumps(BUILT.plan))  # noqa: S301 - bytes of our own
    assert [cell.text for cell in plan.columns] == [cell.text for cell in BUILT.plan.columns]


def test_constants_have_the_types_of_python_values() -> None:
    constants = {
        "flag": True,
        "whole": 3,
        "exact": Decimal("1.10"),
        "text": "x",
        "day": Constant("2024-05", "date"),
    }
    view = View("Patient", [Select([Column("id", "id")])], constants=constants)
    assert view.plan.constants == (
        ("flag", "boolean", True),
        ("whole", "integer", 3),
        ("exact", "decimal", Decimal("1.10")),
        ("text", "string", "x"),
        ("day", "date", "2024-05"),
    )
    assert View.from_definition(json.dumps(view.to_definition())) == view


@pytest.mark.parametrize("since", [date(2024, 5, 1), Constant(date(2024, 5, 1), "date")])
def test_a_date_of_python_is_a_date_of_fhir(since: date | Constant) -> None:
    view = View(
        "Patient",
        [Select([Column("young", "birthDate >= %since")])],
        constants={"since": since, "early": time(8, 30)},
    )
    assert view.constants["early"] == Constant("08:30:00", "time")
    assert View.from_definition(view.to_definition()) == view
    young = {"resourceType": "Patient", "birthDate": "2024-05-01"}
    assert [row["young"] for row in view.rows([young])] == [True]


def test_whole_numbers_beyond_32_bits_are_integer64() -> None:
    columns = [Column("a", "%large"), Column("b", "-3000000000"), Column("c", "%large + 1")]
    view = View("Patient", [Select(columns)], constants={"large": 2**40})
    assert [column.type for column in view.columns] == ["integer64", "integer64", "integer64"]
    assert view.to_definition()["constant"] == [{"name": "large", "valueInteger64": 2**40}]
    assert View.from_definition(view.to_definition()) == view
    table = view.to_arrow([PATIENT])
    assert table.to_pylist() == [{"a": 2**40, "b": -3_000_000_000, "c": 2**40 + 1}]


def test_a_long_decimal_keeps_its_digits_in_the_definition() -> None:
    digits = Decimal("0.12345678901234567890123")
    view = View("Patient", [Select([Column("id", "id")])], constants={"d": digits})
    assert view.to_definition()["constant"] == [{"name": "d", "valueDecimal": digits}]
    assert View.from_definition(view.to_definition()) == view


def test_tags_of_columns_are_kept() -> None:
    column = Column("born", "birthDate", tags={"ansi/type": "DATE"})
    view = View("Patient", [Select([column])])
    written = view.to_definition()["select"][0]["column"][0]
    assert written["tag"] == [{"name": "ansi/type", "value": "DATE"}]
    assert View.from_definition(view.to_definition()).select[0].column[0] == column


def test_a_repeated_path_may_name_what_only_some_of_its_items_have() -> None:
    select = Select([Column("linkId", "linkId")], repeat=["item", "answer.item"])
    view = View("QuestionnaireResponse", [select])
    rows = view.plan.rows[0]
    assert rows.focus == "QuestionnaireResponse.item"
    assert [path.text for path in rows.repeat] == ["item", "answer.item"]
    assert view.columns[0].type == "string"


def test_below_a_repeated_path_names_are_checked_where_the_type_is_known() -> None:
    with pytest.raises(ViewError, match="item has no element 'linkd'"):
        View("QuestionnaireResponse", [Select([Column("a", "linkd")], repeat=["item"])])
    View("QuestionnaireResponse", [Select([Column("a", "anything")], repeat=["jurisdiction"])])


class _Server:
    """Answers as a client does, from a list of definitions."""

    def __init__(self, *stored: dict[str, Any]) -> None:
        self.stored = stored

    def read_resource(self, resource_type: str, resource_id: str, /) -> dict[str, Any]:
        assert (resource_type, resource_id) == ("ViewDefinition", "v1")
        return self.stored[0]

    def search_resource_pages(self, resource_type: str, /) -> Iterator[dict[str, Any]]:
        assert resource_type == "ViewDefinition"
        return iter(self.stored)


class _AsyncServer:
    def __init__(self, *stored: dict[str, Any]) -> None:
        self._inner = _Server(*stored)

    async def read_resource(self, resource_type: str, resource_id: str, /) -> dict[str, Any]:
        return self._inner.read_resource(resource_type, resource_id)

    async def search_resource_pages(self, resource_type: str, /) -> AsyncIterator[dict[str, Any]]:
        for each in self._inner.search_resource_pages(resource_type):
            yield each


URL = DEFINITION["url"]
OLD = {**DEFINITION, "version": "1", "meta": {"lastUpdated": "2024-05-01T00:00:00.000Z"}}
NEW = {**DEFINITION, "version": "2", "meta": {"lastUpdated": "2024-05-02T00:00:00.000Z"}}
OTHER = {**DEFINITION, "url": "http://example.org/other"}


@pytest.mark.parametrize(
    ("name", "version"), [("v1", "2"), (URL, "2"), (f"{URL}|1", "1"), (f"{URL}|2", "2")]
)
def test_a_stored_view_is_read_by_its_id_or_its_url(name: str, version: str) -> None:
    view = View.from_server(_Server(NEW, OTHER, OLD), name)
    assert view.metadata["version"] == version
    again = asyncio.run(View.from_server_async(_AsyncServer(NEW, OTHER, OLD), name))
    assert again == view


def test_a_url_that_the_server_does_not_have_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="no ViewDefinition with the URL"):
        View.from_server(_Server(OTHER), f"{URL}|3")
    with pytest.raises(NotFoundError):
        asyncio.run(View.from_server_async(_AsyncServer(), URL))
