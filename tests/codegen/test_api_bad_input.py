"""Everything wrong with the description of the API is reported at once, with its place."""

from pathlib import Path

import pytest
import tiny_api as tiny
from tiny_api import answers, declared, flow, get, path_parameter, post

PLACE = f"openapi.yaml: GET {tiny.PATH}"
JSON_BODY = {"description": "It.", "content": {"application/json": {"schema": {"type": "object"}}}}


def problems_of(tmp_path: Path, *methods: tiny.Json, **facts: object) -> list[str]:
    return tiny.problems_of(tmp_path, get(*methods, **facts))


def test_an_operation_without_methods_needs_a_reason(tmp_path: Path) -> None:
    paths = {"/a": {"get": {}}, "/b": {"get": {"x-python": {"methods": []}}}}

    assert tiny.problems_of(tmp_path, paths) == [
        "openapi.yaml: GET /a: has no x-python",
        "openapi.yaml: GET /b: has neither methods nor a reason for none",
    ]


@pytest.mark.parametrize("name", ["", "a.b.c", "no-name", "1st", "a.import"])
def test_a_method_needs_a_name(tmp_path: Path, name: str) -> None:
    assert problems_of(tmp_path, {"name": name}) == [f"{PLACE}: {name}: has no name for a method"]


def test_unknown_keys_are_problems(tmp_path: Path) -> None:
    sized = {"name": "a", "type": "int", "description": "It.", "size": 1}

    assert problems_of(tmp_path, flow("do", sized, colour="red", shape="round")) == [
        f"{PLACE}: do: has the unknown keys colour, shape",
        f"{PLACE}: do: has the unknown keys size at the parameter 'a'",
    ]


def test_two_methods_of_one_name_are_a_problem(tmp_path: Path) -> None:
    methods = [flow("one"), flow("two", alias="one"), flow("a.one"), flow("b.one"), flow("a.one")]

    assert problems_of(tmp_path, *methods) == [
        f"{PLACE}: a.one: gives the method 'a.one', which GET {tiny.PATH}: a.one gives too",
        f"{PLACE}: two: gives the method 'one', which GET {tiny.PATH}: one gives too",
    ]


def test_names_that_something_else_has_are_problems(tmp_path: Path) -> None:
    methods = [flow("close"), flow("group"), flow("group.do"), flow("list"), flow("group.Sequence")]

    assert problems_of(tmp_path, *methods, flow("base_url.do")) == [
        f"{PLACE}: close: gives the method 'close', which the client has already",
        (
            f"{PLACE}: group.Sequence: gives the method 'group.Sequence', "
            "which would hide 'Sequence' from signatures"
        ),
        f"{PLACE}: group: gives the method 'group', which the client has already",
        f"{PLACE}: list: gives the method 'list', which would hide 'list' from signatures",
        "openapi.yaml: has the group 'base_url', which the client has already",
    ]


def test_an_unknown_shared_parameter_is_a_problem(tmp_path: Path) -> None:
    assert problems_of(tmp_path, flow("do", "colour")) == [
        f"{PLACE}: do: has the parameter 'colour', which is neither shared nor typed"
    ]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            {"type": "Colour | None"},
            "'a' has the type 'Colour | None'; codegen/ir/api_types.py does not know 'Colour'",
        ),
        ({"type": "list["}, "'a' has the type 'list[', which is not Python"),
        ({"type": "int", "default": "1 +"}, "'a' has the default '1 +', which is not Python"),
        ({"type": "int", "description": ""}, "does not describe the parameter 'a'"),
    ],
)
def test_a_parameter_that_would_not_run_is_a_problem(
    tmp_path: Path, facts: tiny.Json, message: str
) -> None:
    parameter = {"name": "a", "description": "It."} | facts

    assert problems_of(tmp_path, flow("do", parameter)) == [f"{PLACE}: do: {message}"]


@pytest.mark.parametrize("name", ["class", "no-name", "self", "answer"])
def test_a_parameter_needs_a_name(tmp_path: Path, name: str) -> None:
    parameter = {"name": name, "type": "int", "description": "It."}

    assert problems_of(tmp_path, flow("do", parameter)) == [
        f"{PLACE}: do: has the parameter '{name}', which is no name for one"
    ]


def test_parameters_in_an_order_that_python_refuses_are_problems(tmp_path: Path) -> None:
    more = {"name": "more", "type": "Any", "kind": "keywords", "description": "The rest."}

    found = problems_of(tmp_path, flow("do", "query", "resource_type", more, "*", "query"))

    assert found == [
        f"{PLACE}: do: has the parameter '**more' before others",
        f"{PLACE}: do: has two parameters 'query'",
        f"{PLACE}: do: requires the parameter 'resource_type' behind one with a default",
    ]


@pytest.mark.parametrize(
    ("returns", "missing"),
    [("resource", "as_fhir"), ("pages", "as_fhir"), ("bundle", "return_bundle, as_fhir")],
)
def test_a_result_needs_the_parameters_that_choose_it(
    tmp_path: Path, returns: str, missing: str
) -> None:
    assert problems_of(tmp_path, flow("do", returns=returns)) == [
        f"{PLACE}: do: returns '{returns}' and lacks the parameter {missing}"
    ]


def test_a_result_of_an_unknown_type_is_a_problem(tmp_path: Path) -> None:
    assert problems_of(tmp_path, flow("do", returns="Colour")) == [
        (
            f"{PLACE}: do: returns a value that has the type 'Colour'; "
            "codegen/ir/api_types.py does not know 'Colour'"
        )
    ]


def test_what_takes_several_requests_needs_a_flow(tmp_path: Path) -> None:
    method = {"name": "do", "returns": "pages", "parameters": ["as_fhir"]}

    assert problems_of(tmp_path, method) == [
        f"{PLACE}: do: returns 'pages', for which it needs a flow"
    ]


