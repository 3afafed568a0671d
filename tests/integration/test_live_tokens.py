"""Tokens: how both clients get, keep and renew them."""

from datetime import datetime, timezone
from typing import Any

import httpx
import pytest
from live_calls import LiveClient, MakeClient, Requests

from pymedplum import AuthenticationError, RequestEvent, TokenRefreshCooldownError
from pymedplum.auth import AccessToken, BasicAuth, RefreshToken, TokenExchange, TokenProvider
from tests.medplum_server.process import MedplumServer

SOMEBODY = "99999999-9999-4999-8999-999999999999"


def test_client_credentials_give_a_token_for_an_hour(
    client: LiveClient, requests: Requests
) -> None:
    assert client.inner.access_token is None
    for _ in range(3):
        client("search_resources", "Patient")
    assert requests.tokens() == 1
    assert client.inner.access_token
    assert client.inner.token_expires_at.timestamp() == client.clock.time + 3600


def test_a_token_is_renewed_before_it_ends(client: LiveClient, requests: Requests) -> None:
    client("search_resources", "Patient")
    first = client.inner.access_token
    client.clock.time += 3500
    client("search_resources", "Patient")
    assert client.inner.access_token == first
    client.clock.time += 50
    client("search_resources", "Patient")
    assert client.inner.access_token != first
    assert requests.tokens() == 2
    assert {each["status"] for each in requests.fhir()} == {200}


def test_a_token_that_lives_two_seconds_is_renewed_in_time(
    client_of: MakeClient, server: MedplumServer, requests: Requests
) -> None:
    path = f"fhir/R4/ClientApplication/{server.client_id}"
    owner = client_of()
    owner("put", path, json={**owner("get", path), "accessTokenLifetime": "2s"})
    client = client_of()
    client("search_resources", "Patient")
    assert client.inner.token_expires_at.timestamp() == client.clock.time + 2
    before = requests.tokens()
    client.clock.time += 1.9
    client("search_resources", "Patient")
    assert requests.tokens() == before + 1


def test_basic_credentials_work_without_any_token(
    client_of: MakeClient, server: MedplumServer, requests: Requests
) -> None:
    client = client_of(auth=BasicAuth(server.client_id, server.client_secret))
    assert client.create()["id"]
    assert requests.tokens() == 0
    assert requests.fhir()[0]["headers"]["authorization"].startswith("Basic ")
    wrong = client_of(auth=BasicAuth(server.client_id, "wrong"))
    with pytest.raises(AuthenticationError):
        wrong.create()


def _grant(server: MedplumServer) -> dict[str, Any]:
    server.control("config", {"clientCredentialsRefresh": True})
    form = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
    }
    answer = httpx.post(f"{server.base_url}oauth2/token", data=form, trust_env=False)
    grant: dict[str, Any] = answer.json()
    return grant


def test_refresh_tokens_rotate(client_of: MakeClient, server: MedplumServer) -> None:
    kept: list[str] = []
    first = _grant(server)["refresh_token"]
    client = client_of(auth=RefreshToken(first, client_id=server.client_id, on_rotate=kept.append))
    for rotations in (1, 2, 3):
        client("search_resources", "Patient")
        assert len(kept) == rotations
        server.control("tokens", {"revoke": True})
    assert len({first, *kept}) == 4
    with pytest.raises(AuthenticationError):
        client_of(auth=RefreshToken(first, client_id=server.client_id))("search_one", "Patient")


def test_a_token_of_another_issuer_is_exchanged(
    client_of: MakeClient, server: MedplumServer
) -> None:
    client = client_of(auth=TokenExchange("of-another-issuer", client_id=server.client_id))
    assert client.create()["id"]
    wrong = client_of(auth=TokenExchange("invalid", client_id=server.client_id))
    with pytest.raises(AuthenticationError):
        wrong.create()


def test_a_provider_is_asked_again_after_a_401(
    client_of: MakeClient, server: MedplumServer, requests: Requests
) -> None:
    given = [server.access_token()]
    client = client_of(auth=TokenProvider(lambda: given[-1]))
    client("search_resources", "Patient")
    server.control("tokens", {"revoke": True})
    given.append(server.access_token())
    client("search_resources", "Patient")
    assert [each["status"] for each in requests.fhir()] == [200, 401, 200]
    assert client.inner.access_token == given[-1]


def test_a_given_token_is_used_until_the_server_refuses_it(
    client_of: MakeClient, server: MedplumServer, requests: Requests
) -> None:
    client = client_of(client_id=None, access_token=server.access_token())
    before = requests.tokens()
    assert client.create()["id"]
    server.control("tokens", {"revoke": True})
    with pytest.raises(AuthenticationError):
        client.create()
    client.inner.set_access_token(
        server.access_token(), datetime.fromtimestamp(client.clock.time + 60, tz=timezone.utc)
    )
    assert client.create()["id"]
    assert requests.tokens() == before + 1  # this test's own


def test_a_given_token_that_is_refused_is_replaced_by_the_credentials(
    client_of: MakeClient, server: MedplumServer
) -> None:
    credentials = {"client_id": server.client_id, "client_secret": server.client_secret}
    client = client_of(access_token="stale", **credentials)
    assert client.create()["id"]


@pytest.mark.parametrize("kind", ["html-ok", "html-error", "empty-object", "incomplete-json"])
def test_a_token_answer_that_is_none_is_an_authentication_error_with_a_cooldown(
    client: LiveClient, server: MedplumServer, requests: Requests, kind: str
) -> None:
    server.control("tokens", {"fault": kind, "times": 1})
    with pytest.raises(AuthenticationError):
        client.create()
    with pytest.raises(TokenRefreshCooldownError) as caught:
        client.create()
    assert 0 < caught.value.retry_after <= 1
    assert requests.tokens() == 1
    client.clock.time += 1
    assert client.create()["id"]


def test_a_refusal_of_every_token_ends_after_one_replay(
    client: LiveClient, server: MedplumServer, requests: Requests
) -> None:
    server.control("script", {"status": 401, "json": {}, "path": "^fhir/", "times": 9})
    with pytest.raises(AuthenticationError):
        client.create()
    assert (len(requests.fhir()), requests.tokens()) == (2, 2)


def test_private_material_shows_nowhere(client_of: MakeClient, server: MedplumServer) -> None:
    events: list[RequestEvent] = []
    client = client_of(on_request_complete=events.append)
    client.create()
    secrets = [server.client_secret, client.inner.access_token]
    shown = f"{client.inner!r} {events} {[each.to_phi_audit_dict() for each in events]}"
    assert not any(secret in shown for secret in secrets)
    assert AccessToken(secrets[1]).value not in repr(AccessToken(secrets[1]))
    assert [event.action for event in events] == [None, "create"]
