"""The parameters of an OperationDefinition become the parameters of a method."""

from pathlib import Path

import pytest
import tiny_api as tiny
from tiny_api import definition, endpoint_of, method_of, parameter, path_parameter

from codegen.ir.api import Method, WireParameter
from codegen.render.clients import declarations

PATH = f"{tiny.PATH}/{{id}}/$do"


def build(
    tmp_path: Path, *parameters: tiny.Json, verb: str = "post", **facts: object
) -> tuple[Method, tuple[WireParameter, ...]]:
    do = definition("do", *parameters)
    operation = tiny.operation(
        {"name": "do", "operation": do["url"], **facts}, parameters=[path_parameter("id")]
    )
    api = tiny.plan_tiny(tmp_path, {PATH: {verb: operation}}, do)
    return method_of(api, "do"), endpoint_of(api, "DO").parameters


def declared(method: Method) -> list[str]:
    """The parameters between the path and what every method has."""
    written = list(declarations(method.signature))
    return [
        text for text in written[3:] if not text.startswith(("as_fhir", "on_behalf", "timeout"))
    ]


@pytest.mark.parametrize(
    ("code", "type_"),
    [
        ("string", "str"),
        ("canonical", "str"),
        ("base64Binary", "str"),
        ("date", "str | date"),
        ("dateTime", "str | date | datetime"),
        ("instant", "str | datetime"),
        ("boolean", "bool"),
        ("positiveInt", "int"),
        ("decimal", "Decimal | float"),
        ("Coding", "ElementLike"),
        ("Thing", "ResourceLike"),
        ("Resource", "ResourceLike"),
        ("", "dict[str, Any]"),
    ],
)
def test_types_of_fhir_have_a_type_in_python(tmp_path: Path, code: str, type_: str) -> None:
    method, wires = build(tmp_path, parameter("it", code))

    assert declared(method) == [f"it: {type_} | None = None"]
    assert wires[1] == WireParameter("it", "it", "parameters", code)


def test_a_parameter_of_any_type_takes_anything(tmp_path: Path) -> None:
    method, _ = build(tmp_path, parameter("it", "Type"))

    assert declared(method) == ["it: Any = None"]


def test_required_parameters_come_first_and_lists_are_lists(tmp_path: Path) -> None:
    method, wires = build(
        tmp_path,
        parameter("code", "code", max="*"),
        parameter("coding", "Coding", max="*", min=1),
        parameter("since", "instant", min=1),
    )

    assert declared(method) == [
        "coding: Sequence[ElementLike]",
        "since: str | datetime",
        "code: list[str] | None = None",
    ]
    assert [wire.repeats for wire in wires] == [False, True, True, False]


def test_names_lose_an_underscore_before_them_and_keywords_get_one_behind(tmp_path: Path) -> None:
    parameters = [parameter(name, "code") for name in ("_since", "import", "type", "valueSet")]

    method, wires = build(tmp_path, *parameters)

    assert [text.partition(":")[0] for text in declared(method)] == [
        "since",
        "import_",
        "type",
        "value_set",
    ]
    assert [wire.wire for wire in wires[1:]] == ["_since", "import", "type", "valueSet"]


def test_out_parameters_are_left_out(tmp_path: Path) -> None:
    method, wires = build(tmp_path, parameter("return", "Bundle", use="out"))

    assert declared(method) == []
    assert len(wires) == 1


def test_a_query_carries_what_is_simple(tmp_path: Path) -> None:
    parameters = [parameter("start", "date"), parameter("coding", "Coding")]

    method, wires = build(tmp_path, *parameters, verb="get")

    assert declared(method) == ["start: str | date | None = None"]
    assert wires[1:] == (WireParameter("start", "start", "query", "date"),)


def test_a_query_cannot_carry_a_required_datatype(tmp_path: Path) -> None:
    do = definition("do", parameter("coding", "Coding", min=1))
    paths = tiny.get({"name": "do", "operation": do["url"]})

    assert tiny.problems_of(tmp_path, paths, do) == [
        (
            "OperationDefinition/do.json: coding: is of the type 'Coding', which no query carries; "
            "use POST"
        )
    ]


def test_an_unknown_type_is_a_problem(tmp_path: Path) -> None:
    do = definition("do", parameter("it", "Missing"))
    paths = tiny.post({"name": "do", "operation": do["url"]})

    assert tiny.problems_of(tmp_path, paths, do) == [
        "OperationDefinition/do.json: it: has the unknown type 'Missing'"
    ]


def test_an_unknown_definition_is_a_problem(tmp_path: Path) -> None:
    paths = tiny.post({"name": "do", "operation": "urn:missing"})

    assert tiny.problems_of(tmp_path, paths) == [
        f"openapi.yaml: POST {tiny.PATH}: names the unknown OperationDefinition urn:missing"
    ]


def test_an_asynchronous_operation_may_be_left_to_the_server(tmp_path: Path) -> None:
    method, _ = build(tmp_path, asynchronous=True)

    assert "prefer_async: bool = False" in declared(method)
    assert method.call
    assert method.call.options == ("prefer_async", "as_fhir", "on_behalf_of", "timeout")
