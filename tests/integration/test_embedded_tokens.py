"""The embedded server's OAuth endpoints and sign-in behave as Medplum's."""

import json

import httpx
import pytest
from embedded_requests import UNKNOWN_ID, token

from tests.medplum_server.process import MedplumServer


def test_client_credentials_give_a_token_without_refresh(server: MedplumServer) -> None:
    answer = token(
        server,
        grant_type="client_credentials",
        client_id=server.client_id,
        client_secret=server.client_secret,
    ).json()
    assert answer["expires_in"] == 3600
    assert answer["scope"] == "openid"
    assert "refresh_token" not in answer


def test_the_secret_may_come_as_basic(server: MedplumServer) -> None:
    response = httpx.post(
        f"{server.base_url}oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(server.client_id, server.client_secret),
        trust_env=False,
    )
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("form", "description"),
    [
        ({}, "Missing grant_type"),
        ({"grant_type": "password"}, "Unsupported grant_type"),
        ({"grant_type": "client_credentials"}, "Missing client_id"),
        (
            {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"},
            "Invalid client",
        ),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "Invalid refresh token"),
    ],
)
def test_token_errors_have_oauth_bodies(
    server: MedplumServer, form: dict[str, str], description: str
) -> None:
    response = token(server, **form)
    assert response.status_code == 400
    assert response.json() == {"error": "invalid_request", "error_description": description}


def test_a_wrong_secret_is_a_400(server: MedplumServer) -> None:
    response = token(
        server,
        grant_type="client_credentials",
        client_id=server.client_id,
        client_secret=UNKNOWN_ID,
    )
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_the_token_endpoint_refuses_json_in_plain_text(server: MedplumServer) -> None:
    response = httpx.post(
        f"{server.base_url}oauth2/token",
        json={"grant_type": "client_credentials"},
        trust_env=False,
    )
    assert response.status_code == 400
    assert response.headers["Content-Type"].startswith("text/plain")


def test_refresh_tokens_rotate(server: MedplumServer) -> None:
    server.control("config", {"clientCredentialsRefresh": True})
    first = token(
        server,
        grant_type="client_credentials",
        client_id=server.client_id,
        client_secret=server.client_secret,
    ).json()["refresh_token"]
    second = token(server, grant_type="refresh_token", refresh_token=first).json()
    assert second["refresh_token"] != first
    again = token(server, grant_type="refresh_token", refresh_token=first)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert token(
        server, grant_type="refresh_token", refresh_token=second["refresh_token"]
    ).is_success


def test_a_token_can_be_exchanged(server: MedplumServer) -> None:
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "client_id": server.client_id,
    }
    assert "refresh_token" in token(server, **form, subject_token=UNKNOWN_ID).json()
    assert token(server, **form, subject_token="").status_code == 400


def test_missing_garbage_expired_and_revoked_tokens_look_the_same(server: MedplumServer) -> None:
    server.control("tokens", {"lifetime": 0})
    expired = server.access_token()
    server.control("tokens", {"lifetime": 3600})
    revoked = server.access_token()
    server.control("tokens", {"revoke": True})
    url = f"{server.base_url}fhir/R4/Patient"
    seen = set()
    for header in ({}, *({"Authorization": f"Bearer {t}"} for t in ("x", expired, revoked))):
        response = httpx.get(url, headers=header, trust_env=False)
        assert "WWW-Authenticate" not in response.headers
        body = response.json()
        body.pop("extension")
        seen.add((response.status_code, json.dumps(body)))
    assert [status for status, _ in seen] == [401]


def test_a_client_sets_its_own_token_lifetime(server: MedplumServer, http: httpx.Client) -> None:
    url = f"fhir/R4/ClientApplication/{server.client_id}"
    http.put(url, json={**http.get(url).json(), "accessTokenLifetime": "2s"}).raise_for_status()
    answer = token(
        server,
        grant_type="client_credentials",
        client_id=server.client_id,
        client_secret=server.client_secret,
    )
    assert answer.json()["expires_in"] == 2


def test_basic_credentials_work_on_fhir_calls(server: MedplumServer) -> None:
    url = f"{server.base_url}fhir/R4/Patient"
    auth = (server.client_id, server.client_secret)
    assert httpx.get(url, auth=auth, trust_env=False).status_code == 200
    assert httpx.get(url, auth=(server.client_id, "no"), trust_env=False).status_code == 401


def test_a_person_signs_in_with_a_code_that_works_once(server: MedplumServer) -> None:
    sign_in = {
        "email": server.users["admin"],
        "password": server.users["password"],
        "scope": "openid offline",
        "codeChallenge": "verify-me",
        "codeChallengeMethod": "plain",
    }
    with httpx.Client(base_url=server.base_url, trust_env=False) as client:
        code = client.post("auth/login", json=sign_in).json()["code"]
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": "verify-me"}
        tokens = client.post("oauth2/token", data=form).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        me = client.get("auth/me", headers=bearer).json()
        assert me["user"]["email"] == server.users["admin"]
        assert f"Practitioner/{me['profile']['id']}" == server.profiles["admin"]
        assert client.post("oauth2/token", data=form).json()["error"] == "invalid_grant"
        assert client.get("auth/me", headers=bearer).status_code == 401


def test_a_person_with_two_memberships_chooses_one(server: MedplumServer) -> None:
    sign_in = {"email": server.users["doctor"], "password": server.users["password"]}
    with httpx.Client(base_url=server.base_url, trust_env=False) as client:
        login = client.post("auth/login", json=sign_in).json()
        assert {m["id"] for m in login["memberships"]} == {
            server.membership_ids["doctor"],
            server.membership_ids["nurse"],
        }
        choice = {"login": login["login"], "profile": server.membership_ids["nurse"]}
        assert "code" in client.post("auth/profile", json=choice).json()


def test_introspection_userinfo_and_logout(http: httpx.Client) -> None:
    bearer = http.headers["Authorization"].split()[1]
    assert http.post("oauth2/introspect", data={"token": bearer}).json()["active"] is True
    assert http.get("oauth2/userinfo").json()["fhirUser"].startswith("ClientApplication/")
    assert http.post("oauth2/logout").status_code == 200
    assert http.post("oauth2/introspect", data={"token": bearer}).json() == {"active": False}
    assert http.get("fhir/R4/Patient").status_code == 401


def test_discovery_names_the_token_endpoint(server: MedplumServer, http: httpx.Client) -> None:
    for name in ("openid-configuration", "oauth-authorization-server", "smart-configuration"):
        document = http.get(f".well-known/{name}").json()
        assert document["token_endpoint"] == f"{server.base_url}oauth2/token"
    assert http.get(".well-known/jwks.json").json() == {"keys": []}
