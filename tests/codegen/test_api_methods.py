"""Operations of the OpenAPI description become methods: names, parameters, requests, texts."""

from pathlib import Path

import tiny_api as tiny
import yaml
from tiny_api import answers, declared, endpoint_of, flow, get, method_of, path_parameter, post

from codegen.ir.api import Api, LateImport, Method, WireParameter
from codegen.ir.api_build import build_api
from codegen.load_api import ApiSources, load_api
from codegen.render.clients import declarations, handed_on, request_arguments

THING = f"{tiny.PATH}/{{id}}/$do"


def signature(method: Method) -> str:
    return ", ".join(declarations(method.signature)) + f" -> {method.signature.result}"


def test_a_method_with_a_flow_takes_the_parameters_that_are_written_down(tmp_path: Path) -> None:
    headers = {"name": "headers", "type": "dict[str, str]", "description": "More."}
    query = {"name": "query", "description": "Other words."}
    more = {"name": "more", "type": "Any", "kind": "keywords", "description": "The rest."}

    api = tiny.plan_tiny(
        tmp_path, get(flow("search", "resource_type", query, "*", headers, "timeout", more))
    )

    method = method_of(api, "search")
    assert signature(method) == (
        "self, resource_type: str, query: Query | None = None, *, headers: dict[str, str], "
        "timeout: Timeout = None, **more: Any -> None"
    )
    assert [*handed_on(method)] == [
        "self._driver.session",
        "resource_type",
        "query",
        "**more",
        "options=CallOptions(headers=headers, timeout=timeout)",
    ]
    assert method.flow == "_flows.search"
    assert method.call is None


def test_what_is_beside_the_core_is_imported_when_it_is_called(tmp_path: Path) -> None:
    api = tiny.plan_tiny(tmp_path, get(flow("load") | {"flow": "loading.load.load"}))

    method = method_of(api, "load")
    assert method.imports == (LateImport("pymedplum_runtime.loading", "load", "_load"),)
    assert method.flow == "_load.load"
    assert api.clients[0].flows == ()


def test_each_client_gives_a_handle_of_its_own(tmp_path: Path) -> None:
    api = tiny.plan_tiny(tmp_path, get(flow("export", returns="ExportJob")))

    methods = [client.methods[0] for client in api.clients]
    assert [method.handle for method in methods] == ["ExportJob", "AsyncExportJob"]
    assert [method.signature.result for method in methods] == ["ExportJob", "AsyncExportJob"]
    assert [method.opening for method in methods] == ["state = ", "state = await "]


def test_a_generated_class_is_told_where_the_runtime_cannot_name_it(tmp_path: Path) -> None:
    made = {"flow": "cds.calling.ask", "returns": "CDSResponse"}
    api = tiny.plan_tiny(tmp_path, get(flow("ask") | made))

    methods = [client.methods[0] for client in api.clients]
    assert [method.opening for method in methods] == [
        "answer: CDSResponse = ",
        "answer: CDSResponse = await ",
    ]
    assert all(method.returns_answer for method in methods)
    assert methods[0].imports == (LateImport("pymedplum_runtime.cds", "calling", "_calling"),)


def test_a_method_without_a_flow_is_the_request_that_its_operation_describes(
    tmp_path: Path,
) -> None:
    paths = post(
        {"name": "admin.invite_user", "body": "invitation", "replay": "unsafe"},
        path="/admin/{projectId}/{class}/invite",
        parameters=[
            path_parameter("class"),
            path_parameter("projectId"),
            declared("_count", kind="integer"),
            declared("dry-run", kind="boolean", required=True),
            declared("If-Match", "header"),
            declared("X-Medplum-On-Behalf-Of", "header"),
        ],
        requestBody={
            "description": "Who. And why.",
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Guest"}}},
        },
        responses=answers("application/json", type="object"),
    )

    api = tiny.plan_tiny(tmp_path, paths, schemas={"Guest": {"type": "object"}})

    method = method_of(api, "admin.invite_user")
    assert signature(method) == (
        "self, project_id: str, class_: str, invitation: Guest, *, dry_run: bool, "
        "count: int | None = None, if_match: str | None = None, on_behalf_of: str | None = None, "
        "timeout: Timeout = None -> dict[str, Any]"
    )
    assert method.call
    assert [*request_arguments(method.call)] == [
        "self._driver.session",
        "_endpoints.INVITE_USER",
        (
            '{"project_id": project_id, "class_": class_, "invitation": invitation, '
            '"count": count, "dry_run": dry_run, "if_match": if_match}'
        ),
        "options=CallOptions(on_behalf_of=on_behalf_of, timeout=timeout)",
    ]
    endpoint = endpoint_of(api, "INVITE_USER")
    assert (endpoint.method, endpoint.path) == ("POST", "admin/{projectId}/{class}/invite")
    assert (endpoint.is_fhir, endpoint.content_type) == (False, "application/json")
    assert (endpoint.result, endpoint.replay_safe) == ("json", False)
    assert endpoint.parameters == (
        WireParameter("project_id", "projectId", "path"),
        WireParameter("class_", "class", "path"),
        WireParameter("invitation", "", "body"),
        WireParameter("count", "_count", "query"),
        WireParameter("dry_run", "dry-run", "query"),
        WireParameter("if_match", "If-Match", "header"),
    )