@pytest.mark.parametrize("name", ["do", "a.b.c", "flows.", ".do", "flows.do-it"])
def test_a_flow_is_a_function_in_a_module(tmp_path: Path, name: str) -> None:
    assert problems_of(tmp_path, flow("do") | {"flow": name}) == [
        f"{PLACE}: do: has the flow '{name}', which is no module.function"
    ]


def test_a_flow_makes_its_requests_by_itself(tmp_path: Path) -> None:
    assert problems_of(tmp_path, flow("do", body="thing", replay="safe")) == [
        f"{PLACE}: do: has 'body', without effect beside a flow",
        f"{PLACE}: do: has 'replay', without effect beside a flow",
    ]


def test_a_default_of_the_client_bears_the_name_of_the_parameter(tmp_path: Path) -> None:
    parameters = [declared("project", **{"x-python-default": "project_id"})]

    assert problems_of(tmp_path, {"name": "do"}, parameters=parameters) == [
        f"{PLACE}: names a default of the client for 'project', which has to bear its name"
    ]


def test_a_parameter_that_is_sent_nowhere_is_a_problem(tmp_path: Path) -> None:
    assert problems_of(tmp_path, {"name": "do"}, parameters=[declared("a", "cookie")]) == [
        f"{PLACE}: has the parameter 'a' in 'cookie', where none is sent"
    ]


def test_a_request_carries_its_parameters_and_no_others(tmp_path: Path) -> None:
    method = {"name": "do", "parameters": ["query", "timeout"]}
    parameters = [declared("count", required=True)]

    assert problems_of(
        tmp_path, method, responses=answers("text/plain"), parameters=parameters
    ) == [
        f"{PLACE}: do: has the parameter 'query', which nothing carries",
        f"{PLACE}: do: lacks the required parameter 'count'",
    ]


def test_the_parameters_of_a_path_are_declared(tmp_path: Path) -> None:
    paths = get(flow("do"), path="/{a}/{b}", parameters=[path_parameter("b"), path_parameter("c")])

    assert tiny.problems_of(tmp_path, paths) == [
        "openapi.yaml: GET /{a}/{b}: declares the path parameter 'c', which is not in its path",
        "openapi.yaml: GET /{a}/{b}: does not declare the path parameter 'a'",
    ]


def test_a_reference_that_leads_nowhere_is_a_problem(tmp_path: Path) -> None:
    parameters = [{"$ref": "#/components/parameters/Missing"}, {"$ref": "other.yaml#/x"}]

    assert problems_of(tmp_path, flow("do"), parameters=parameters) == [
        f"{PLACE}: refers to #/components/parameters/Missing, which leads nowhere",
        f"{PLACE}: refers to other.yaml#/x, which leads nowhere",
    ]


def test_references_in_a_circle_are_a_problem(tmp_path: Path) -> None:
    ref = "#/components/responses/Round"
    paths = get(flow("do"), responses={"200": {"$ref": ref}})

    assert tiny.problems_of(tmp_path, paths, responses={"Round": {"$ref": ref}}) == [
        f"{PLACE}: refers to {ref}, which leads nowhere"
    ]


def test_an_operation_with_methods_succeeds_somehow(tmp_path: Path) -> None:
    assert problems_of(tmp_path, flow("do"), responses={"404": {}}) == [
        f"{PLACE}: has no successful response"
    ]


def test_a_method_needs_a_summary(tmp_path: Path) -> None:
    assert problems_of(tmp_path, flow("do"), summary="") == [f"{PLACE}: do: has no summary"]


def test_one_of_several_bodies_is_to_be_chosen(tmp_path: Path) -> None:
    body = {"description": "It.", "content": {"text/csv": {}, "image/png": {}}}
    place = f"openapi.yaml: POST {tiny.PATH}"

    assert tiny.problems_of(tmp_path, post({"name": "do"}, requestBody=body)) == [
        f"{place}: accepts text/csv, image/png: name one of them with `content`"
    ]
    wrong = post({"name": "do", "content": "text/xml"}, requestBody=JSON_BODY)
    assert tiny.problems_of(tmp_path, wrong) == [f"{place}: has no body of the type text/xml"]


def test_a_body_needs_a_description(tmp_path: Path) -> None:
    body = JSON_BODY | {"description": ""}

    assert tiny.problems_of(tmp_path, post({"name": "do"}, requestBody=body)) == [
        f"openapi.yaml: POST {tiny.PATH}: do: does not describe the parameter 'body'"
    ]


def test_a_request_is_safe_to_repeat_or_not(tmp_path: Path) -> None:
    assert problems_of(tmp_path, {"name": "do", "replay": "maybe"}) == [
        f"{PLACE}: do: has the replay 'maybe', not safe or unsafe"
    ]


def test_an_example_fits_into_both_clients(tmp_path: Path) -> None:
    line = f"client.do()  # {'x' * 73}"
    method = flow("do", example=line)

    assert len(line) == 88
    assert problems_of(tmp_path, method) == [
        f"{PLACE}: do: has an example whose line 1 is 6 too long in async_client"
    ]


def test_an_example_that_would_not_run_is_a_problem(tmp_path: Path) -> None:
    assert problems_of(tmp_path, flow("do", example="client.undo()")) == [
        f"{PLACE}: do: has an example that calls client.undo, which there is not"
    ]


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    paths = {
        **get(flow("do", "colour"), {"name": "do"}),
        "/x": {"put": {}},
        **post(flow("other", returns="Colour"), path="/y"),
    }

    assert len(tiny.problems_of(tmp_path, paths)) == 4
