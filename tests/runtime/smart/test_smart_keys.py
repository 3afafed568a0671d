"""The keys that services sign with: what is read, which key is chosen, and what is refused."""

import codecs
import json
import traceback
import warnings
from pathlib import Path
from typing import Any

import pytest
from backend_calls import (
    CLIENT,
    auth,
    jwk,
    pem,
    private_key,
    public_pem,
    signs,
)
from backend_calls import _rsa_key as rsa_key
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519
from cryptography.hazmat.primitives.serialization import PrivateFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import OctKey

from pymedplum_runtime.errors import SigningKeyError
from pymedplum_runtime.smart import PrivateKeyJwtAuth

PASSWORD = b"correct horse battery"
WRONG = "incorrect donkey cell"
RSA, EC = private_key(), private_key("ES384")


def encrypted(members: dict[str, Any], password: bytes = PASSWORD) -> str:
    """Encrypt a JWK or JWKS with a password: RFC 7517, section 7."""
    how = {"alg": "PBES2-HS256+A128KW", "enc": "A128CBC-HS256", "cty": "jwk+json"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        key = OctKey.import_key(password)
        return jwe.encrypt_compact(how, json.dumps(members), key, algorithms=list(how.values())[:2])


@pytest.mark.parametrize("layout", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("password", [None, PASSWORD])
def test_pem_is_read_in_each_layout(layout: PrivateFormat, password: bytes | None) -> None:
    for key, algorithm in ((RSA, "RS384"), (EC, "ES384")):
        text = pem(key, password, layout)
        signs(auth(text, algorithm, password=password), key, algorithm)
        given_as_text = password.decode() if password else None
        signs(auth(text.decode(), algorithm, password=given_as_text), key, algorithm)


def test_a_pem_may_hold_other_things_besides_its_private_key() -> None:
    parameters = b"-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n"
    signs(auth(parameters + public_pem(EC) + pem(EC), "ES384"), EC, "ES384")
    signs(auth(b"Bag Attributes\n" + pem(RSA) + pem(rsa_key(1))))


def test_a_jwk_is_read_as_a_dict_as_text_and_encrypted() -> None:
    for text in (jwk(RSA), json.dumps(jwk(RSA)), json.dumps(jwk(RSA)).encode()):
        signs(auth(text))
    signs(auth(encrypted(jwk(RSA)), password=PASSWORD))
    signs(auth(encrypted({"keys": [jwk(EC), jwk(RSA)]}), password=PASSWORD.decode()))
    few = {name: value for name, value in jwk(RSA).items() if name in {"kty", "n", "e", "d"}}
    signs(auth(few))


def test_a_short_password_opens_without_a_warning_to_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = encrypted(jwk(RSA), b"short")

    def silence(*_: object, **__: object) -> None:
        raise AssertionError("the filters are those of all threads")

    monkeypatch.setattr(warnings, "simplefilter", silence)
    signs(auth(text, password="short"))


def test_a_byte_order_mark_is_no_part_of_a_key(tmp_path: Path) -> None:
    path = tmp_path / "service.json"
    for text in (json.dumps(jwk(RSA)).encode(), pem(RSA), encrypted(jwk(RSA)).encode()):
        path.write_bytes(codecs.BOM_UTF8 + text)
        is_encrypted = text.startswith(b"eyJ")
        signs(auth(path, password=PASSWORD if is_encrypted else None))


def test_a_key_in_the_format_of_openssh_is_refused_with_the_way_out() -> None:
    with pytest.raises(SigningKeyError, match="ssh-keygen -p -m PKCS8"):
        auth(pem(RSA, layout=PrivateFormat.OpenSSH))


def test_the_first_key_of_a_jwks_that_may_sign_is_taken() -> None:
    keys = [
        jwk(EC, kid="another type"),
        jwk(RSA.public_key(), kid="public"),
        jwk(rsa_key(1), kid="for encryption", use="enc"),
        jwk(rsa_key(1), kid="verifies", key_ops=["verify"]),
        jwk(rsa_key(1), kid="another alg", alg="RS256"),
        jwk(RSA, kid="first", alg="RS384", use="sig", key_ops=["sign"]),
        jwk(rsa_key(1), kid="second"),
        {"kty": "oct", "k": "c2VjcmV0"},
    ]
    for jwks in ({"keys": keys}, json.dumps({"keys": keys})):
        assert signs(auth(jwks))["kid"] == "first"
        assert signs(auth(jwks, key_id="second"), rsa_key(1))["kid"] == "second"
        assert signs(auth(jwks, "ES384"), EC, "ES384")["kid"] == "another type"


@pytest.mark.parametrize(
    ("key_id", "said"),
    [
        ("another type", "of type EC, and RS384 needs RSA"),
        ("public", "public one"),
        ("for encryption", "not for signing"),
        ("another alg", "give algorithm='RS256'"),
        ("unknown", "no key has this key_id"),
    ],
)
def test_a_chosen_key_that_does_not_suit_says_why(key_id: str, said: str) -> None:
    keys = [
        jwk(EC, kid="another type"),
        jwk(RSA.public_key(), kid="public"),
        jwk(RSA, kid="for encryption", use="enc"),
        jwk(RSA, kid="another alg", alg="RS256"),
    ]
    with pytest.raises(SigningKeyError, match=said):
        auth({"keys": keys}, key_id=key_id)
    with pytest.raises(SigningKeyError, match=r"none of the 4 keys suits RS384: .*; .*; "):
        auth({"keys": keys})


def _short() -> Any:
    return rsa_key(0, 1024)


BAD: dict[str, tuple[Any, Any, str]] = {
    "an RSA key for ES384": (lambda: pem(RSA), "ES384", "of type RSA, and ES384 needs EC"),
    "an EC key for RS384": (lambda: pem(EC), "RS384", "of type EC, and RS384 needs RSA"),
    "another curve": (lambda: pem(EC), "ES256", "on curve P-384, and ES256 needs P-256"),
    "another curve as JWK": (lambda: jwk(EC), "ES512", "on curve P-384, and ES512 needs P-521"),
    "a strange curve": (
        lambda: pem(ec.generate_private_key(ec.SECP256K1())),
        "ES256",
        "none of the curves",
    ),
    "a strange curve as JWK": (lambda: {**jwk(EC), "crv": "x" * 99}, "ES256", "another curve"),
    "Ed25519": (lambda: pem(ed25519.Ed25519PrivateKey.generate()), "ES256", "neither an RSA nor"),
    "DSA": (lambda: pem(dsa.generate_private_key(2048)), "RS256", "neither an RSA nor|kind"),
    "a secret": (lambda: {"kty": "oct", "k": "c2VjcmV0"}, "RS384", "of type oct"),
    "an unknown type": (lambda: {"kty": 5}, "RS384", "of an unknown type"),
    "a public PEM": (lambda: public_pem(RSA), "RS384", "public one; the private one is needed"),
    "a public JWK": (lambda: jwk(EC.public_key()), "ES384", "public one"),
    "a short RSA key": (lambda: pem(_short()), "RS384", "1024 bits; at least 2048"),
    "a short RSA JWK": (lambda: jwk(_short()), "RS384", "1024 bits; at least 2048"),
    "a certificate": (
        lambda: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "RS384",
        "no whole key",
    ),
    "OpenSSH's": (lambda: pem(EC, None, PrivateFormat.OpenSSH), "ES384", "cannot be read"),
    "a PEM cut off": (lambda: pem(RSA)[:500], "RS384", "no whole key"),
    "a PEM of garbage": (
        lambda: b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        "RS384",
        "cannot be read",
    ),
    "a broken public PEM": (
        lambda: b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "RS384",
        "broken",
    ),
    "a text of a path": (lambda: "keys/private.pem", "RS384", "give the path of a file as a Path"),
    "nothing": (lambda: "", "RS384", "neither PEM nor"),
    "bytes of garbage": (lambda: b"\x00\xff\xfe", "RS384", "neither PEM nor"),
    "half a pair": (lambda: "\ud800", "RS384", "neither PEM nor"),
    "JSON that is no key": (lambda: {"n": "x"}, "RS384", "no kty"),
    "JSON that is a list": (lambda: "[]", "RS384", "neither PEM nor"),
    "an empty JWKS": (lambda: {"keys": []}, "RS384", "holds no key"),
    "a JWKS of texts": (lambda: {"keys": ["a"]}, "RS384", "holds no key"),
    "keys that are no list": (lambda: {"keys": "a"}, "RS384", "nor a JWKS"),
    "an RSA JWK without n": (lambda: {"kty": "RSA", "d": "AQ"}, "RS384", "modulus"),
    "an RSA JWK with a wrong d": (lambda: {**jwk(RSA), "d": "AQ"}, "RS384", "make no key"),
    "an RSA JWK with half its primes": (
        lambda: {name: value for name, value in jwk(RSA).items() if name != "q"},
        "RS384",
        "make no key",
    ),
    "an EC JWK off its curve": (lambda: {**jwk(EC), "x": "AQ"}, "ES384", "make no key"),
    "an EC JWK of texts": (lambda: {**jwk(EC), "d": "!"}, "ES384", "make no key"),
    "an EC JWK of numbers": (lambda: {**jwk(EC), "d": 5}, "ES384", "make no key"),
    "an EC JWK with another d": (
        lambda: {**jwk(EC), "d": jwk(private_key("ES384", 1))["d"]},
        "ES384",
        "make no key",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_key_that_cannot_sign_is_refused_at_once(name: str, tmp_path: Path) -> None:
    make, algorithm, said = BAD[name]
    with pytest.raises(SigningKeyError, match=said):
        auth(make(), algorithm)
    material = make()
    text = json.dumps(material).encode() if isinstance(material, dict) else material
    if isinstance(text, bytes):
        path = tmp_path / "service.pem"
        path.write_bytes(text)
        with pytest.raises(SigningKeyError, match=f"^service.pem: .*({said})"):
            auth(path, algorithm)


@pytest.mark.parametrize(
    ("password", "said"),
    [(None, "is encrypted; give password"), ("", "give password"), (WRONG, "check the password")],
)
def test_a_missing_or_wrong_password_is_told_and_never_shown(
    password: str | None, said: str
) -> None:
    traditional = PrivateFormat.TraditionalOpenSSL
    for text in (pem(RSA, PASSWORD), pem(RSA, PASSWORD, traditional), encrypted(jwk(RSA))):
        with pytest.raises(SigningKeyError, match=said) as caught:
            auth(text, password=password)
        shown = "".join(traceback.format_exception(caught.value))
        assert PASSWORD.decode() not in shown
        assert WRONG not in str(caught.value)


def test_a_password_for_what_is_not_encrypted_is_refused() -> None:
    for text in (pem(RSA), json.dumps(jwk(RSA))):
        with pytest.raises(SigningKeyError, match="not encrypted"):
            auth(text, password=PASSWORD)


@pytest.mark.parametrize("algorithm", ["HS256", "none", "RS1", "rs256", "", None, 5, "EdDSA"])
def test_an_algorithm_that_is_none_is_refused(algorithm: Any) -> None:
    with pytest.raises(ValueError, match="algorithm must be one of RS256"):
        auth(pem(RSA), algorithm)


def test_arguments_of_the_wrong_kind_are_refused() -> None:
    for wrong in (None, 5, ["key"]):
        with pytest.raises(TypeError, match="key must be PEM"):
            auth(wrong)
    with pytest.raises(TypeError, match="password"):
        auth(pem(RSA), password=5)
    with pytest.raises(ValueError, match="key_id"):
        auth(pem(RSA), key_id="")
    for client_id in ("", " "):
        with pytest.raises(ValueError, match="client_id"):
            PrivateKeyJwtAuth(client_id, pem(RSA))


def test_no_error_shows_what_was_read(tmp_path: Path) -> None:
    secret = "c2VjcmV0LXRoYXQtbm9ib2R5LXNlZXM"
    leaks = [
        f"-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----",
        json.dumps({"kty": "EC", "crv": "P-384", "x": secret, "y": secret, "d": secret}),
        json.dumps({"kty": secret, "d": secret}),
        json.dumps({**jwk(RSA), "d": secret, "alg": secret}),
        json.dumps({**jwk(RSA), "d": secret}),
        secret,
    ]
    for text in leaks:
        path = tmp_path / "leak"
        path.write_text(text)
        for key, algorithm in ((text, "ES384"), (path, "ES384"), (path, "RS384")):
            with pytest.raises(SigningKeyError) as caught:
                auth(key, algorithm)
            assert secret not in str(caught.value)
            assert caught.value.__cause__ is None
            assert secret not in "".join(traceback.format_exception(caught.value))


def test_no_key_shows_in_a_repr() -> None:
    d = jwk(RSA)["d"]
    made = auth(jwk(RSA), password=None)
    assert repr(made) == f"PrivateKeyJwtAuth(client_id='{CLIENT}', algorithm='RS384')"
    assert d not in repr(vars(made))


@given(st.one_of(st.text(), st.binary(), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["kty", "keys", "n", "e", "d", "crv", "x", "y", "alg", "use", "kid"]), inner
    ),
).map(json.dumps)))  # fmt: skip
@example('{"kty":"RSA","n":"' + "A" * 1000 + '","d":"x"}')
@example('{"kty":"EC","crv":"P-384","x":"é","y":"","d":""}')
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_key_or_a_signing_key_error(text: str | bytes) -> None:
    for algorithm in ("RS384", "ES384"):
        with pytest.raises(SigningKeyError):
            auth(text, algorithm)


CHANGES = st.dictionaries(
    st.sampled_from(sorted(jwk(EC))),
    st.none() | st.integers() | st.text(max_size=9) | st.lists(st.text(max_size=3), max_size=2),
    min_size=1,
)


@given(CHANGES, st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_jwk_with_any_change_is_a_key_or_a_signing_key_error(
    changes: dict[str, Any],
    is_rsa: bool,  # noqa: FBT001 - drawn
) -> None:
    key, algorithm = (RSA, "RS384") if is_rsa else (EC, "ES384")
    try:
        made = auth({**jwk(key), **changes}, algorithm)
    except SigningKeyError:
        return
    signs(made, key, algorithm)