def test_paths_of_fhir_are_relative_to_its_base(tmp_path: Path) -> None:
    api = tiny.plan_tiny(
        tmp_path, get({"name": "do"}, path=THING, parameters=[path_parameter("id")])
    )

    endpoint = endpoint_of(api, "DO")
    assert (endpoint.is_fhir, endpoint.path) == (True, "Thing/{id}/$do")


def test_a_parameter_may_be_given_another_name(tmp_path: Path) -> None:
    parameters = [path_parameter("id", **{"x-python-name": "thing_id"})]

    api = tiny.plan_tiny(tmp_path, get({"name": "do"}, path=THING, parameters=parameters))

    assert signature(method_of(api, "do")).startswith("self, thing_id: str, *, as_fhir: ")
    assert endpoint_of(api, "DO").parameters == (WireParameter("thing_id", "id", "path"),)


def test_written_parameters_choose_order_and_default_of_what_a_request_carries(
    tmp_path: Path,
) -> None:
    method = {
        "name": "do",
        "parameters": ["id", {"name": "count", "default": 10}, "*", "as_fhir", "timeout"],
    }
    parameters = [path_parameter("id"), declared("count", kind="integer"), declared("other")]

    api = tiny.plan_tiny(tmp_path, get(method, path=THING, parameters=parameters))

    assert signature(method_of(api, "do")).startswith(
        "self, id: str, count: int | None = 10, *, as_fhir: type[ResourceT] | None = None, timeout"
    )
    wires = [parameter.wire for parameter in endpoint_of(api, "DO").parameters]
    assert wires == ["id", "count"]


def test_another_type_of_a_shared_parameter_has_a_default_of_its_own(tmp_path: Path) -> None:
    query = {"name": "query", "type": "str"}

    api = tiny.plan_tiny(tmp_path, get(flow("search", query, "*", {"name": "timeout"})))

    assert signature(method_of(api, "search")) == (
        "self, query: str, *, timeout: Timeout = None -> None"
    )


def test_a_parameter_of_the_path_may_have_a_default_in_the_client(tmp_path: Path) -> None:
    parameters = [path_parameter("projectId", **{"x-python-default": "project_id"})]
    paths = get({"name": "do"}, path="/{projectId}", parameters=parameters)

    api = tiny.plan_tiny(tmp_path, paths)

    assert signature(method_of(api, "do")).startswith("self, *, project_id: str | None = None, ")
    assert endpoint_of(api, "DO").parameters == (WireParameter("project_id", "projectId", "path"),)


def test_constants_are_sent_without_being_asked_for(tmp_path: Path) -> None:
    parameters = [
        declared("Prefer", "header", required=True, schema={"const": "respond-async"}),
        declared("form", required=True, schema={"const": "it's"}),
        declared("optional", schema={"type": "string", "const": "x"}),
    ]

    api = tiny.plan_tiny(tmp_path, get({"name": "do"}, parameters=parameters))

    call = method_of(api, "do").call
    assert call
    assert list(request_arguments(call))[2] == (
        """{"optional": optional, "form": "it's", "prefer": 'respond-async'}"""
    )
    wires = [(p.wire, p.place) for p in endpoint_of(api, "DO").parameters]
    assert wires == [("form", "query"), ("optional", "query"), ("Prefer", "header")]


def test_a_query_may_be_given_as_a_whole_and_a_list_as_one_value(tmp_path: Path) -> None:
    array = {"type": "array", "items": {"type": "string"}}
    whole = {"x-python-type": "Query", "schema": {"type": "object"}}
    parameters = [
        declared("query", **whole),
        declared("one", schema=array, explode=False),
        declared("many", schema=array),
    ]

    api = tiny.plan_tiny(tmp_path, get({"name": "do"}, parameters=parameters))

    assert signature(method_of(api, "do")).startswith(
        "self, *, query: Query | None = None, one: list[str] | None = None, many: list[str] | None"
    )
    assert endpoint_of(api, "DO").parameters == (
        WireParameter("query", "", "query"),
        WireParameter("one", "one", "query"),
        WireParameter("many", "many", "query", repeats=True),
    )


def test_a_method_that_belongs_to_no_operation_stands_at_the_root(tmp_path: Path) -> None:
    file = tiny.write_api(tmp_path, get(flow("first")))
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    raw = flow("get", "query", returns="Any", summary="Send it.")
    document["x-python"] = {"methods": [raw, {"name": "put"}]}
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    specs, _ = load_api(ApiSources(file))

    api, problems = build_api(specs, tiny.TYPES)

    assert [method.name for method in api.clients[0].methods] == ["first", "get", "put"]
    assert sorted({str(problem) for problem in problems}) == [
        "openapi.yaml: x-python: put: has no summary",
        "openapi.yaml: x-python: put: lacks flow: it belongs to no operation that would tell",
        "openapi.yaml: x-python: put: lacks parameters: it belongs to no operation that would tell",
        "openapi.yaml: x-python: put: lacks returns: it belongs to no operation that would tell",
    ]


