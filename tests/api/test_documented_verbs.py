"""What the documents say about the low-level verbs, binaries, bots and administration."""

import pytest
from api_calls import BASE, PATIENT, MakeClient, Server, body, call, path, query, reply

from pymedplum import MedplumError

VERBS = ["get", "post", "put", "delete"]
BOT = {"resourceType": "Bot", "id": "bot-1", "name": "b"}


@pytest.mark.parametrize("name", VERBS)
@pytest.mark.parametrize("where", ["admin/projects/1", "/admin/projects/1"])
def test_a_path_is_relative_to_the_base_url(make_client: MakeClient, name: str, where: str) -> None:
    server = Server({"ok": True})
    assert call(make_client(server), name, where) == {"ok": True}
    assert (server.last.method, str(server.last.url)) == (
        name.upper(),
        f"{BASE}admin/projects/1",
    )
    assert server.last.headers["authorization"] == "Bearer token"


@pytest.mark.parametrize("where", ["https://evil.test/x", "//evil.test/x", "/\\evil.test/x"])
@pytest.mark.parametrize("name", VERBS)
def test_no_path_leads_to_another_host(make_client: MakeClient, name: str, where: str) -> None:
    server = Server({"ok": True})
    try:
        call(make_client(server), name, where)
    except (MedplumError, ValueError):
        assert server.requests == []
    assert {request.url.host for request in server.requests} <= {"medplum.test"}


@pytest.mark.parametrize("name", VERBS)
@pytest.mark.parametrize("answer", [reply(204), reply(201), reply(200)], ids=["204", "201", "200"])
def test_an_empty_answer_is_none(make_client: MakeClient, name: str, answer: object) -> None:
    assert call(make_client(Server(answer)), name, "x") is None


@pytest.mark.parametrize("name", ["post", "put"])
@pytest.mark.parametrize("payload", [{"a": 1}, {}], ids=["members", "empty"])
def test_a_payload_is_sent_as_json(
    make_client: MakeClient, name: str, payload: dict[str, int]
) -> None:
    server = Server({})
    client = make_client(server)
    call(client, name, "x", payload)
    call(client, name, "x", json=payload)
    assert [body(request) for request in server.requests] == [payload, payload]
    assert server.last.headers["content-type"].startswith("application/")


def test_no_payload_is_no_body(make_client: MakeClient) -> None:
    server = Server({})
    call(make_client(server), "post", "x")
    assert server.last.content == b""


@pytest.mark.parametrize("name", VERBS)
def test_further_keywords_are_httpxs(make_client: MakeClient, name: str) -> None:
    server = Server({})
    options = {"params": {"a": "1"}, "headers": {"X-Custom": "yes"}}
    call(make_client(server), name, "x", **options)
    assert query(server.last) == {"a": ["1"]}
    assert server.last.headers["x-custom"] == "yes"


def test_not_modified_is_no_error(make_client: MakeClient) -> None:
    client = make_client(Server(reply(304)))
    headers = {"If-None-Match": 'W/"1"'}
    assert call(client, "get", "fhir/R4/Patient/1", headers=headers) is None


def test_a_binary_is_uploaded_raw(make_client: MakeClient) -> None:
    created = {"resourceType": "Binary", "id": "binary-123"}
    server = Server(reply(201, created))
    assert call(make_client(server), "upload_binary", b"\x00%PDF", "application/pdf") == created
    assert (server.last.method, path(server.last)) == ("POST", "fhir/R4/Binary")
    assert server.last.headers["content-type"] == "application/pdf"
    assert server.last.content == b"\x00%PDF"


def test_a_binary_is_downloaded_raw(make_client: MakeClient) -> None:
    server = Server(reply(200, b"\x00\xff"))
    assert call(make_client(server), "download_binary", "binary-123") == b"\x00\xff"
    assert (server.last.method, path(server.last)) == ("GET", "fhir/R4/Binary/binary-123")
    assert not server.last.headers["accept"].startswith("application/fhir+json")


@pytest.mark.parametrize("answer", [b"", b'{"a": 1}'], ids=["empty", "json"])
def test_a_binary_is_bytes_whatever_it_holds(make_client: MakeClient, answer: bytes) -> None:
    assert call(make_client(Server(reply(200, answer))), "download_binary", "1") == answer


def test_max_bytes_limits_a_download(make_client: MakeClient) -> None:
    client = make_client(Server(reply(200, b"12345")))
    assert call(client, "download_binary", "1", max_bytes=5) == b"12345"
    with pytest.raises((MedplumError, ValueError)):
        call(client, "download_binary", "1", max_bytes=4)


def test_a_document_reference_points_to_patient_and_binary(make_client: MakeClient) -> None:
    server = Server()
    what = ("create_document_reference", "123", "binary-1", "application/pdf", "Letter")
    call(make_client(server), *what, description="From the clinic")
    sent = body(server.last)
    assert path(server.last) == "fhir/R4/DocumentReference"
    assert sent["subject"] == {"reference": "Patient/123"}
    (content,) = sent["content"]
    attachment = {"contentType": "application/pdf", "url": "Binary/binary-1", "title": "Letter"}
    assert content["attachment"] == attachment
    assert sent["description"] == "From the clinic"


