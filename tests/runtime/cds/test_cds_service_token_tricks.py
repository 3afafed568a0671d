"""Tricks with signatures, headers and encodings: every one gets a 401."""

import hashlib
import hmac
import json
import logging
from typing import Any

import httpx
import jwt
import pytest
from cds_calls import (
    JWKS_URL,
    KEYS,
    NOW,
    OTHER_KEYS,
    a_request,
    an_ehr,
    bearer,
    post,
    token,
    trusting_services,
    with_client,
)
from token_calls import RSA, by_hand, call, claims, encoded, refusal

from pymedplum_runtime.cds.service.trust import TrustedEHR
from pymedplum_runtime.smart.key_pairs import new_key_pair


def test_a_key_of_the_same_name_does_not_sign_for_the_ehr() -> None:
    assert "signature" in refusal(token(OTHER_KEYS))


def test_another_ehrs_key_does_not_sign_for_an_ehr() -> None:
    other_keys = new_key_pair("ES384", key_id="second")
    second = TrustedEHR("https://second.test", keys=other_keys.public_jwks())

    assert "kid is no key" in refusal(token(other_keys), an_ehr(), second)


def test_a_changed_token_is_refused() -> None:
    header, _, signature = token().split(".")
    forged = encoded(claims(exp=int(NOW) + 3000))

    assert "signature" in refusal(f"{header}.{forged}.{signature}")


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("signature", ["", "AA"])
def test_a_token_without_a_signature_is_refused(alg: str, signature: str) -> None:
    header = encoded({"alg": alg, "typ": "JWT", "kid": "first"})

    assert refusal(f"{header}.{encoded(claims())}.{signature}") != ""


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("secret", ["pem", "jwk"])
def test_a_public_key_is_no_secret_to_sign_with(alg: str, secret: str) -> None:
    jwk = KEYS.public_jwk()
    known = jwt.PyJWK(jwk).key.public_bytes(*_pem()) if secret == "pem" else encoded(jwk).encode()
    header = encoded({"alg": alg, "typ": "JWT", "kid": "first"})
    content = f"{header}.{encoded(claims())}"
    kind = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[alg]
    signature = encoded(hmac.new(known, content.encode(), kind).digest())

    assert "must be signed with ES384 or RS384" in refusal(f"{content}.{signature}")


def _pem() -> tuple[Any, Any]:
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - for this alone
        Encoding,
        PublicFormat,
    )

    return Encoding.PEM, PublicFormat.SubjectPublicKeyInfo


def test_an_algorithm_that_is_not_agreed_is_refused() -> None:
    assert "must be signed with RS384" in refusal(token(), an_ehr(algorithms=["RS384"]))


def test_a_key_of_another_kind_than_the_algorithm_is_refused() -> None:
    both = {"keys": [KEYS.public_jwk(), RSA.public_jwk()]}
    header = {"alg": "RS384", "typ": "JWT", "kid": "first"}
    text = f"{encoded(header)}.{encoded(claims())}.{token().split('.')[2]}"

    assert "kid is no key" in refusal(text, an_ehr(keys=both))


@pytest.mark.parametrize(
    "header",
    [
        {"kid": None},
        {"kid": ""},
        {"kid": "unknown"},
        {"kid": "../../../../dev/null"},
        {"kid": "first\u0000"},
        {"kid": "x' UNION SELECT 'secret"},
        {"kid": ["first"]},
        {"kid": {"first": 1}},
        {"kid": 3},
        {"kid": "first" * 200},
        {"typ": None},
        {"typ": "JWE"},
        {"typ": ["JWT"]},
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False},
        {"jku": "https://evil.test/jwks.json"},
        {"jku": f"{JWKS_URL}?"},
        {"jku": JWKS_URL.replace("ehr.test", "ehr.test@evil.test")},
        {"jku": ""},
        {"jku": [JWKS_URL]},
    ],
    ids=str,
)
def test_tricks_of_the_header_are_refused(header: dict[str, Any]) -> None:
    named = {"alg": "ES384", "typ": "JWT", "kid": "first", **header}

    assert refusal(by_hand(named)) != ""


def test_what_is_unknown_in_a_header_is_ignored() -> None:
    named = {"alg": "ES384", "typ": "jwt", "kid": "first", "own": [1], "x5t": "A" * 900}

    assert call(by_hand(named)).status_code == 200


@pytest.mark.parametrize("name", ["jwk", "x5c", "x5u"])
def test_keys_inside_a_token_are_not_used(name: str) -> None:
    brought = {"jwk": OTHER_KEYS.public_jwk(), "x5u": "https://evil.test"}.get(name, ["AAAA"])

    assert refusal(token(OTHER_KEYS, header={name: brought})) != ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"{",
        b"\xff\xfe",
        b'{"alg":"ES384","alg":"none","typ":"JWT","kid":"first"}',
        b'{"alg":"ES384","typ":"JWT","kid":"first","x":NaN}',
        b'{"alg":"ES384","typ":"JWT","kid":"first","x":' + b"[" * 2000 + b"]" * 2000 + b"}",
        b'{"alg":"ES384","typ":"JWT","kid":"first","x":' + b"9" * 4400 + b"}",
    ],
    ids=lambda content: str(content[:30]),
)
def test_a_header_or_payload_that_can_be_read_in_two_ways_is_refused(content: bytes) -> None:
    header, payload, signature = token().split(".")

    assert refusal(f"{encoded(content) or 'A'}.{payload}.{signature}") != ""
    assert refusal(f"{header}.{encoded(content) or 'A'}.{signature}") != ""


def test_the_claims_are_those_that_were_signed() -> None:
    doubled = json.dumps(claims())[:-1].encode() + b',"aud":"x"}'
    header = {"alg": "ES384", "typ": "JWT", "kid": "first"}
    text = jwt.api_jws.encode(doubled, KEYS.private_pem(), "ES384", header)

    assert "unique names" in refusal(text)


def test_a_refusal_quotes_nothing_of_the_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    text = token(iss="https://evil.test/\r\nINFO all is well", tenant="Sekret")

    answer = post(trusting_services(), a_request(), headers=bearer(text))

    for part in ("evil", "all is well", "Sekret", *text.split(".")):
        assert part not in answer.text + str(answer.headers) + caplog.text
    assert "issuer is not trusted" in caplog.text


def test_the_body_of_a_stranger_is_not_read() -> None:
    async def calls(http: httpx.AsyncClient) -> httpx.Response:
        async def never() -> Any:
            raise AssertionError("the body was read")
            yield b""

        headers = {"Content-Type": "application/json"}
        return await http.post("/cds-services/greet", content=never(), headers=headers)

    assert with_client(trusting_services(), calls).status_code == 401
