"""What the documents say about tokens: lazy, refreshed in time, replayed once, then a cooldown."""

from datetime import datetime, timedelta, timezone

import httpx
import pytest
from api_calls import (
    CREDENTIALS,
    OBO,
    PATIENT,
    FakeClock,
    MakeClient,
    Server,
    call,
    form_and_secret,
    issue,
    reply,
    token,
)

from pymedplum import AuthenticationError, TokenRefreshCooldownError

DENIED = reply(401, issue("login"))
NO_TOKEN = reply(400, {"error": "invalid_request", "error_description": "Invalid secret hush"})
READ = ("read_resource", "Patient", "123")


def bearer(request: httpx.Request) -> str:
    return request.headers["authorization"]


def test_the_first_request_fetches_a_token(make_client: MakeClient) -> None:
    server = Server()
    call(make_client(server, **CREDENTIALS), *READ)
    assert len(server.token_requests) == 1
    assert bearer(server.last) == "Bearer token-1"


def test_a_token_is_asked_for_as_a_form_with_client_credentials(make_client: MakeClient) -> None:
    server = Server()
    call(make_client(server, **CREDENTIALS), *READ)
    sent = server.token_requests[0]
    assert (sent.method, sent.url.path) == ("POST", "/oauth2/token")
    assert sent.headers["content-type"].startswith("application/x-www-form-urlencoded")
    said = form_and_secret(sent)
    assert "grant_type=client_credentials" in said
    assert "hush" in said


def test_a_token_serves_until_shortly_before_it_expires(
    make_client: MakeClient, clock: FakeClock
) -> None:
    server = Server()
    client = make_client(server, **CREDENTIALS)
    call(client, *READ)
    clock.time += 1800
    call(client, *READ)
    assert len(server.token_requests) == 1
    clock.time += 1799.5
    call(client, *READ)
    assert [bearer(r) for r in server.requests] == [*["Bearer token-1"] * 2, "Bearer token-2"]


def test_token_expires_at_is_the_known_expiry(make_client: MakeClient, clock: FakeClock) -> None:
    client = make_client(Server(), **CREDENTIALS)
    assert client.token_expires_at is None
    call(client, *READ)
    expected = datetime.fromtimestamp(clock.time, timezone.utc) + timedelta(hours=1)
    assert abs(client.token_expires_at - expected) < timedelta(seconds=1)


def test_an_external_token_is_sent_and_has_no_known_expiry(make_client: MakeClient) -> None:
    server = Server()
    client = make_client(server, access_token="external")
    call(client, *READ)
    assert client.token_expires_at is None
    assert bearer(server.last) == "Bearer external"
    assert server.token_requests == []


def test_set_access_token_replaces_the_token(make_client: MakeClient, clock: FakeClock) -> None:
    server = Server()
    client = make_client(server)
    expires = datetime.fromtimestamp(clock.time, timezone.utc) + timedelta(hours=1)
    client.set_access_token("other", expires)
    call(client, *READ)
    assert bearer(server.last) == "Bearer other"
    assert client.token_expires_at == expires
    client.set_access_token("third")
    assert (client.access_token, client.token_expires_at) == ("third", None)


def test_a_401_forces_a_refresh_and_replays_the_request_once(make_client: MakeClient) -> None:
    server = Server(DENIED, PATIENT)
    assert call(make_client(server, **CREDENTIALS), *READ) == PATIENT
    assert [bearer(r) for r in server.requests] == ["Bearer token-1", "Bearer token-2"]


def test_a_replayed_write_has_its_body(make_client: MakeClient) -> None:
    server = Server(DENIED, reply(201, PATIENT))
    call(make_client(server, **CREDENTIALS), "create_resource", {"resourceType": "Patient"})
    assert server.requests[0].content == server.requests[1].content


def test_a_second_401_is_an_authentication_error(make_client: MakeClient) -> None:
    server = Server(DENIED)
    with pytest.raises(AuthenticationError) as caught:
        call(make_client(server, **CREDENTIALS), *READ)
    assert caught.value.status_code == 401
    assert (len(server.requests), len(server.token_requests)) == (2, 2)


def test_a_401_without_credentials_to_refresh_with_is_not_replayed(
    make_client: MakeClient,
) -> None:
    server = Server(DENIED)
    with pytest.raises(AuthenticationError):
        call(make_client(server), *READ)
    assert (len(server.requests), len(server.token_requests)) == (1, 0)


@pytest.mark.parametrize(
    "answer",
    [
        NO_TOKEN,
        reply(200, "<html>Sign in</html>"),
        reply(200, {"token_type": "Bearer"}),
        reply(401, "no"),
    ],
    ids=["error", "html", "incomplete", "401"],
)
def test_a_failed_credentials_flow_is_an_authentication_error(
    make_client: MakeClient, answer: object
) -> None:
    server = Server()
    server.token_answers = [answer]
    with pytest.raises(AuthenticationError) as caught:
        call(make_client(server, **CREDENTIALS), *READ)
    assert "hush" not in f"{caught.value} {caught.value!r}"
    assert server.requests == []


def test_during_the_cooldown_the_token_endpoint_is_left_alone(
    make_client: MakeClient, clock: FakeClock
) -> None:
    server = Server()
    server.token_answers = [NO_TOKEN]
    client = make_client(server, **CREDENTIALS, failed_refresh_cooldown=10.0)
    with pytest.raises(AuthenticationError):
        call(client, *READ)
    asked = len(server.token_requests)
    clock.time += 4
    with pytest.raises(TokenRefreshCooldownError) as caught:
        call(client, *READ)
    assert caught.value.retry_after == pytest.approx(6.0, abs=0.5)
    assert isinstance(caught.value.retry_after, float)
    assert len(server.token_requests) == asked


def test_the_cooldown_is_one_second_by_default_and_then_over(
    make_client: MakeClient, clock: FakeClock
) -> None:
    server = Server()
    server.token_answers = [NO_TOKEN, token("late")]
    client = make_client(server, **CREDENTIALS)
    with pytest.raises(AuthenticationError):
        call(client, *READ)
    clock.time += 0.9
    with pytest.raises(TokenRefreshCooldownError):
        call(client, *READ)
    clock.time += 0.2
    call(client, *READ)
    assert bearer(server.last) == "Bearer late"


def test_a_401_during_the_cooldown_is_a_cooldown_error(make_client: MakeClient) -> None:
    server = Server(DENIED)
    server.token_answers = [token("first"), NO_TOKEN]
    client = make_client(server, **CREDENTIALS, failed_refresh_cooldown=10.0)
    with pytest.raises(AuthenticationError):
        call(client, *READ)
    with pytest.raises(TokenRefreshCooldownError):
        call(client, *READ)
    assert len(server.token_requests) == 2


def test_the_token_request_never_carries_on_behalf_of(make_client: MakeClient) -> None:
    server = Server()
    client = make_client(server, **CREDENTIALS, default_on_behalf_of="ProjectMembership/abc")
    call(client, *READ)
    assert server.last.headers[OBO] == "ProjectMembership/abc"
    assert OBO not in server.token_requests[0].headers
