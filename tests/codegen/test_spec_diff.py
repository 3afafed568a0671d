"""What our description lacks of a server's is found, named, and makes the exit status 1."""

import gzip
import json
from pathlib import Path

import httpx
import pytest
from tiny_specs import Json, definition, element, resource

from codegen.__main__ import main
from codegen.load import Source, Specs
from codegen.load_api import ApiSpecs
from codegen.server_documents import ServerDocumentError, ServerDocuments, read_server
from codegen.spec_diff import OurSpecs, Section, compare, lacks_something, report

EVERYTHING = "http://example.org/OperationDefinition/everything"
TYPE = {"name": "resourceType", "in": "path", "required": True, "schema": {"type": "string"}}
COUNT = {"name": "_count", "in": "query", "schema": {"type": "integer"}}
DOCUMENT: Json = {
    "openapi": "3.1.0",
    "paths": {
        "/fhir/R4/{resourceType}": {
            "parameters": [{"$ref": "#/components/parameters/Type"}],
            "get": {
                "x-fhir-interaction": ["search-type"],
                "parameters": [COUNT],
                "responses": {"200": {"$ref": "#/components/responses/Bundle"}},
            },
            "post": {"x-fhir-interaction": ["create", "conditional-create"], "responses": {}},
        },
        "/fhir/R4/Thing/{id}/$everything": {"get": {"x-fhir-operation": EVERYTHING}},
        "/fhir/R4": {"post": {"x-fhir-interaction": ["batch"]}},
    },
    "components": {
        "parameters": {"Type": TYPE},
        "responses": {"Bundle": {"description": "", "content": {"application/fhir+json": {}}}},
        "securitySchemes": {"Bearer": {"type": "http", "scheme": "bearer"}},
        "schemas": {"Token": {"type": "object"}},
    },
}
THING = resource("Thing", element("Thing.part", "BackboneElement"), element("Thing.part.part"))
NAME = definition("Name")


def _ours() -> OurSpecs:
    operations = {EVERYTHING: Source("x.json", {"code": "everything", "url": EVERYTHING})}
    definitions = {d["url"]: Source("x.json", d) for d in (THING, NAME)}
    return OurSpecs(
        ApiSpecs("openapi.yaml", DOCUMENT, operations),
        Specs(definitions=definitions),
        {"Thing": {"name": "string"}, "Resource": {"_id": "token"}},
    )


def _openapi(**paths: Json) -> Json:
    return {"openapi": "3.1.0", "paths": {}} | paths


def _capabilities(*resources: Json, **rest: list[Json]) -> Json:
    return {"rest": [{"mode": "server", "resource": list(resources), **rest}]}


def _compare(openapi: Json | None = None, capabilities: Json | None = None) -> list[Section]:
    server = ServerDocuments(openapi or _openapi(), capabilities or _capabilities())
    return compare(_ours(), server)


def _lacking(sections: list[Section]) -> dict[str, tuple[str, ...]]:
    return {section.title: section.we_lack for section in sections if section.we_lack}


def test_the_same_on_both_sides_lacks_nothing() -> None:
    thing = {
        "type": "Thing",
        "interaction": [{"code": "create"}, {"code": "search-type"}],
        "conditionalCreate": True,
        "conditionalRead": "not-supported",
        "searchParam": [{"name": "_id", "type": "token"}, {"name": "name", "type": "string"}],
        "operation": [{"name": "everything", "definition": EVERYTHING}],
    }
    capabilities = _capabilities(thing, interaction=[{"code": "batch"}])

    sections = _compare(DOCUMENT, capabilities)

    assert not lacks_something(sections)
    assert [s.title for s in sections if s.server_lacks] == [
        "schemas",
        "parameters of every search",
    ]


def test_missing_paths_and_methods_are_named() -> None:
    openapi = _openapi(paths={"/fhir/R4": {"get": {}, "post": {}}, "/new": {"put": {}}})

    assert _lacking(_compare(openapi)) == {"paths and methods": ("GET /fhir/R4", "PUT /new")}


def test_parameters_media_types_and_responses_of_shared_methods_are_compared() -> None:
    search = {
        "parameters": [TYPE, {"name": "_at", "in": "query"}],
        "requestBody": {"content": {"text/plain": {}}},
        "responses": {"200": {"content": {"application/xml": {}}}, "404": {"description": ""}},
    }

    lacking = _lacking(_compare(_openapi(paths={"/fhir/R4/{resourceType}": {"get": search}})))

    place = "GET /fhir/R4/{resourceType}"
    assert lacking == {
        "parameters, bodies and responses of the methods that both have": (
            f"{place}: body text/plain",
            f"{place}: query parameter _at",
            f"{place}: response 200 application/xml",
            f"{place}: response 404",
        )
    }


def test_security_schemes_are_compared_by_name_and_kind() -> None:
    schemes = {"Bearer": {"type": "http", "scheme": "basic"}}

    lacking = _lacking(_compare(_openapi(components={"securitySchemes": schemes})))

    assert lacking == {"security schemes": ("Bearer http basic",)}


