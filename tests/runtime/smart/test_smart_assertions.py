"""Assertions of services: who signs them, what they say, and that each is new."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from backend_calls import (
    ALGORITHMS,
    BASE,
    BOTH,
    CLIENT,
    CURVES,
    TOKEN_URL,
    Backend,
    claims,
    header,
    jwk,
    pem,
    private_key,
)
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from pymedplum import AuthenticationError, MedplumClient
from pymedplum_runtime.errors import SigningKeyError
from pymedplum_runtime.smart import PrivateKeyJwtAuth

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@BOTH
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_independent_library_verifies_every_algorithm(colour: str, algorithm: str) -> None:
    key, backend = private_key(algorithm), Backend()
    auth: Any = PrivateKeyJwtAuth(CLIENT, pem(key), algorithm=algorithm)  # type: ignore[arg-type]
    backend.sign_in(colour, auth)
    (assertion,) = backend.assertions()
    verified = jwt.decode(
        assertion,
        key.public_key(),
        [algorithm],
        audience=TOKEN_URL,
        issuer=CLIENT,
        options={"require": ["exp", "iat", "jti", "sub"], "verify_exp": False, "verify_iat": False},
    )
    assert verified["sub"] == CLIENT
    assert header(assertion)["alg"] == algorithm


@BOTH
def test_the_claims_are_those_of_smart_app_launch_at_the_clocks_time(colour: str) -> None:
    backend = Backend()
    auth = PrivateKeyJwtAuth(CLIENT, pem(private_key()), scope="system/*.rs", lifetime=300)
    backend.clock.time = 1_900_000_000.75
    backend.sign_in(colour, auth)
    (form,) = backend.forms()
    assertion = form.pop("client_assertion")
    assert form == {
        "grant_type": "client_credentials",
        "client_assertion_type": JWT_BEARER,
        "scope": "system/*.rs",
    }
    found = claims(assertion, private_key())
    assert len(found.pop("jti")) >= 32
    assert found == {
        "iss": CLIENT,
        "sub": CLIENT,
        "aud": TOKEN_URL,
        "iat": 1_900_000_000,
        "exp": 1_900_000_300,
    }
    assert header(assertion).keys() == {"alg", "kid", "typ"}
    assert header(assertion)["typ"] == "JWT"


@BOTH
def test_every_token_has_an_assertion_of_its_own(colour: str) -> None:
    backend = Backend()
    client = backend.client(colour, PrivateKeyJwtAuth(CLIENT, pem(private_key())))
    for _ in range(3):
        backend.read(client)
        backend.clock.time += 3600
    found = [claims(each, private_key()) for each in backend.assertions()]
    assert len({each["jti"] for each in found}) == 3
    assert [each["iat"] - found[0]["iat"] for each in found] == [0, 3600, 7200]


@BOTH
def test_a_request_that_is_repeated_has_a_new_assertion_too(colour: str) -> None:
    granted = httpx.Response(200, json={"access_token": "granted"})
    refused = httpx.ConnectError("refused")
    backend = Backend(**{TOKEN_URL: [refused, refused, granted]})
    backend.sign_in(colour, PrivateKeyJwtAuth(CLIENT, pem(private_key())))
    assert len(backend.assertions()) == len(set(backend.assertions())) == 3
    found = [claims(each, private_key()) for each in backend.assertions()]
    assert len({each["jti"] for each in found}) == 3


def test_a_shorter_life_is_kept_and_a_longer_one_refused() -> None:
    backend = Backend()
    backend.sign_in("sync", PrivateKeyJwtAuth(CLIENT, pem(private_key()), lifetime=5))
    found = claims(backend.assertions()[0], private_key())
    assert found["exp"] - found["iat"] == 5
    for lifetime in (0, -1, 300.5, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="from 1 to 300"):
            PrivateKeyJwtAuth(CLIENT, pem(private_key()), lifetime=lifetime)
    for wrong in ("300", True, None):
        with pytest.raises(TypeError):
            PrivateKeyJwtAuth(CLIENT, pem(private_key()), lifetime=wrong)  # type: ignore[arg-type]


def test_the_kid_is_given_or_the_jwks_or_the_thumbprint() -> None:
    key = private_key("ES384")

    def kid(material: Any, **more: Any) -> str:
        backend = Backend()
        backend.sign_in("sync", PrivateKeyJwtAuth(CLIENT, material, algorithm="ES384", **more))
        found: str = header(backend.assertions()[0])["kid"]
        return found

    numbers = {name: jwk(key)[name] for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(numbers, sort_keys=True, separators=(",", ":")).encode()
    thumbprint = jwt.utils.base64url_encode(hashlib.sha256(canonical).digest()).decode()
    assert kid(pem(key)) == kid(jwk(key)) == thumbprint
    assert kid(pem(key), key_id="mine") == kid(jwk(key), key_id="mine") == "mine"
    assert kid(jwk(key, kid="its own")) == "its own"


def test_a_jku_stands_in_the_header() -> None:
    backend = Backend()
    url = "https://keys.test/jwks.json"
    backend.sign_in("sync", PrivateKeyJwtAuth(CLIENT, pem(private_key()), jku=url))
    assert header(backend.assertions()[0])["jku"] == url
    with pytest.raises(ValueError, match="jku"):
        PrivateKeyJwtAuth(CLIENT, pem(private_key()), jku="jwks.json")


def _kms(algorithm: str, *, raw: bool = False) -> Callable[[bytes], bytes]:
    """Give a function as a KMS signs: PKCS#1 or DER, over the message."""
    key = private_key(algorithm)
    digest = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}[algorithm[2:]]()

    def sign(message: bytes) -> bytes:
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(message, padding.PKCS1v15(), digest)
        der = key.sign(message, ec.ECDSA(digest))
        size = (key.curve.key_size + 7) // 8
        return b"".join(n.to_bytes(size, "big") for n in decode_dss_signature(der)) if raw else der

    return sign


