"""What the documents say about errors: which class, and that none shows patient data."""

import json

import httpx
import pytest
from api_calls import BASE, PATIENT, MakeClient, Server, call, issue, page, reply

from pymedplum import (
    AuthenticationError,
    AuthorizationError,
    BadRequestError,
    ConflictError,
    GoneError,
    MedplumError,
    NetworkError,
    NotFoundError,
    OperationOutcomeError,
    PreconditionFailedError,
    RateLimitError,
    ServerError,
    UnsafeRedirectError,
    ValidationError,
)
from pymedplum.fhir import Patient

READ = ("read_resource", "Patient", "id-of-smith")
SECRET = "Mary Smithson born 1970"
OUTCOME = issue(diagnostics=SECRET, details={"text": SECRET}, expression=["Patient.name"])
STATUSES = [
    (400, BadRequestError),
    (401, AuthenticationError),
    (403, AuthorizationError),
    (404, NotFoundError),
    (409, ConflictError),
    (410, GoneError),
    (412, PreconditionFailedError),
    (429, RateLimitError),
    (500, ServerError),
    (501, ServerError),
    (502, ServerError),
    (503, ServerError),
    (504, ServerError),
]


def failure(make_client: MakeClient, answer: object, *what: object) -> MedplumError:
    """Make a call that fails, and give its exception."""
    with pytest.raises(MedplumError) as caught:
        call(make_client(Server(answer)), *(what or READ))
    return caught.value


@pytest.mark.parametrize("body", [None, "<html>no</html>", OUTCOME], ids=["none", "html", "fhir"])
@pytest.mark.parametrize(("status", "error"), STATUSES)
def test_each_status_has_its_exception(
    make_client: MakeClient, status: int, error: type[MedplumError], body: object
) -> None:
    raised = failure(make_client, reply(status, body))
    assert isinstance(raised, error)
    assert raised.status_code == status


def test_gone_is_also_not_found(make_client: MakeClient) -> None:
    assert isinstance(failure(make_client, reply(410)), NotFoundError)


def test_a_400_with_an_outcome_is_a_validation_error_and_a_bad_request(
    make_client: MakeClient,
) -> None:
    raised = failure(make_client, reply(400, OUTCOME))
    assert type(raised) is ValidationError
    assert isinstance(raised, BadRequestError)
    assert raised.outcome == OUTCOME


def test_a_400_without_an_outcome_is_a_bad_request_only(make_client: MakeClient) -> None:
    raised = failure(make_client, reply(400, {"error": "invalid_request"}))
    assert not isinstance(raised, ValidationError)


@pytest.mark.parametrize("status", [405, 422])
def test_another_status_with_an_outcome_is_an_operation_outcome_error(
    make_client: MakeClient, status: int
) -> None:
    raised = failure(make_client, reply(status, OUTCOME))
    assert isinstance(raised, OperationOutcomeError)
    assert raised.outcome == OUTCOME
    assert raised.status_code == status
    assert "diagnostics" not in json.dumps(raised.sanitize_for_logging())


@pytest.mark.parametrize("body", [OUTCOME, SECRET, {"msg": SECRET}], ids=["fhir", "text", "json"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 412, 418, 422, 429, 500, 503])
def test_no_exception_shows_what_the_server_said(
    make_client: MakeClient, status: int, body: object
) -> None:
    raised = failure(make_client, reply(status, body))
    text = f"{raised} {raised!r} {json.dumps(raised.sanitize_for_logging())}"
    assert SECRET not in text
    assert "Smithson" not in text


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_error_has_the_response(make_client: MakeClient, status: int) -> None:
    raised = failure(make_client, reply(status, SECRET))
    assert isinstance(raised, ServerError)
    assert raised.response.text == SECRET


def test_sanitized_errors_are_plain_json_and_name_the_class(make_client: MakeClient) -> None:
    for status, error in STATUSES:
        said = failure(make_client, reply(status, OUTCOME)).sanitize_for_logging()
        assert isinstance(json.loads(json.dumps(said)), dict)
        expected = ValidationError if status == 400 else error
        assert expected.__name__ in said.values()


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("no route"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("broken"),
        httpx.RemoteProtocolError("odd"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_transport_failure_is_a_network_error(
    make_client: MakeClient, error: httpx.TransportError
) -> None:
    assert isinstance(failure(make_client, error), NetworkError)


@pytest.mark.parametrize(
    ("error", "possibly"),
    [(httpx.ConnectError("no route"), False), (httpx.ReadTimeout("slow"), True)],
    ids=["before sending", "after sending"],
)
def test_a_network_error_says_whether_a_write_may_have_been_committed(
    make_client: MakeClient, error: httpx.TransportError, *, possibly: bool
) -> None:
    raised = failure(make_client, error, "create_resource", {"resourceType": "Patient"})
    assert isinstance(raised, NetworkError)
    assert raised.possibly_committed is possibly


@pytest.mark.parametrize("what", [("get", "x"), READ], ids=["get", "read_resource"])
def test_a_success_that_is_not_json_is_an_error_without_its_body(
    make_client: MakeClient, what: tuple[object, ...]
) -> None:
    raised = failure(make_client, reply(200, f"<html>{SECRET}</html>"), *what)
    assert SECRET not in f"{raised} {raised!r}"


def test_a_typed_read_of_an_invalid_resource_shows_no_value(make_client: MakeClient) -> None:
    client = make_client(Server({**PATIENT, "birthDate": SECRET}))
    with pytest.raises((MedplumError, ValueError)) as caught:
        call(client, "read_resource", "Patient", "123", as_fhir=Patient)
    assert "Smithson" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/fhir/R4/Patient?family=Smithson",
        "//evil.test/fhir/R4/Patient?family=Smithson",
        "http://medplum.test/fhir/R4/Patient?family=Smithson",
        "https://medplum.test:444/fhir/R4/Patient?family=Smithson",
    ],
)
def test_a_page_outside_the_origin_is_an_unsafe_redirect(make_client: MakeClient, url: str) -> None:
    server = Server(page(PATIENT, following=url), page())
    with pytest.raises(UnsafeRedirectError) as caught:
        call(make_client(server), "search_resource_pages", "Patient")
    assert "Smithson" not in f"{caught.value} {caught.value!r}"
    assert {request.url.host for request in server.requests} == {"medplum.test"}


def test_a_job_outside_the_origin_is_an_unsafe_redirect(make_client: MakeClient) -> None:
    server = Server()
    job = "https://evil.test/fhir/R4/job/1/status"
    for given in (job, issue("informational", diagnostics=job)):
        for name in ("get_async_job_status", "wait_for_async_job"):
            with pytest.raises(UnsafeRedirectError):
                call(make_client(server), name, given)
    assert server.requests == []


def test_errors_are_caught_by_the_base_class_with_their_data(make_client: MakeClient) -> None:
    raised = failure(make_client, reply(404, OUTCOME))
    assert raised.response_data == OUTCOME
    assert BASE not in str(raised)
