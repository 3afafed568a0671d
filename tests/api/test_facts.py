"""Every name and signature is as the documents say. The facts themselves are in `facts/`."""

import dataclasses
import importlib
import inspect
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from api_calls import Client, MakeClient
from api_facts import (
    FOLDER,
    differences,
    parse_fact,
    parse_signature,
    read_facts,
    read_methods,
    signature_of,
)

CLIENTS = {"MedplumClient": "pymedplum", "AsyncMedplumClient": "pymedplum.async_client"}
METHODS = read_methods()
CLIENT = read_facts("client")
EXPORTS = [
    pytest.param(entry, name, id=f"{entry['module']}.{name}")
    for entry in read_facts("exports")["exports"]
    for name in entry["names"]
]
HELPERS = read_facts("helpers")
VAR_KEYWORD = inspect.Parameter.VAR_KEYWORD


def load(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


@pytest.fixture(params=CLIENTS)
def client_class(request: pytest.FixtureRequest) -> Client:
    return load(CLIENTS[request.param], request.param)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_fact_names_its_source(path: Path) -> None:
    facts = read_facts(path.stem)
    groups = [facts[name] for name in ("literals", "callables", "constants") if name in facts]
    tables = groups or [facts]
    entries = [entry for table in tables for entry in table.values()]
    flat = [fact for entry in entries for fact in (entry if isinstance(entry, list) else [entry])]
    assert flat
    assert [fact for fact in flat if not re.match(r"[a-z-]+\.(txt|md): ", fact["source"])] == []
    assert [fact for fact in flat if ("also" in fact) != ("also_source" in fact)] == []


@pytest.mark.parametrize(("entry", "name"), EXPORTS)
def test_a_documented_import_works(entry: dict[str, Any], name: str) -> None:
    assert load(entry["module"], name) is not None


@pytest.mark.parametrize(("entry", "name"), EXPORTS)
def test_an_export_says_where_users_import_it_from(entry: dict[str, Any], name: str) -> None:
    value = load(entry["module"], name)
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        assert load("pymedplum", name) is value  # an alias or a constant has no module of its own
        return
    assert value.__module__.split(".")[0] == "pymedplum"
    assert load(value.__module__, name) is value
    if entry.get("home"):
        assert value.__module__ == entry["module"]


@pytest.mark.parametrize("name", sorted({name for _, name in (p.values for p in EXPORTS)}))
def test_all_names_everything_that_is_documented(name: str) -> None:
    homes = [entry["module"] for entry, known in (p.values for p in EXPORTS) if known == name]
    missing = [home for home in homes if name not in importlib.import_module(home).__all__]
    assert missing == []


def test_the_constructor_is_as_documented(client_class: Client) -> None:
    assert differences(parse_fact(CLIENT["constructor"]), signature_of(client_class)) == []


def test_the_constructor_takes_no_unknown_keywords(client_class: Client) -> None:
    with pytest.raises(TypeError):
        client_class(client_secrett="x")
    assert VAR_KEYWORD not in {p.kind for p in signature_of(client_class).parameters.values()}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_as_documented(client_class: Client, name: str) -> None:
    method = getattr(client_class, name)
    assert differences(parse_fact(METHODS[name]), signature_of(method)) == []


@pytest.mark.parametrize("name", METHODS)
def test_keyword_only_parameters_stand_in_the_documented_order(
    client_class: Client, name: str
) -> None:
    wanted = list(parse_signature(METHODS[name]["signature"]).parameters)
    found = [p for p in signature_of(getattr(client_class, name)).parameters if p in wanted]
    assert found == wanted


@pytest.mark.parametrize("name", [n for n, fact in METHODS.items() if "kind" not in fact])
def test_every_method_that_reaches_the_server_takes_on_behalf_of(
    client_class: Client, name: str
) -> None:
    parameters = signature_of(getattr(client_class, name)).parameters
    takes_more = any(parameter.kind is VAR_KEYWORD for parameter in parameters.values())
    assert takes_more or parameters["on_behalf_of"].default is None


@pytest.mark.parametrize("name", METHODS)
def test_async_methods_are_awaited_and_sync_methods_are_not(
    client_class: Client, name: str
) -> None:
    is_async = client_class.__name__ == "AsyncMedplumClient" and "kind" not in METHODS[name]
    assert inspect.iscoroutinefunction(getattr(client_class, name)) is is_async


def test_pages_are_iterated(make_client: MakeClient) -> None:
    client = make_client()
    wanted = AsyncIterator if type(client).__name__ == "AsyncMedplumClient" else Iterator
    assert isinstance(client.search_resource_pages("Patient"), wanted)


@pytest.mark.parametrize("alias", [name for name in CLIENT["aliases"] if name != "source"])
def test_an_alias_is_identical(client_class: Client, alias: str) -> None:
    original = getattr(client_class, CLIENT["aliases"][alias])
    assert inspect.signature(getattr(client_class, alias)) == inspect.signature(original)
    assert inspect.iscoroutinefunction(getattr(client_class, alias)) is (
        inspect.iscoroutinefunction(original)
    )


@pytest.mark.parametrize("name", CLIENT["attributes"]["names"])
def test_a_client_has_the_documented_attribute(make_client: MakeClient, name: str) -> None:
    assert hasattr(make_client(), name)


@pytest.mark.parametrize("name", CLIENT["absent"]["names"])
def test_a_client_has_no_such_public_method(client_class: Client, name: str) -> None:
    assert not hasattr(client_class, name)


def test_clients_are_context_managers_and_can_be_closed(client_class: Client) -> None:
    colour = "async" if client_class.__name__ == "AsyncMedplumClient" else "sync"
    assert [n for n in CLIENT["protocols"][colour] if not hasattr(client_class, n)] == []


def public_signatures(client_class: Client) -> dict[str, Any]:
    names = {name for name in dir(client_class) if not name.startswith("_")} - {"close", "aclose"}
    members = {name: getattr(client_class, name) for name in sorted(names)}
    return {
        name: signature_of(member) if callable(member) else type(member)
        for name, member in members.items()
    }


def test_both_clients_have_the_same_public_names_and_signatures() -> None:
    sync, twin = (public_signatures(load(module, name)) for name, module in CLIENTS.items())
    assert sync == twin


@pytest.mark.parametrize("name", HELPERS)
def test_a_helper_is_as_documented(name: str) -> None:
    function = load("pymedplum", name)
    assert differences(parse_fact(HELPERS[name]), signature_of(function)) == []


@pytest.mark.parametrize("name", CLIENT["bundle"]["methods"])
def test_a_bundle_method_is_as_documented(name: str) -> None:
    method = getattr(load("pymedplum", "FHIRBundle"), name)
    wanted = parse_signature(CLIENT["bundle"]["methods"][name])
    assert differences(wanted, signature_of(method)) == []


@pytest.mark.parametrize("name", CLIENT["bundle"]["attributes"])
def test_a_bundle_has_the_documented_attribute(name: str) -> None:
    assert not callable(getattr(load("pymedplum", "FHIRBundle")({"resourceType": "Bundle"}), name))


@pytest.mark.parametrize("name", CLIENT["event"]["methods"])
def test_an_event_method_is_as_documented(name: str) -> None:
    method = getattr(load("pymedplum.hooks", "RequestEvent"), name)
    wanted = parse_signature(CLIENT["event"]["methods"][name])
    assert differences(wanted, signature_of(method)) == []


def test_serialize_exception_takes_an_exception() -> None:
    function = load("pymedplum.hooks", "serialize_exception")
    assert differences(parse_signature("(exc)"), signature_of(function)) == []


RECORDS = read_facts("records")


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_frozen_and_has_the_documented_fields_in_order(name: str) -> None:
    fact = RECORDS[name]
    record = load(fact["module"], name)
    fields = dataclasses.fields(record)
    documented, further = fields[: len(fact["fields"])], fields[len(fact["fields"]) :]
    assert [field.name for field in documented] == fact["fields"]
    assert [f.name for f in further if f.default is f.default_factory] == []
    assert record.__dataclass_params__.frozen


@pytest.mark.parametrize("name", [name for name, fact in RECORDS.items() if "computed" in fact])
def test_a_record_computes_what_follows_from_its_fields(name: str) -> None:
    record = load(RECORDS[name]["module"], name)
    assert [n for n in RECORDS[name]["computed"] if not hasattr(record, n)] == []