def test_the_root_of_fhir_is_relative_to_its_base_too(tmp_path: Path) -> None:
    api = tiny.plan_tiny(tmp_path, get({"name": "do"}, path="/fhir/R4"))

    endpoint = endpoint_of(api, "DO")
    assert (endpoint.is_fhir, endpoint.path) == (True, "")


def test_one_operation_may_back_several_methods(tmp_path: Path) -> None:
    api = tiny.plan_tiny(
        tmp_path,
        get(flow("one", alias="Eins"), flow("two", summary="Do both."), description="More of it."),
    )

    one, two = api.clients[0].methods
    assert (one.alias, two.alias) == ("Eins", None)
    assert one.docstring == ("Do it.", "", "More of it.", "")
    assert two.docstring == ("Do both.",)


def test_an_operation_needs_no_method_where_it_says_why(tmp_path: Path) -> None:
    paths = {"/x": {"get": {"x-python": {"methods": [], "reason": "The runtime does it."}}}}

    assert tiny.plan_tiny(tmp_path, paths).clients[0].methods == ()


def test_methods_of_a_group_stand_in_modules_of_their_own(tmp_path: Path) -> None:
    api = tiny.plan_tiny(tmp_path, get({"name": "bulk_data.read"}, flow("search")))

    assert [(group.name, group.class_name) for group in api.groups] == [
        ("bulk_data", "BulkData"),
        ("async_bulk_data", "AsyncBulkData"),
    ]
    assert [method.name for method in api.groups[0].methods] == ["read"]
    assert [group.class_name for group in api.clients[1].groups] == ["AsyncBulkData"]
    assert [method.name for method in api.clients[0].methods] == ["search"]
    assert [(table.name, table.owner) for table in api.endpoints] == [
        ("bulk_data", "client.bulk_data")
    ]
    assert (api.clients[0].endpoints, api.clients[0].flows) == (None, ("flows",))


def _replay(tmp_path: Path, verb: str, method: tiny.Json, *definitions: tiny.Json) -> bool | None:
    paths = {tiny.PATH: {verb: tiny.operation({"name": "do"} | method)}}
    return endpoint_of(tiny.plan_tiny(tmp_path, paths, *definitions), "DO").replay_safe


def test_whether_a_request_may_be_repeated_is_left_to_the_verb(tmp_path: Path) -> None:
    assert [_replay(tmp_path, verb, {}) for verb in ("get", "put", "post", "patch")] == [None] * 4


def test_a_method_may_say_whether_it_may_be_repeated(tmp_path: Path) -> None:
    assert _replay(tmp_path, "post", {"replay": "safe"}) is True
    assert _replay(tmp_path, "put", {"replay": "unsafe"}) is False


def test_a_post_that_changes_nothing_may_be_repeated(tmp_path: Path) -> None:
    harmless = tiny.definition("look", affectsState=False)
    harmful = tiny.definition("touch", affectsState=True)

    assert _replay(tmp_path, "post", {"operation": harmless["url"]}, harmless) is True
    assert _replay(tmp_path, "post", {"operation": harmful["url"]}, harmful) is None
    unsafe = {"operation": harmless["url"], "replay": "unsafe"}
    assert _replay(tmp_path, "post", unsafe, harmless) is False


def test_the_asynchronous_client_awaits_what_the_other_returns(tmp_path: Path) -> None:
    api = tiny.plan_tiny(
        tmp_path,
        get(
            flow("one", returns="int"),
            flow("many", "as_fhir", returns="pages"),
            {"name": "request"},
        ),
    )

    def opening(name: str) -> tuple[str, str, str]:
        method = method_of(api, name, is_async=True)
        return method.keyword, method.opening, method.driver_method

    assert opening("one") == ("async def", "return await ", "run")
    assert opening("many") == ("def", "return ", "iterate")
    assert opening("request") == (
        "async def",
        "answer: dict[str, Any] | ResourceT = await ",
        "run",
    )
    assert method_of(api, "one").keyword == "def"


def test_the_clients_differ_in_nothing_but_their_manner(tmp_path: Path) -> None:
    def names(api: Api, *, is_async: bool) -> list[str]:
        return [method.name for method in api.clients[is_async].methods]

    api = tiny.plan_tiny(
        tmp_path, get(flow("one", "query"), flow("many", "as_fhir", returns="pages"))
    )

    assert names(api, is_async=False) == names(api, is_async=True) == ["one", "many"]
    assert signature(method_of(api, "one")) == signature(method_of(api, "one", is_async=True))
