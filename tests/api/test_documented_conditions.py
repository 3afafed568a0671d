"""What the documents say about If-Match and If-None-Exist."""

import logging
import warnings

import pytest
from api_calls import PATIENT, MakeClient, Server, body, call, issue, reply

from pymedplum import MissingVersionIdError, PreconditionFailedError, UnsafeRedirectError
from pymedplum.fhir import Patient

UNVERSIONED = {"resourceType": "Patient", "id": "123"}
PATCH = [{"op": "replace", "path": "/active", "value": True}]
GUARD = {"op": "test", "path": "/meta/versionId", "value": "5"}


@pytest.mark.parametrize("as_model", [False, True], ids=["dict", "model"])
def test_update_attaches_if_match_from_the_version(
    make_client: MakeClient, *, as_model: bool
) -> None:
    server = Server()
    resource = Patient.model_validate(PATIENT) if as_model else PATIENT
    call(make_client(server), "update_resource", resource)
    assert server.last.headers["if-match"] == 'W/"7"'


def test_true_is_the_default(make_client: MakeClient) -> None:
    server = Server()
    call(make_client(server), "update_resource", PATIENT, if_match=True)
    assert server.last.headers["if-match"] == 'W/"7"'


def test_without_a_version_no_if_match_is_attached(make_client: MakeClient) -> None:
    server = Server()
    call(make_client(server), "update_resource", UNVERSIONED)
    assert "if-match" not in server.last.headers


def test_false_opts_out(make_client: MakeClient) -> None:
    server = Server()
    call(make_client(server), "update_resource", PATIENT, if_match=False)
    assert "if-match" not in server.last.headers


@pytest.mark.parametrize("tag", ['W/"5"', '"5"'])
def test_a_text_is_sent_verbatim(make_client: MakeClient, tag: str) -> None:
    server = Server()
    call(make_client(server), "update_resource", PATIENT, if_match=tag)
    assert server.last.headers["if-match"] == tag


@pytest.mark.parametrize("name", ["If-Match", "if-match", "IF-MATCH"])
@pytest.mark.parametrize("keyword", [True, False, 'W/"5"', "required"])
def test_an_explicit_header_wins_over_the_keyword(
    make_client: MakeClient, name: str, *, keyword: bool | str
) -> None:
    server = Server()
    headers = {name: 'W/"9"'}
    call(make_client(server), "update_resource", PATIENT, headers=headers, if_match=keyword)
    assert server.last.headers.get_list("if-match") == ['W/"9"']


def test_required_refuses_to_write_unguarded(make_client: MakeClient) -> None:
    server = Server()
    with pytest.raises(MissingVersionIdError):
        call(make_client(server), "update_resource", UNVERSIONED, if_match="required")
    assert server.requests == []


def test_required_attaches_the_version(make_client: MakeClient) -> None:
    server = Server()
    call(make_client(server), "update_resource", PATIENT, if_match="required")
    assert server.last.headers["if-match"] == 'W/"7"'


@pytest.mark.parametrize("value", [None, 1, 0, 5.0, b'W/"5"', ["5"]])
def test_if_match_is_a_bool_or_a_text(make_client: MakeClient, value: object) -> None:
    server = Server()
    with pytest.raises(TypeError):
        call(make_client(server), "update_resource", PATIENT, if_match=value)
    assert server.requests == []


@pytest.mark.parametrize("value", ["5", "", "W/5", '"5', 'w/"5"', "Required", 'W/"5"\r\nX: y'])
@pytest.mark.parametrize("name", ["update_resource", "patch_resource", "delete_resource"])
def test_a_text_that_is_no_entity_tag_is_a_value_error(
    make_client: MakeClient, name: str, value: str
) -> None:
    server = Server()
    arguments = {
        "update_resource": (PATIENT,),
        "patch_resource": ("Patient", "123", PATCH),
        "delete_resource": ("Patient", "123"),
    }
    with pytest.raises(ValueError, match=r"\S"):
        call(make_client(server), name, *arguments[name], if_match=value)
    assert server.requests == []


