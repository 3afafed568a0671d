"""Clients with `preflight=True`: searches are checked before they are sent, others are not."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from invented_statement import clinic

from pymedplum import MedplumClient, ServerError, UnknownSearchParameterError
from tests.api.api_calls import BASE, OBO, FakeClock, Server, call, page, path, reply

MakeClient = Callable[..., Any]
PATIENT = {"resourceType": "Patient", "id": "1"}

SEARCHES: list[tuple[str, tuple[object, ...], dict[str, object]]] = [
    ("search_resources", ("Patient", {"nmae": "Ro"}), {}),
    ("search_resources", ("Patient", "nmae=Ro&birthdate=2020"), {"return_bundle": True}),
    ("search_resources", ("Patient", {"nmae": "Ro" * 3000}), {}),
    ("search_one", ("Patient", [("nmae", "Ro")]), {}),
    ("search_with_options", ("Patient", {"nmae": "Ro"}), {"count": 2}),
    ("search_with_options", ("Patient",), {"sort": "-birthdaet"}),
    ("search_with_options", ("Patient",), {"include": "Patient:organisation"}),
    ("search_resource_pages", ("Patient", {"nmae": "Ro"}), {}),
    ("create_resource_if_none_exist", ({"resourceType": "Patient"}, "nmae=Ro"), {}),
    ("create_resource", ({"resourceType": "Patient"},), {"headers": {"If-None-Exist": "nmae=Ro"}}),
    ("upsert_resource", ({"resourceType": "Patient"}, {"nmae": "Ro"}), {}),
    ("delete_resources_matching", ("Patient", {"nmae": "Ro"}), {}),
]


@pytest.mark.parametrize(("method", "args", "options"), SEARCHES)
def test_an_unknown_parameter_is_refused_and_nothing_is_sent(
    make_client: MakeClient, method: str, args: tuple[object, ...], options: dict[str, object]
) -> None:
    server = Server(clinic())
    client = make_client(server, preflight=True)
    for _ in range(2):
        with pytest.raises(UnknownSearchParameterError, match=r"nothing was sent.* did you mean"):
            call(client, method, *args, **options)
    assert [path(each) for each in server.requests] == ["fhir/R4/metadata"]


@pytest.mark.parametrize(("method", "args", "options"), SEARCHES)
def test_without_preflight_it_is_the_servers_matter(
    make_client: MakeClient, method: str, args: tuple[object, ...], options: dict[str, object]
) -> None:
    server = Server({**page(), "id": "1"})
    call(make_client(server), method, *args, **options)
    assert "fhir/R4/metadata" not in [path(each) for each in server.requests]


def test_what_the_server_knows_is_sent_after_one_look_at_the_statement(
    make_client: MakeClient,
) -> None:
    server = Server(clinic(), page(PATIENT))
    client = make_client(server, preflight=True, default_on_behalf_of="ProjectMembership/1")
    query = {"name:exact": "Ro", "_sort": "-birthdate"}
    assert call(client, "search_one", "Patient", query) == PATIENT
    assert call(client, "search_resource_pages", "Patient", query) == [PATIENT]
    assert call(client, "search_resources", "Patient", query)["entry"]
    asked = [path(each) for each in server.requests]
    assert asked == ["fhir/R4/metadata", *["fhir/R4/Patient"] * 3]
    assert [OBO in each.headers for each in server.requests] == [False, True, True, True]


def test_further_pages_are_not_checked_since_their_links_are_the_servers(
    make_client: MakeClient,
) -> None:
    following = f"{BASE}fhir/R4/Patient?_page_token=x"
    server = Server(clinic(), page(PATIENT, following=following), page(PATIENT))
    client = make_client(server, preflight=True)
    assert call(client, "search_resource_pages", "Patient", {"name": "Ro"}) == [PATIENT] * 2
    assert len(server.requests) == 3


def test_calls_without_a_query_need_no_statement(make_client: MakeClient) -> None:
    server = Server(page(PATIENT))
    client = make_client(server, preflight=True)
    call(client, "search_resources", "Patient")
    call(client, "read_resource", "Patient", "1")
    call(client, "create_resource", {"resourceType": "Patient"})
    assert "fhir/R4/metadata" not in [path(each) for each in server.requests]


def test_without_a_statement_nothing_is_searched(make_client: MakeClient) -> None:
    server = Server(reply(500))
    with pytest.raises(ServerError):
        call(make_client(server, preflight=True), "search_one", "Patient", {"name": "Ro"})
    assert {path(each) for each in server.requests} == {"fhir/R4/metadata"}


def test_a_search_by_a_hook_during_the_fetch_is_not_checked() -> None:
    found: list[object] = []

    def search(request: Any) -> None:
        if request.url.endswith("metadata") and not found:
            found.append(None)
            found[0] = client.search_one("Patient", {"whatever": "x"})

    server = Server(page(PATIENT), clinic(), page(PATIENT))
    http = httpx.Client(transport=httpx.MockTransport(server))
    client: Any = MedplumClient(
        BASE,
        access_token="t",
        http_client=http,
        clock=FakeClock(),
        before_request=search,
        preflight=True,
    )
    assert client.search_one("Patient", {"name": "Ro"}) == PATIENT
    assert found == [PATIENT]


def test_preflight_is_a_bool(make_client: MakeClient) -> None:
    with pytest.raises(TypeError, match="preflight must be a bool"):
        make_client(Server(), preflight="yes")