@pytest.mark.parametrize("everything", [True, False])
def test_expunge_is_an_operation(make_client: MakeClient, *, everything: bool) -> None:
    server = Server({})
    call(make_client(server), "expunge_resource", "Patient", "123", everything)
    assert (server.last.method, path(server.last)) == ("POST", "fhir/R4/Patient/123/$expunge")
    assert ("true" in str(query(server.last).get("everything"))) is everything


BOTS = [
    (("read_bot", "bot-1"), "GET", "Bot/bot-1"),
    (("update_bot", BOT), "PUT", "Bot/bot-1"),
    (("delete_bot", "bot-1"), "DELETE", "Bot/bot-1"),
    (("deploy_bot", "bot-1", "code"), "POST", "Bot/bot-1/$deploy"),
    (("execute_bot", "bot-1", {"a": 1}), "POST", "Bot/bot-1/$execute"),
]


@pytest.mark.parametrize(("what", "method", "where"), BOTS, ids=[what[0] for what, _, _ in BOTS])
def test_bots_have_their_places(
    make_client: MakeClient, what: tuple[object, ...], method: str, where: str
) -> None:
    server = Server(BOT)
    call(make_client(server), *what)
    assert (server.last.method, path(server.last)) == (method, f"fhir/R4/{where}")


def test_deploying_names_the_file(make_client: MakeClient) -> None:
    server = Server({})
    call(make_client(server), "deploy_bot", "bot-1", "exports.handler = 1")
    assert body(server.last) == {"code": "exports.handler = 1", "filename": "index.js"}


def test_bots_are_listed_by_search_parameters(make_client: MakeClient) -> None:
    server = Server({"resourceType": "Bundle"})
    call(make_client(server), "list_bots", name="b")
    assert path(server.last) == "fhir/R4/Bot"
    assert query(server.last)["name"] == ["b"]


def test_a_bot_gets_its_input_with_its_content_type(make_client: MakeClient) -> None:
    server = Server({})
    client = make_client(server)
    call(client, "execute_bot", "bot-1", {"a": 1})
    assert body(server.last) == {"a": 1}
    assert server.last.headers["content-type"].startswith("application/json")
    call(client, "execute_bot", "bot-1", "MSH|^~", "x-application/hl7-v2+er7")
    assert server.last.content == b"MSH|^~"
    assert server.last.headers["content-type"] == "x-application/hl7-v2+er7"


def test_an_invitation_goes_to_the_project(make_client: MakeClient) -> None:
    server = Server({"resourceType": "ProjectMembership"})
    who = {
        "project_id": "project-1",
        "resource_type": "Practitioner",
        "first_name": "Alice",
        "last_name": "Smith",
        "email": "alice@example.com",
    }
    call(make_client(server), "invite_user", **who)
    assert (server.last.method, path(server.last)) == ("POST", "admin/projects/project-1/invite")
    sent = body(server.last)
    assert sent["resourceType"] == "Practitioner"
    assert (sent["firstName"], sent["lastName"]) == ("Alice", "Smith")
    assert (sent["email"], sent["sendEmail"]) == ("alice@example.com", True)
    assert "password" not in sent


UPDATED = {**PATIENT, "active": True, "meta": {"versionId": "8"}}


def activate(resource: dict[str, object]) -> dict[str, object]:
    return {**resource, "active": True}


def test_update_with_retry_reads_changes_and_writes_guarded(make_client: MakeClient) -> None:
    server = Server(PATIENT, UPDATED)
    result = call(make_client(server), "update_with_retry", "Patient", "123", activate)
    assert (result.wrote, result.version_id, result.resource) == (True, "8", UPDATED)
    assert [request.method for request in server.requests] == ["GET", "PUT"]
    assert server.last.headers["if-match"] == 'W/"7"'
    assert body(server.last)["active"] is True


def test_update_with_retry_tries_again_on_a_412(make_client: MakeClient) -> None:
    newer = {**PATIENT, "meta": {"versionId": "9"}}
    server = Server(PATIENT, reply(412), newer, UPDATED)
    assert call(make_client(server), "update_with_retry", "Patient", "123", activate).wrote
    assert [request.method for request in server.requests] == ["GET", "PUT", "GET", "PUT"]
    assert server.last.headers["if-match"] == 'W/"9"'


@pytest.mark.parametrize(("force", "methods"), [(False, ["GET"]), (True, ["GET", "PUT"])])
def test_an_unchanged_resource_is_written_only_by_force(
    make_client: MakeClient, methods: list[str], *, force: bool
) -> None:
    server = Server(PATIENT)
    what = ("update_with_retry", "Patient", "123", dict)
    result = call(make_client(server), *what, force=force)
    assert (result.wrote, result.version_id) == (force, "7")
    assert [request.method for request in server.requests] == methods


@pytest.mark.parametrize("make_client", ["sync"], indirect=True)
def test_a_sync_call_gives_no_awaitable(make_client: MakeClient) -> None:
    client = make_client(Server())
    assert client.read_resource("Patient", "123") == PATIENT