def test_none_means_unguarded_on_patch_and_delete(make_client: MakeClient) -> None:
    server = Server()
    client = make_client(server)
    call(client, "patch_resource", "Patient", "123", PATCH, if_match=None)
    call(client, "delete_resource", "Patient", "123", if_match=None)
    assert body(server.requests[0]) == PATCH
    assert [r for r in server.requests if "if-match" in r.headers] == []


@pytest.mark.parametrize(
    "guard", [{"headers": {"If-Match": 'W/"5"'}}, {"if_match": 'W/"5"'}], ids=["header", "keyword"]
)
def test_a_guarded_patch_begins_with_a_test_of_the_version(
    make_client: MakeClient, guard: dict[str, object]
) -> None:
    """The server ignores If-Match on PATCH: medplum-server.md, Writing."""
    server = Server()
    call(make_client(server), "patch_resource", "Patient", "123", PATCH, **guard)
    assert body(server.last) == [GUARD, *PATCH]


def test_a_guarded_patch_of_a_newer_version_is_a_precondition_failure(
    make_client: MakeClient,
) -> None:
    server = Server(reply(400, issue(details={"text": "Test failed: expected 5"})))
    with pytest.raises(PreconditionFailedError):
        call(make_client(server), "patch_resource", "Patient", "1", PATCH, if_match='W/"5"')


@pytest.mark.parametrize(
    "guard", [{"headers": {"If-Match": 'W/"5"'}}, {"if_match": 'W/"5"'}], ids=["header", "keyword"]
)
def test_a_guarded_delete_sends_if_match(make_client: MakeClient, guard: dict[str, object]) -> None:
    server = Server(reply(204))
    call(make_client(server), "delete_resource", "Patient", "123", **guard)
    assert server.last.headers["if-match"] == 'W/"5"'


NEW = {"resourceType": "Patient", "active": True}


def create_if_none_exist(make_client: MakeClient, query: str) -> Server:
    server = Server(reply(201, PATIENT))
    call(make_client(server), "create_resource_if_none_exist", NEW, query)
    return server


@pytest.mark.parametrize(
    "query",
    ["identifier=http://hospital.org/mrn|12345", "?identifier=http://hospital.org/mrn|12345"],
    ids=["plain", "question mark"],
)
def test_if_none_exist_takes_a_query_with_or_without_question_mark(
    make_client: MakeClient, query: str
) -> None:
    server = create_if_none_exist(make_client, query)
    assert server.last.headers["if-none-exist"] == "identifier=http://hospital.org/mrn|12345"


def test_if_none_exist_extracts_the_query_of_a_url_of_the_same_origin_with_a_warning(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    url = "https://medplum.test/fhir/R4/Patient?identifier=MRN|12345"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        server = create_if_none_exist(make_client, url)
    assert server.last.headers["if-none-exist"] == "identifier=MRN|12345"
    logged = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert caught or logged
    assert "12345" not in f"{[str(w.message) for w in caught]} {caplog.text}"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/fhir/R4/Patient?identifier=MRN|12345",
        "http://medplum.test/fhir/R4/Patient?identifier=MRN|12345",
        "https://medplum.test:8443/fhir/R4/Patient?identifier=MRN|12345",
        "https://medplum.test@evil.test/Patient?identifier=MRN|12345",
    ],
)
def test_if_none_exist_refuses_another_origin(make_client: MakeClient, url: str) -> None:
    server = Server()
    with pytest.raises(UnsafeRedirectError) as caught:
        call(make_client(server), "create_resource_if_none_exist", NEW, url)
    assert server.requests == []
    assert "12345" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize("status", [200, 201])
def test_the_created_or_existing_resource_is_returned(make_client: MakeClient, status: int) -> None:
    client = make_client(Server(reply(status, PATIENT)))
    assert call(client, "create_resource_if_none_exist", NEW, "identifier=MRN|1") == PATIENT


def test_several_matches_are_a_precondition_failure(make_client: MakeClient) -> None:
    client = make_client(Server(reply(412, issue("multiple-matches"))))
    with pytest.raises(PreconditionFailedError):
        call(client, "create_resource_if_none_exist", NEW, "identifier=MRN|1")
