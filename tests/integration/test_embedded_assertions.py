"""private_key_jwt on the embedded server: what it accepts, and what it refuses."""

import time
import uuid
from functools import cache
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from embedded_requests import UNKNOWN_ID, token
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.medplum_server.process import MedplumServer, ServerError

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CURVES = {"256": ec.SECP256R1, "384": ec.SECP384R1, "512": ec.SECP521R1}
ALGORITHMS = [f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in CURVES]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def key_for(algorithm: str, turn: int = 0) -> PrivateKey:
    if algorithm.startswith("ES"):
        return ec.generate_private_key(CURVES[algorithm[2:]]())
    return rsa_key(turn, 2048)


@cache
def rsa_key(turn: int, bits: int) -> rsa.RSAPrivateKey:  # noqa: ARG001 - each turn has its key
    return rsa.generate_private_key(65537, bits)


def jwk_of(key: PrivateKey, key_id: str = "first", **more: object) -> dict[str, Any]:
    public = key.public_key()
    written = (
        RSAAlgorithm.to_jwk(public, as_dict=True)
        if isinstance(public, rsa.RSAPublicKey)
        else ECAlgorithm.to_jwk(public, as_dict=True)
    )
    return {**written, "kid": key_id, **more}


def claims_of(server: MedplumServer, **changes: object) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": server.key_client_id,
        "sub": server.key_client_id,
        "aud": f"{server.base_url}oauth2/token",
        "exp": now + 290,
        "jti": str(uuid.uuid4()),
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def signed(
    claims: dict[str, Any],
    key: PrivateKey,
    algorithm: str = "ES384",
    key_id: str | None = "first",
) -> str:
    return jwt.encode(claims, key, algorithm, headers={"kid": key_id} if key_id else {})


def ask(server: MedplumServer, assertion: str, **form: str) -> httpx.Response:
    return token(
        server,
        **{
            "grant_type": "client_credentials",
            "client_assertion_type": JWT_BEARER,
            "client_assertion": assertion,
            "scope": "system/Patient.rs",
            **form,
        },
    )


def refusal(response: httpx.Response) -> str:
    body = response.json()
    assert response.status_code == 400
    assert body["error"] == "invalid_request"
    return str(body["error_description"])


@pytest.fixture
def key(server: MedplumServer) -> PrivateKey:
    """A P-384 key that the client registered."""
    made = key_for("ES384")
    server.control("jwks", {"keys": [jwk_of(made)], "client": server.key_client_id})
    return made


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_assertion_of_each_algorithm_gives_a_token_that_works(
    server: MedplumServer, algorithm: str
) -> None:
    key = key_for(algorithm)
    keys = {"keys": [jwk_of(key)], "client": server.key_client_id}
    server.control("jwks", keys)
    response = ask(server, signed(claims_of(server), key, algorithm))
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["scope"] == "system/Patient.rs"
    assert "refresh_token" not in answer
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    read = httpx.get(f"{server.base_url}fhir/R4/Patient", headers=bearer, trust_env=False)
    assert read.status_code == 200


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"aud": "http://127.0.0.1:1/oauth2/token"}, "Invalid client assertion audience"),
        ({"aud": None}, "Invalid client assertion audience"),
        ({"sub": UNKNOWN_ID}, "Invalid client assertion issuer"),
        ({"iss": UNKNOWN_ID, "sub": UNKNOWN_ID}, "Client not found"),
        ({"exp": 1}, "Client assertion expired"),
        ({"exp": None}, "Client assertion expired"),
        ({"exp": int(time.time()) + 86400}, "Client assertion lifetime exceeds 5 minutes"),
        ({"iat": int(time.time()) + 3600}, "Client assertion is not valid yet"),
        ({"nbf": int(time.time()) + 3600}, "Client assertion is not valid yet"),
        ({"jti": None}, "Missing client assertion jti"),
    ],
)
def test_wrong_claims_are_refused(
    server: MedplumServer, key: PrivateKey, changes: dict[str, object], expected: str
) -> None:
    assert refusal(ask(server, signed(claims_of(server, **changes), key))) == expected


def test_a_replayed_assertion_is_refused(server: MedplumServer, key: PrivateKey) -> None:
    assertion = signed(claims_of(server), key)
    assert ask(server, assertion).status_code == 200
    assert refusal(ask(server, assertion)) == "Client assertion was used before"
    server.control("config", {"replayedAssertions": True})
    assert ask(server, assertion).status_code == 200


def test_a_refused_assertion_does_not_use_up_its_jti(
    server: MedplumServer, key: PrivateKey
) -> None:
    claims = claims_of(server)
    foreign = signed(claims, ec.generate_private_key(ec.SECP384R1()))
    assert refusal(ask(server, foreign)) == "Invalid client assertion signature"
    assert ask(server, signed(claims, key)).status_code == 200


