"""oauth2/authorize on the embedded server, and the document that tells where it is."""

import base64
import hashlib
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from embedded_requests import UNKNOWN_ID, token

from tests.medplum_server.process import MedplumServer

REDIRECT = "http://localhost/callback"  # what the test client registered
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")


def authorize(server: MedplumServer, method: str = "GET", **changes: str) -> httpx.Response:
    asked = {
        "response_type": "code",
        "client_id": server.client_id,
        "redirect_uri": REDIRECT,
        "scope": "openid fhirUser offline_access",
        "state": "opaque & state",
        "aud": f"{server.base_url}fhir/R4",
        "code_challenge": CHALLENGE.decode(),
        "code_challenge_method": "S256",
        **changes,
    }
    url = f"{server.base_url}oauth2/authorize"
    place = {"params": asked} if method == "GET" else {"data": asked}
    return httpx.request(method, url, trust_env=False, **place)


def answer_of(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 302, response.text
    location = urlsplit(response.headers["Location"])
    assert location._replace(query="").geturl() == REDIRECT
    return dict(parse_qsl(location.query))


def redeem(server: MedplumServer, code: str, **changes: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": server.client_id,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        **changes,
    }
    return token(server, **form)


@pytest.fixture
def admin(server: MedplumServer) -> MedplumServer:
    """A server whose browser is the administrator's."""
    server.control("config", {"authorizeAs": server.users["admin"]})
    return server


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_code_gives_tokens_of_the_user(admin: MedplumServer, method: str) -> None:
    answer = answer_of(authorize(admin, method))
    assert answer["state"] == "opaque & state"
    tokens = redeem(admin, answer["code"]).json()
    assert tokens["profile"]["reference"] == admin.profiles["admin"]
    assert tokens["scope"] == "openid fhirUser offline_access"
    assert "refresh_token" in tokens


def test_a_code_works_once(admin: MedplumServer) -> None:
    code = answer_of(authorize(admin))["code"]
    assert redeem(admin, code).status_code == 200
    again = redeem(admin, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("verifier", "expected"), [("w" * 64, "Invalid code verifier"), ("", "Missing code verifier")]
)
def test_the_verifier_is_checked(admin: MedplumServer, verifier: str, expected: str) -> None:
    code = answer_of(authorize(admin))["code"]
    refused = redeem(admin, code, code_verifier=verifier)
    assert refused.status_code == 400
    assert refused.json()["error_description"] == expected
    assert redeem(admin, code).status_code == 200


def test_a_code_belongs_to_its_client(admin: MedplumServer) -> None:
    code = answer_of(authorize(admin))["code"]
    assert redeem(admin, code, client_id=UNKNOWN_ID).json()["error_description"] == "Invalid client"


def test_refresh_tokens_come_with_offline_access_alone_and_rotate(admin: MedplumServer) -> None:
    short = redeem(admin, answer_of(authorize(admin, scope="openid"))["code"]).json()
    assert "refresh_token" not in short
    first = redeem(admin, answer_of(authorize(admin))["code"]).json()["refresh_token"]
    second = token(admin, grant_type="refresh_token", refresh_token=first).json()
    assert second["refresh_token"] != first
    assert token(admin, grant_type="refresh_token", refresh_token=first).status_code == 400


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"redirect_uri": "http://localhost:8123/callback"}, "Incorrect redirect_uri"),
        ({"redirect_uri": "http://127.0.0.1/callback"}, "Incorrect redirect_uri"),
        ({"client_id": UNKNOWN_ID}, "Client not found"),
    ],
)
def test_a_wrong_client_or_redirect_uri_is_not_redirected(
    admin: MedplumServer, changes: dict[str, str], expected: str
) -> None:
    response = authorize(admin, **changes)
    assert (response.status_code, response.text) == (400, expected)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": ""}, "invalid_request"),
        ({"aud": "https://elsewhere.invalid/fhir/R4"}, "invalid_request"),
        ({"code_challenge_method": "S512"}, "invalid_request"),
        ({"request": "a.b.c"}, "request_not_supported"),
    ],
)
def test_other_mistakes_are_told_to_the_redirect_uri(
    admin: MedplumServer, changes: dict[str, str], expected: str
) -> None:
    answer = answer_of(authorize(admin, **changes))
    assert answer == {"error": expected, "state": "opaque & state"}


def test_the_user_may_deny_access(server: MedplumServer) -> None:
    server.control("config", {"authorizeAs": "denied"})
    answer = answer_of(authorize(server))
    assert answer == {"error": "access_denied", "state": "opaque & state"}


def test_a_redirect_uri_of_a_loopback_listener_is_registered_first(
    admin: MedplumServer, http: httpx.Client
) -> None:
    listener = "http://127.0.0.1:45678/callback"
    client = f"fhir/R4/ClientApplication/{admin.client_id}"
    patch = [{"op": "add", "path": "/redirectUris/-", "value": listener}]
    headers = {"Content-Type": "application/json-patch+json"}
    http.patch(client, json=patch, headers=headers).raise_for_status()
    response = authorize(admin, redirect_uri=listener)
    assert response.headers["Location"].startswith(f"{listener}?code=")


def test_without_a_user_the_browser_is_sent_to_the_sign_in_page(server: MedplumServer) -> None:
    response = authorize(server)
    assert response.status_code == 302
    assert response.headers["Location"].startswith(f"{server.base_url}oauth?")


@pytest.mark.parametrize("prefix", ["", "fhir/R4/"])
def test_the_smart_configuration_says_what_is_accepted(server: MedplumServer, prefix: str) -> None:
    url = f"{server.base_url}{prefix}.well-known/smart-configuration"
    document = httpx.get(url, trust_env=False).json()
    assert document["token_endpoint"] == f"{server.base_url}oauth2/token"
    assert document["authorization_endpoint"] == f"{server.base_url}oauth2/authorize"
    assert document["jwks_uri"].endswith("jwks.json")
    assert "private_key_jwt" in document["token_endpoint_auth_methods_supported"]
    assert set(document["token_endpoint_auth_signing_alg_values_supported"]) == {
        f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)
    }
    assert "S256" in document["code_challenge_methods_supported"]
    assert {"client-confidential-asymmetric", "permission-v2"} <= set(document["capabilities"])
    assert "client_credentials" in document["grant_types_supported"]
    assert "offline_access" in document["scopes_supported"]
