"""What the documents say about the `on_request_complete` hook and its events."""

import json
import logging
from datetime import timedelta

import httpx
import pytest
from api_calls import (
    CREDENTIALS,
    FHIR,
    PATIENT,
    MakeClient,
    Server,
    call,
    issue,
    page,
    reply,
)

from pymedplum import AuthenticationError, MedplumError, NotFoundError, ServerError
from pymedplum.hooks import RequestEvent, serialize_exception

READ = ("read_resource", "Patient", "123")
PATCH = [{"op": "remove", "path": "/active"}]
BUNDLE = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": PATIENT}]}
JOB = {"resourceType": "AsyncJob", "status": "completed"}
ACTIONS = [
    ("read", READ),
    ("read", ("vread_resource", "Patient", "123", "1")),
    ("search", ("search_resources", "Patient", {"family": "Smith"})),
    ("search", ("search_one", "Patient", {"family": "Smith"})),
    ("search", ("search_with_options", "Patient", {"family": "Smith"})),
    ("search", ("search_resource_pages", "Patient", {"family": "Smith"})),
    ("create", ("create_resource", {"resourceType": "Patient"})),
    ("create", ("create_resource_if_none_exist", {"resourceType": "Patient"}, "identifier=1")),
    ("create", ("upload_binary", b"x", "text/plain")),
    ("read", ("download_binary", "1")),
    ("update", ("update_resource", PATIENT)),
    ("patch", ("patch_resource", "Patient", "123", PATCH)),
    ("delete", ("delete_resource", "Patient", "123")),
    ("operation", ("execute_operation", "Patient", "everything", "123")),
    ("operation", ("execute_operation", "", "versions")),
    ("operation", ("execute_graphql", "{ x }")),
    ("operation", ("export_ccda", "123")),
    ("operation", ("set_accounts", "Patient/123", "Organization/1")),
    ("operation", ("expand_valueset", "http://example.org/v")),
    ("operation", ("lookup_concept", "1", "http://loinc.org")),
    ("operation", ("execute_bot", "1", {})),
    ("batch_or_transaction", ("execute_batch", BUNDLE)),
    ("batch_or_transaction", ("execute_transaction", {**BUNDLE, "type": "transaction"})),
    (None, ("get_async_job_status", "1")),
    (None, ("get", "auth/me")),
]


def events_of(
    make_client: MakeClient, server: Server, *what: object, **options: object
) -> list[RequestEvent]:
    """Make one call, which may fail, and give its events."""
    events: list[RequestEvent] = []
    client = make_client(server, on_request_complete=events.append, **options)
    try:
        call(client, *what)
    except MedplumError:
        assert events
    return events


@pytest.mark.parametrize(
    ("action", "what"), ACTIONS, ids=[f"{what[0]}-{i}" for i, (_, what) in enumerate(ACTIONS)]
)
def test_the_action_of_a_call(
    make_client: MakeClient, action: str | None, what: tuple[object, ...]
) -> None:
    (event,) = events_of(make_client, Server(JOB), *what)
    assert (event.action, event.outcome) == (action, "success")


def test_an_event_says_what_was_done(make_client: MakeClient) -> None:
    (event,) = events_of(make_client, Server(), *READ)
    assert event.method == "GET"
    assert "Patient/123" in event.path
    assert "123" not in event.path_template
    assert (event.resource_type, event.resource_id) == ("Patient", "123")
    assert (event.operation, event.final_status_code) == (None, 200)
    assert event.final_exception is None
    assert event.started_at.utcoffset() is not None
    assert event.ended_at - event.started_at >= timedelta(0)


def test_an_operation_has_its_name(make_client: MakeClient) -> None:
    (event,) = events_of(make_client, Server(), "execute_operation", "Patient", "everything", "123")
    assert event.operation.lstrip("$") == "everything"
    assert (event.resource_type, event.resource_id) == ("Patient", "123")


def test_retries_are_folded_into_one_event(make_client: MakeClient) -> None:
    server = Server(reply(429, headers={"Retry-After": "2"}), PATIENT)
    (event,) = events_of(make_client, server, *READ)
    assert [attempt.attempt_number for attempt in event.attempts] == [1, 2]
    assert [attempt.status_code for attempt in event.attempts] == [429, 200]
    assert (event.outcome, event.final_status_code) == ("success", 200)
    assert all(attempt.duration_seconds >= 0 for attempt in event.attempts)


def test_an_attempt_records_the_membership_that_was_sent(make_client: MakeClient) -> None:
    member = "ProjectMembership/abc"
    (event,) = events_of(make_client, Server(), *READ, default_on_behalf_of=member)
    assert [attempt.on_behalf_of for attempt in event.attempts] == [member]


def test_an_attempt_without_an_answer_has_no_status(make_client: MakeClient) -> None:
    server = Server(httpx.ReadTimeout("slow"), PATIENT)
    (event,) = events_of(make_client, server, *READ)
    assert event.attempts[0].status_code is None
    assert isinstance(event.attempts[0].exception, Exception)
    assert event.outcome == "success"


