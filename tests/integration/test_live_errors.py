"""What the server refuses, and how, as the exceptions of both clients."""

import pytest
from live_calls import LiveClient, MakeClient, Requests, outcome_of

from pymedplum import (
    AuthenticationError,
    BadRequestError,
    MedplumError,
    NotFoundError,
    OperationOutcomeError,
    ServerError,
    UnsafeRedirectError,
    ValidationError,
)
from tests.medplum_server.process import MedplumServer

UNKNOWN_ID = "99999999-9999-4999-8999-999999999999"
PRIVATE_NAME = "Zzyzx"


def test_a_refusal_gives_the_outcome_with_its_tracing(client: LiveClient) -> None:
    with pytest.raises(ValidationError) as caught:
        client.create(name=PRIVATE_NAME)
    error = caught.value
    assert isinstance(error, BadRequestError)
    assert isinstance(error, OperationOutcomeError)
    assert error.status_code == 400
    assert "id" not in error.outcome
    tracing = error.outcome["extension"][0]
    assert [each["url"] for each in tracing["extension"]] == ["requestId", "traceId"]
    assert error.detail
    assert PRIVATE_NAME not in str(error)


def test_a_400_in_plain_text_is_a_bad_request_without_outcome(client: LiveClient) -> None:
    with pytest.raises(BadRequestError) as caught:
        client("post", "oauth2/token", json={"grant_type": "client_credentials"})
    assert not isinstance(caught.value, ValidationError)
    assert caught.value.response_data is None


def test_a_wrong_secret_is_an_authentication_error(
    client_of: MakeClient, server: MedplumServer
) -> None:
    client = client_of(client_id=server.client_id, client_secret="wrong-secret")
    with pytest.raises(AuthenticationError) as caught:
        client("read_resource", "Patient", UNKNOWN_ID)
    assert "invalid_request" in str(caught.value)
    assert "wrong-secret" not in str(caught.value)


def test_the_token_endpoint_gets_a_form(client: LiveClient, requests: Requests) -> None:
    client("search_resources", "Patient")
    asked = requests.all()[0]
    assert (asked["method"], asked["target"]) == ("POST", "/oauth2/token")
    assert asked["headers"]["content-type"] == "application/x-www-form-urlencoded"


def test_an_unknown_path_is_not_found_despite_its_html(client: LiveClient) -> None:
    with pytest.raises(NotFoundError) as caught:
        client("get", "no/such/page")
    assert caught.value.response_data is None
    assert "<html" not in str(caught.value)


def test_storage_is_another_server_that_is_never_asked(
    client: LiveClient, server: MedplumServer
) -> None:
    with pytest.raises(UnsafeRedirectError):
        client("get", f"{server.storage_url}storage/Binary/{UNKNOWN_ID}")
    assert server.control("storage")["requests"] == []


def test_an_unhandled_500_is_a_server_error_and_not_repeated(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    server.control("faults", {"kinds": ["500"]})
    with pytest.raises(ServerError) as caught:
        client("read_resource", "Patient", UNKNOWN_ID)
    error = caught.value
    assert error.response_data == {"msg": "Internal server error"}
    assert (error.method, error.path_template) == ("GET", "/fhir/R4/Patient/{id}")
    assert len(requests.fhir()) == 1
    assert UNKNOWN_ID not in str(error)


@pytest.mark.parametrize("kind", ["html-error", "empty-error"])
def test_a_500_without_json_is_a_server_error(
    client: LiveClient, server: MedplumServer, kind: str
) -> None:
    server.control("faults", {"kinds": [kind]})
    with pytest.raises(ServerError) as caught:
        client("read_resource", "Patient", UNKNOWN_ID)
    assert caught.value.response_data is None


@pytest.mark.parametrize("kind", ["html-ok", "incomplete-json"])
def test_a_200_that_is_no_json_is_an_error_of_our_own(
    client: LiveClient, server: MedplumServer, kind: str
) -> None:
    server.control("faults", {"kinds": [kind]})
    with pytest.raises(MedplumError) as caught:
        client("read_resource", "Patient", UNKNOWN_ID)
    assert caught.value.status_code == 200
    assert "Welcome" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_body_over_the_limit_is_refused_as_too_large(
    client: LiveClient, server: MedplumServer
) -> None:
    server.control("config", {"maxBody": 1000})
    with pytest.raises(ValidationError) as caught:
        client.create(name=[{"text": "x" * 1000}])
    assert caught.value.detail == "File too large"


def test_an_unknown_resource_type_is_a_400(client: LiveClient) -> None:
    with pytest.raises(ValidationError):
        client("search_resources", "Nonsense")


def test_a_malformed_id_is_404_when_read_and_400_when_written(client: LiveClient) -> None:
    with pytest.raises(NotFoundError):
        client("read_resource", "Patient", "no-uuid")
    with pytest.raises(ValidationError):
        client("update_resource", {"resourceType": "Patient", "id": "no-uuid"})


@pytest.mark.parametrize("options", [{}, {"access_token": "garbage"}])
def test_garbage_and_missing_tokens_are_the_same_authentication_error(
    client_of: MakeClient, options: dict[str, str]
) -> None:
    client = client_of(client_id=None, **options)
    with pytest.raises(AuthenticationError) as caught:
        client("read_resource", "Patient", UNKNOWN_ID)
    assert (caught.value.status_code, str(caught.value)) == (
        401,
        "GET /fhir/R4/Patient/{id}: 401 Unauthorized (login)",
    )


def test_an_expired_token_is_replaced_and_the_call_repeated(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    patient = client.create()
    server.control("tokens", {"revoke": True})
    assert client("read_resource", "Patient", patient["id"]) == patient
    assert requests.tokens() == 2
    assert [each["status"] for each in requests.fhir()] == [201, 401, 200]


def test_a_redirect_is_not_followed(client: LiveClient, server: MedplumServer) -> None:
    elsewhere = {"Location": "https://elsewhere.invalid/"}
    server.control("script", {"status": 302, "headers": elsewhere, "path": "^fhir/"})
    with pytest.raises(UnsafeRedirectError):
        client("read_resource", "Patient", UNKNOWN_ID)


def test_an_answer_that_breaks_off_is_read_again(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    patient = client.create()
    server.control("faults", {"kinds": ["truncate-body"], "method": "GET", "times": 1})
    assert client("read_resource", "Patient", patient["id"]) == patient
    assert len(requests.fhir()) == 3


def test_a_refused_outcome_of_another_status_keeps_its_outcome(
    client: LiveClient, server: MedplumServer
) -> None:
    server.control("script", {"status": 422, "json": outcome_of("processing"), "path": "^fhir/"})
    with pytest.raises(OperationOutcomeError) as caught:
        client.create()
    assert caught.value.status_code == 422
    assert caught.value.outcome["issue"][0]["code"] == "processing"
