"""What the documents say about the `before_request` hook."""

import dataclasses
import logging
from collections.abc import Callable

import pytest
from api_calls import BASE, OBO, PATIENT, MakeClient, Server, body, call

from pymedplum.hooks import PreparedRequest

Hook = Callable[[PreparedRequest], PreparedRequest | None]
READ = ("read_resource", "Patient", "123")
MEMBER = "ProjectMembership/abc"


def changed(**fields: object) -> Hook:
    """Give a hook that changes some fields of the request."""
    return lambda prepared: dataclasses.replace(prepared, **fields)


def with_header(name: str, value: str) -> Hook:
    """Give a hook that adds a header, and a harmless one beside it."""
    added = {name: value, "X-Beside": "yes"}
    return lambda p: dataclasses.replace(p, headers={**p.headers, **added})


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno == logging.WARNING and record.name.startswith("pymedplum.hooks")
    ]


def test_a_hook_sees_method_url_and_body(make_client: MakeClient) -> None:
    seen: list[PreparedRequest] = []
    client = make_client(Server(), before_request=seen.append)
    call(client, "update_resource", PATIENT)
    assert seen[0].method == "PUT"
    assert seen[0].url == f"{BASE}fhir/R4/Patient/123"
    assert seen[0].json_body == PATIENT
    assert {k.lower(): v for k, v in seen[0].headers.items()}["if-match"] == 'W/"7"'


def test_a_read_has_no_body(make_client: MakeClient) -> None:
    seen: list[PreparedRequest] = []
    call(make_client(Server(), before_request=seen.append), *READ)
    assert seen[0].json_body is None


def test_the_token_and_the_membership_are_not_shown(make_client: MakeClient) -> None:
    seen: list[PreparedRequest] = []
    client = make_client(Server(), before_request=seen.append, default_on_behalf_of=MEMBER)
    call(client, *READ)
    names = {name.lower() for name in seen[0].headers}
    assert names & {"authorization", OBO.lower()} == set()


def test_a_prepared_request_is_frozen() -> None:
    prepared = PreparedRequest(method="GET", url=BASE, headers={}, json_body=None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        prepared.method = "PUT"


def test_none_means_no_change(make_client: MakeClient) -> None:
    server = Server()
    client = make_client(server, before_request=lambda _: None, default_on_behalf_of=MEMBER)
    call(client, *READ)
    assert server.last.headers["authorization"] == "Bearer token"
    assert server.last.headers[OBO] == MEMBER


def test_a_changed_header_is_sent(make_client: MakeClient) -> None:
    server = Server()
    hook = with_header("X-Trace", "trace-1")
    call(make_client(server, before_request=hook, default_on_behalf_of=MEMBER), *READ)
    assert server.last.headers["x-trace"] == "trace-1"
    assert server.last.headers["authorization"] == "Bearer token"
    assert server.last.headers[OBO] == MEMBER


def test_a_changed_url_of_the_same_origin_is_used(make_client: MakeClient) -> None:
    server = Server()
    hook = changed(url=f"{BASE}fhir/R4/Patient/123?_pretty=true")
    call(make_client(server, before_request=hook), *READ)
    assert str(server.last.url) == f"{BASE}fhir/R4/Patient/123?_pretty=true"


def test_a_changed_body_is_sent(make_client: MakeClient) -> None:
    server = Server()
    hook = changed(json_body={**PATIENT, "active": True})
    call(make_client(server, before_request=hook), "update_resource", PATIENT)
    assert body(server.last) == {**PATIENT, "active": True}


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/fhir/R4/Patient/123",
        "http://medplum.test/fhir/R4/Patient/123",
        "https://medplum.test:444/fhir/R4/Patient/123",
        "https://medplum.test@evil.test/",
        "//evil.test/",
    ],
)
def test_a_change_to_another_origin_is_discarded_whole(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    server = Server()
    hook = changed(url=url, headers={"X-Beside": "yes"})
    assert call(make_client(server, before_request=hook), *READ) == PATIENT
    assert [str(request.url) for request in server.requests] == [f"{BASE}fhir/R4/Patient/123"]
    assert "x-beside" not in server.last.headers
    assert warnings_of(caplog)


@pytest.mark.parametrize("name", ["Authorization", "authorization", OBO, OBO.lower()])
def test_injected_credentials_are_discarded_whole(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    server = Server()
    client = make_client(
        server, before_request=with_header(name, "stolen"), default_on_behalf_of=MEMBER
    )
    assert call(client, *READ) == PATIENT
    assert server.last.headers.get_list("authorization") == ["Bearer token"]
    assert server.last.headers.get_list(OBO) == [MEMBER]
    assert "x-beside" not in server.last.headers
    assert warnings_of(caplog)
    assert "stolen" not in caplog.text


def test_a_safe_request_does_not_become_an_unsafe_one(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server()
    call(make_client(server, before_request=changed(method="DELETE")), *READ)
    assert server.last.method == "GET"
    assert warnings_of(caplog)


def test_a_hook_that_raises_stops_the_call_before_anything_is_sent(
    make_client: MakeClient,
) -> None:
    class NotNowError(Exception):
        pass

    def refuse(_prepared: PreparedRequest) -> None:
        raise NotNowError

    server = Server()
    with pytest.raises(NotNowError):
        call(make_client(server, before_request=refuse), *READ)
    assert server.requests == []


def test_changing_the_shown_headers_in_place_changes_no_credentials(
    make_client: MakeClient,
) -> None:
    def inject(prepared: PreparedRequest) -> None:
        prepared.headers["Authorization"] = "stolen"

    server = Server()
    call(make_client(server, before_request=inject), *READ)
    assert server.last.headers.get_list("authorization") == ["Bearer token"]