@pytest.mark.parametrize(
    ("status", "error"), [(404, NotFoundError), (500, ServerError)], ids=["404", "500"]
)
def test_a_call_that_fails_is_an_error(
    make_client: MakeClient, status: int, error: type[MedplumError]
) -> None:
    what = ("create_resource", {"resourceType": "Patient"})
    (event,) = events_of(make_client, Server(reply(status)), *what)
    assert (event.outcome, event.final_status_code) == ("error", status)
    assert isinstance(event.final_exception, error)


def test_a_call_that_fails_while_authenticating_leaves_an_event(make_client: MakeClient) -> None:
    server = Server()
    server.token_answers = [reply(400, {"error": "invalid_request"})]
    events = events_of(make_client, server, *READ, **CREDENTIALS)
    (event,) = [event for event in events if event.action is not None]
    assert (event.action, event.outcome) == ("read", "error")
    assert isinstance(event.final_exception, AuthenticationError)


def test_token_requests_have_no_action_and_no_membership(make_client: MakeClient) -> None:
    member = "ProjectMembership/abc"
    events = events_of(make_client, Server(), *READ, **CREDENTIALS, default_on_behalf_of=member)
    assert [event.action for event in events if event.action] == ["read"]
    sent = [a.on_behalf_of for event in events if event.action is None for a in event.attempts]
    assert set(sent) <= {None}


def test_query_parameters_are_parsed(make_client: MakeClient) -> None:
    query = [("family", "Smith"), ("_include", "a:b"), ("_include", "c:d")]
    (event,) = events_of(make_client, Server(page()), "search_resources", "Patient", query)
    assert event.query_params["family"] == ["Smith"]
    assert event.query_params["_include"] == ["a:b", "c:d"]


def test_an_event_holds_neither_bodies_nor_tokens(make_client: MakeClient) -> None:
    server = Server({**PATIENT, "name": [{"family": "Answerson"}]})
    sent = {**PATIENT, "name": [{"family": "Sentson"}]}
    (event,) = events_of(make_client, server, "update_resource", sent, access_token="t0k3n")
    text = f"{event!r} {json.dumps(event.to_phi_audit_dict(include_query_params=True))}"
    assert [word for word in ("Answerson", "Sentson", "t0k3n", "Bearer") if word in text] == []


def test_the_audit_dict_names_the_patient_and_parameters_only_on_request(
    make_client: MakeClient,
) -> None:
    (event,) = events_of(make_client, Server(), *READ, default_on_behalf_of="ProjectMembership/a")
    audit = event.to_phi_audit_dict()
    assert (audit["resource_id"], audit["action"], audit["outcome"]) == ("123", "read", "success")
    assert "ProjectMembership/a" in json.dumps(audit)
    assert "query_params" not in audit
    assert "query_params" in event.to_phi_audit_dict(include_query_params=True)


def test_the_non_phi_dict_names_no_patient(make_client: MakeClient) -> None:
    server = Server(reply(404, issue("not-found", diagnostics="Smith")))
    what = ("execute_operation", "Patient", "everything", "id-of-smith")
    events = events_of(
        make_client, server, *what, default_on_behalf_of="ProjectMembership/member-9"
    )
    text = json.dumps(events[0].to_non_phi_dict())
    assert [word for word in ("id-of-smith", "Smith", "member-9") if word in text] == []
    assert "Patient" in text


def test_a_failing_hook_is_logged_and_never_reaches_the_caller(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_event: RequestEvent) -> None:
        raise RuntimeError

    assert call(make_client(Server(), on_request_complete=fail), *READ) == PATIENT
    levels = {r.levelno for r in caplog.records if r.name.startswith("pymedplum.hooks")}
    assert levels == {logging.WARNING}


@pytest.mark.parametrize("make_client", ["async"], indirect=True)
def test_an_async_hook_is_awaited_by_the_async_client(make_client: MakeClient) -> None:
    events: list[RequestEvent] = []

    async def hook(event: RequestEvent) -> None:
        events.append(event)

    call(make_client(Server(), on_request_complete=hook), *READ)
    assert [event.action for event in events] == ["read"]


@pytest.mark.parametrize("make_client", ["async"], indirect=True)
def test_a_failing_async_hook_never_reaches_the_caller(make_client: MakeClient) -> None:
    async def fail(_event: RequestEvent) -> None:
        raise RuntimeError

    assert call(make_client(Server(), on_request_complete=fail), *READ) == PATIENT


def test_serialize_exception_honours_sanitize_for_logging() -> None:
    error = NotFoundError("the words", 404, {"name": "Smith"})
    assert serialize_exception(error) == error.sanitize_for_logging()
    assert json.dumps(serialize_exception(KeyError("x")))


def test_the_full_url_of_a_search_page_is_no_part_of_the_non_phi_dict(
    make_client: MakeClient,
) -> None:
    server = Server(page(following=f"{FHIR}Patient?family=Smithson&_offset=1"), page())
    for event in events_of(make_client, server, "search_resource_pages", "Patient"):
        assert "Smithson" not in json.dumps(event.to_non_phi_dict())