@BOTH
@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("algorithm", ["RS256", *CURVES])
def test_a_signing_function_signs_in_either_form(colour: str, algorithm: Any, raw: bool) -> None:  # noqa: FBT001 - a parameter
    backend, sign = Backend(), _kms(algorithm, raw=raw)
    backend.sign_in(colour, PrivateKeyJwtAuth(CLIENT, sign, algorithm=algorithm, key_id="kms/1"))
    (assertion,) = backend.assertions()
    assert claims(assertion, private_key(algorithm), algorithm)["aud"] == TOKEN_URL
    assert header(assertion) == {"alg": algorithm, "kid": "kms/1", "typ": "JWT"}


def test_an_asynchronous_signing_function_serves_the_asynchronous_client_alone() -> None:
    async def sign(message: bytes) -> bytes:
        return _kms("ES384")(message)

    auth = PrivateKeyJwtAuth(CLIENT, sign, algorithm="ES384", key_id="kms")
    assert auth.is_async
    backend = Backend()
    backend.sign_in("async", auth)
    assert claims(backend.assertions()[0], private_key("ES384"), "ES384")["iss"] == CLIENT
    with pytest.raises(TypeError, match="await"):
        MedplumClient(BASE, auth=auth)


def test_der_signatures_with_short_numbers_are_filled_up() -> None:
    def sign(_: bytes) -> bytes:
        return bytes([0x30, 6, 2, 1, 5, 2, 1, 7])  # r = 5, s = 7

    backend = Backend()
    backend.sign_in("sync", PrivateKeyJwtAuth(CLIENT, sign, algorithm="ES256", key_id="k"))
    signature = jwt.utils.base64url_decode(backend.assertions()[0].rpartition(".")[2])
    assert signature == (5).to_bytes(32, "big") + (7).to_bytes(32, "big")


@pytest.mark.parametrize(
    ("signature", "algorithm", "said"),
    [
        (b"", "ES256", "0 bytes.*ES256 has 64, or DER"),
        (b"x" * 96, "ES256", "96 bytes.*ES256 has 64"),
        (b"x" * 64, "RS256", "RS256 has at least 256"),
        (_kms("ES512")(b"m"), "ES256", "ES256 has 64"),
        ("text", "RS256", "must return bytes, got str"),
        (None, "RS256", "must return bytes, got NoneType"),
    ],
)
def test_what_is_no_signature_of_the_algorithm_is_refused(
    signature: Any, algorithm: Any, said: str
) -> None:
    backend = Backend()
    auth = PrivateKeyJwtAuth(CLIENT, lambda _: signature, algorithm=algorithm, key_id="k")
    with pytest.raises(SigningKeyError, match=said):
        backend.sign_in("sync", auth)
    assert backend.forms() == []


@BOTH
def test_a_signing_function_that_fails_is_the_cause_of_an_authentication_error(colour: str) -> None:
    def sign(_: bytes) -> bytes:
        raise OSError("the KMS at 10.0.0.1 is away")

    with pytest.raises(AuthenticationError) as caught:
        Backend().sign_in(colour, PrivateKeyJwtAuth(CLIENT, sign, key_id="k"))
    assert isinstance(caught.value.__cause__, OSError)
    assert str(caught.value) == "no token: PrivateKeyJwtAuth failed with OSError"
    assert "10.0.0.1" not in str(caught.value)


def test_a_signing_function_needs_the_name_of_its_key() -> None:
    with pytest.raises(SigningKeyError, match="key_id"):
        PrivateKeyJwtAuth(CLIENT, _kms("RS384"))


@BOTH
def test_a_refusal_of_the_server_is_an_authentication_error_without_the_assertion(
    colour: str,
) -> None:
    refused = {"error": "invalid_client", "error_description": "the assertion of Ada"}
    backend = Backend(**{TOKEN_URL: httpx.Response(400, json=refused)})
    auth = PrivateKeyJwtAuth(CLIENT, pem(private_key()))
    with pytest.raises(AuthenticationError, match="invalid_client") as caught:
        backend.sign_in(colour, auth)
    assert "Ada" not in str(caught.value)
    assert backend.assertions()[0] not in f"{caught.value!r} {caught.value.sanitize_for_logging()}"
    assert auth.granted is None