@pytest.mark.parametrize(
    "known", ["Thing", "Name", "Token", "Thing_Part", "ThingPart", "ResourceList"]
)
def test_schemas_may_be_definitions_their_inner_classes_or_our_own(known: str) -> None:
    assert _lacking(_compare(_openapi(components={"schemas": {known: {}}}))) == {}


def test_unknown_schemas_are_named() -> None:
    lacking = _lacking(_compare(_openapi(components={"schemas": {"Thing_Other": {}}})))

    assert lacking == {"schemas": ("Thing_Other",)}


def test_types_interactions_and_conditional_capabilities_are_compared() -> None:
    thing = {"type": "Thing", "interaction": [{"code": "vread"}], "conditionalDelete": "single"}
    capabilities = _capabilities(thing, {"type": "New"}, interaction=[{"code": "transaction"}])

    assert _lacking(_compare(capabilities=capabilities)) == {
        "resource types": ("New",),
        "interactions and conditional capabilities": (
            "Thing: conditional-delete",
            "Thing: vread",
            "transaction",
        ),
    }


def test_operations_are_compared_by_code_and_definition() -> None:
    operation = {"name": "$everything", "definition": "http://example.org/other"}

    lacking = _lacking(_compare(capabilities=_capabilities(operation=[operation])))

    assert lacking == {"operations": ("$everything: http://example.org/other",)}


def test_search_parameters_are_compared_by_type_name_and_kind() -> None:
    parameters = [
        {"name": "name", "type": "token"},
        {"name": "new", "type": "date"},
        {"name": "_count", "type": "number"},
    ]
    capabilities = _capabilities(
        {"type": "Thing", "searchParam": parameters}, searchParam=[{"name": "_sort", "type": "x"}]
    )

    assert _lacking(_compare(capabilities=capabilities)) == {
        "search parameters by type": ("Thing: name (token)", "Thing: new (date)"),
        "parameters of every search": ("_sort",),
    }


def test_the_report_groups_what_either_side_lacks() -> None:
    lines = list(report(_compare(_openapi(paths={"/new": {"put": {}}}))))

    assert lines[:3] == ["Our description lacks: 1", "  paths and methods (1)", "    PUT /new"]
    assert "  resource types (1)" in lines
    assert lines[lines.index("  resource types (1)") + 1] == "    Thing"


def test_what_the_server_does_not_mention_is_cut_short() -> None:
    many = Section("schemas", (), tuple(f"S{n:02}" for n in range(20)))

    assert list(report([many]))[-2:] == ["    S11", "    ... and 8 more"]


def _write(folder: Path, openapi: Json, capabilities: Json) -> Path:
    folder.mkdir()
    (folder / "openapi.json").write_text(json.dumps(openapi), encoding="utf-8")
    (folder / "metadata.json.gz").write_bytes(gzip.compress(json.dumps(capabilities).encode()))
    return folder


def test_a_folder_may_hold_plain_and_packed_copies(tmp_path: Path) -> None:
    folder = _write(tmp_path / "server", _openapi(), _capabilities())

    assert read_server(str(folder)) == ServerDocuments(_openapi(), _capabilities())


def test_a_server_is_asked_for_both_documents() -> None:
    answers = {"/base/openapi.json": _openapi(), "/base/fhir/R4/metadata": _capabilities()}
    transport = httpx.MockTransport(lambda r: httpx.Response(200, json=answers[r.url.path]))

    server = read_server("https://server.test/base/", transport=transport)

    assert server == ServerDocuments(_openapi(), _capabilities())


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (httpx.Response(404), r"openapi\.json answers 404"),
        (httpx.Response(200, text="<html>"), "is not JSON"),
        (httpx.Response(200, json={}), "has no 'paths'"),
    ],
)
def test_a_server_without_the_documents_is_refused(response: httpx.Response, message: str) -> None:
    transport = httpx.MockTransport(lambda _: response)

    with pytest.raises(ServerDocumentError, match=message):
        read_server("https://server.test", transport=transport)


def test_a_server_that_does_not_answer_is_named() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(ServerDocumentError, match="does not answer: ConnectError"):
        read_server("http://server.test", transport=httpx.MockTransport(refuse))


def test_the_command_exits_with_0_when_we_lack_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _write(tmp_path / "server", _openapi(), _capabilities({"type": "Patient"}))

    assert main(["spec-diff", "--server", str(folder)]) == 0
    assert "Our description lacks: nothing" in capsys.readouterr().out


def test_the_command_exits_with_1_when_we_lack_something(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _write(tmp_path / "server", _openapi(), _capabilities({"type": "Unheard"}))

    assert main(["spec-diff", "--server", str(folder)]) == 1
    assert "Unheard" in capsys.readouterr().out


def test_the_command_says_what_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["spec-diff", "--server", str(tmp_path)]) == 1
    assert "holds neither openapi.json nor openapi.json.gz" in capsys.readouterr().err