@pytest.mark.parametrize("key_id", ["second", None])
def test_a_rotated_key_is_fetched_once_it_is_used(
    server: MedplumServer, key: PrivateKey, key_id: str | None
) -> None:
    new = key_for("RS384", turn=1)
    assert ask(server, signed(claims_of(server), key)).status_code == 200
    late = signed(claims_of(server), new, "RS384", key_id)
    assert refusal(ask(server, late)) == "Invalid client assertion signature"
    server.control("jwks", {"keys": [jwk_of(key), jwk_of(new, "second")]})
    for old_or_new in (
        signed(claims_of(server), new, "RS384", key_id),
        signed(claims_of(server), key),
    ):
        assert ask(server, old_or_new).status_code == 200
    server.control("jwks", {"keys": [jwk_of(new, "second")]})
    assert refusal(ask(server, signed(claims_of(server), key))).endswith("signature")


def test_a_known_key_set_is_not_fetched_again(server: MedplumServer, key: PrivateKey) -> None:
    for _ in range(3):
        assert ask(server, signed(claims_of(server), key)).status_code == 200
    paths = [request["path"] for request in server.control("storage")["requests"]]
    assert paths == ["jwks/keys.json"]


@pytest.mark.parametrize(
    "registered",
    [
        {"use": "enc"},
        {"alg": "ES256"},
        {"kid": "other"},
        {"key_ops": ["encrypt"]},
    ],
)
def test_a_key_for_another_purpose_does_not_verify(
    server: MedplumServer, registered: dict[str, object]
) -> None:
    key = key_for("ES384")
    keys = [{**jwk_of(key), **registered}]
    server.control("jwks", {"keys": keys, "client": server.key_client_id})
    assert refusal(ask(server, signed(claims_of(server), key))).endswith("signature")


def test_short_rsa_keys_and_shared_secrets_are_refused(server: MedplumServer) -> None:
    short = rsa_key(0, 1024)
    server.control("jwks", {"keys": [jwk_of(short)], "client": server.key_client_id})
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        weak = signed(claims_of(server), short, "RS256")
    assert refusal(ask(server, weak)).endswith("signature")
    shared = jwt.encode(claims_of(server), "s" * 64, "HS512", headers={"kid": "first"})
    assert refusal(ask(server, shared)).endswith("signature")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"client_assertion_type": "urn:other"}, "Unsupported client assertion type"),
        ({"client_assertion_type": ""}, "Unsupported client assertion type"),
        ({"client_assertion": ""}, "Missing client assertion"),
        ({"client_assertion": "no.token"}, "Invalid client assertion"),
        ({"client_assertion": "bnVsbA.bnVsbA.x"}, "Invalid client assertion"),
        ({"client_id": UNKNOWN_ID}, "Invalid client"),
    ],
)
def test_a_wrong_form_is_refused(
    server: MedplumServer, key: PrivateKey, form: dict[str, str], expected: str
) -> None:
    assert refusal(ask(server, signed(claims_of(server), key), **form)) == expected


def test_a_client_without_keys_is_refused_until_an_update_gives_it_some(
    server: MedplumServer, http: httpx.Client
) -> None:
    key = key_for("ES384")
    without = refusal(ask(server, signed(claims_of(server), key)))
    assert without == "Client must have a JWK Set URL"
    url = server.control("jwks", {"keys": [jwk_of(key)], "name": "mine"})["url"]
    assert url == f"{server.storage_url}jwks/mine.json"
    patch = [{"op": "add", "path": "/jwksUri", "value": url}]
    client = f"fhir/R4/ClientApplication/{server.key_client_id}"
    http.patch(
        client, json=patch, headers={"Content-Type": "application/json-patch+json"}
    ).raise_for_status()
    assert ask(server, signed(claims_of(server), key)).status_code == 200
    away = {**http.get(client).json(), "jwksUri": "https://keys.invalid/jwks.json"}
    http.put(client, json=away).raise_for_status()
    assert refusal(ask(server, signed(claims_of(server), key))).endswith("signature")


def test_private_keys_are_never_published(server: MedplumServer) -> None:
    private = {**jwk_of(key_for("ES384")), "d": "secret"}
    with pytest.raises(ServerError, match="must be a public one"):
        server.control("jwks", {"keys": [private]})


def test_the_server_may_grant_less_than_was_asked_for(
    server: MedplumServer, key: PrivateKey
) -> None:
    server.control("config", {"grantedScope": "system/Patient.r"})
    answer = ask(server, signed(claims_of(server), key), scope="system/*.cruds").json()
    assert answer["scope"] == "system/Patient.r"
