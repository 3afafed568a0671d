"""Key pairs that are made here, and the JWKS that is registered."""

import copy
import json
import pickle
import re
import stat
from pathlib import Path
from typing import Any

import jwt
import pytest
from backend_calls import (
    ALGORITHMS,
    CLIENT,
    Backend,
    claims,
    header,
    jwk,
    number,
    pem,
    private_key,
    public_pem,
)
from backend_calls import _rsa_key as rsa_key
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pymedplum_runtime.errors import SigningKeyError
from pymedplum_runtime.smart import KeyPair, PrivateKeyJwtAuth, new_key_pair, public_jwks

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


def _pair(algorithm: Any = "ES384", **options: Any) -> KeyPair:
    return new_key_pair(algorithm, **options)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_a_new_pair_signs_verifies_with_its_jwks(algorithm: Any) -> None:
    pair = _pair(algorithm, **({} if algorithm.startswith("ES") else {"bits": 2048}))
    published = jwt.PyJWKSet.from_dict(json.loads(json.dumps(pair.public_jwks())))
    for key in (pair, pair.private_pem(), pair.private_jwk(), pair.private_pem(b"hush")):
        password = b"hush" if isinstance(key, bytes) and b"ENCRYPTED" in key else None
        backend = Backend()
        auth = PrivateKeyJwtAuth(CLIENT, key, algorithm=algorithm, password=password)
        backend.sign_in("sync", auth)
        (assertion,) = backend.assertions()
        found = published[header(assertion)["kid"]]
        options: Any = {"verify_aud": False, "verify_exp": False, "verify_iat": False}
        assert jwt.decode(assertion, found, [algorithm], options=options)["iss"] == CLIENT


def test_a_jwks_says_what_the_key_is_for_and_nothing_private() -> None:
    pair = _pair(key_id="2026-11")
    (key,) = pair.public_jwks()["keys"]
    assert key.keys() == {"kty", "crv", "x", "y", "kid", "alg", "use", "key_ops"}
    assert (key["kid"], key["alg"], key["use"], key["key_ops"]) == (
        "2026-11", "ES384", "sig", ["verify"],
    )  # fmt: skip
    assert key == pair.public_jwk()
    assert not PRIVATE & _pair("RS384", bits=2048).public_jwk().keys()


def test_rsa_keys_have_3072_bits_unless_told_otherwise() -> None:
    assert number(_pair("RS384").public_jwk()["n"]).bit_length() == 3072
    assert number(_pair("PS256", bits=2048).public_jwk()["n"]).bit_length() == 2048
    for bits in (1024, 0, -1, 2047, 2049, 1 << 20):
        with pytest.raises(ValueError, match="from 2048 to 16384"):
            _pair("RS384", bits=bits)
    with pytest.raises(ValueError, match="bits is for RSA"):
        _pair("ES384", bits=2048)
    for wrong in ("2048", 2048.0, True):
        with pytest.raises(TypeError, match="bits must be an int"):
            _pair("RS384", bits=wrong)
    for name, error in ((5, TypeError), (" ", ValueError)):
        with pytest.raises(error, match="key_id must"):
            _pair("RS384", key_id=name)
    with pytest.raises(ValueError, match="key_id"):
        _pair(key_id=" ")
    with pytest.raises(ValueError, match="algorithm"):
        _pair("HS256")


def test_coordinates_have_the_length_of_their_curve() -> None:
    for algorithm, length in (("ES256", 43), ("ES384", 64), ("ES512", 88)):
        found = [_pair(algorithm).private_jwk() for _ in range(40)]  # some begin with zeros
        assert {len(each[name]) for each in found for name in "xyd"} == {length}


def test_two_pairs_are_never_the_same() -> None:
    assert _pair().key_id != _pair().key_id


def test_a_pair_shows_nothing_private_and_cannot_be_pickled() -> None:
    pair = _pair(key_id="k")
    assert repr(pair) == "KeyPair(algorithm='ES384', key_id='k')"
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            take(pair)
    with pytest.raises(ValueError, match="password"):
        pair.private_pem("")


def test_a_pair_is_saved_for_its_owner_alone(tmp_path: Path) -> None:
    pair = _pair()
    saved = pair.save(tmp_path, password="hush")
    assert saved == (tmp_path / "private_key.pem", tmp_path / "private_key.jwks.json")
    assert stat.S_IMODE(saved.private_key.stat().st_mode) == 0o600
    assert json.loads(saved.public_jwks.read_text()) == pair.public_jwks()
    load_pem_private_key(saved.private_key.read_bytes(), b"hush")
    named = pair.save(str(tmp_path / "service.pem"))
    assert {each.name for each in named} == {"service.pem", "service.jwks.json"}
    backend = Backend()
    backend.sign_in("sync", PrivateKeyJwtAuth(CLIENT, named.private_key, algorithm="ES384"))
    assert header(backend.assertions()[0])["kid"] == pair.key_id


@pytest.mark.parametrize("existing", ["service.pem", "service.jwks.json"])
def test_nothing_is_overwritten(tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).write_text("mine")
    with pytest.raises(SigningKeyError, match=f"^{existing}: it exists"):
        _pair().save(tmp_path / "service.pem")
    assert [each.name for each in tmp_path.iterdir()] == [existing]
    assert (tmp_path / existing).read_text() == "mine"


def test_what_cannot_be_written_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(
        SigningKeyError, match=r"^a\.pem: it cannot be made \(FileNotFoundError\); make its folder"
    ):
        _pair().save(tmp_path / "none" / "a.pem")


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fdopen", full)
    with pytest.raises(SigningKeyError, match=r"cannot be written \(OSError\)"):
        _pair().save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_jwks_of_existing_keys_leaves_out_what_is_private(tmp_path: Path) -> None:
    path = tmp_path / "old.pem"
    path.write_bytes(pem(private_key(), b"hush"))
    pair = _pair(key_id="new")
    found = public_jwks(
        pem(private_key("ES256")),
        public_pem(private_key("ES512")),
        {"keys": [jwk(rsa_key(1), kid="set", alg="RS512")]},
        pair,
    )
    keys = found["keys"]
    assert [each.get("alg") for each in keys] == ["ES256", "ES512", "RS512", "ES384"]
    assert [each["kid"] for each in keys][2:] == ["set", "new"]
    assert not any(PRIVATE & each.keys() for each in keys)
    assert not re.search(r'"alg"', json.dumps(public_jwks(path, password=b"hush")))
    backend = Backend()
    backend.sign_in("sync", PrivateKeyJwtAuth(CLIENT, path, password="hush"))
    (old,) = public_jwks(path, password="hush")["keys"]
    assert header(backend.assertions()[0])["kid"] == old["kid"]
    claims(backend.assertions()[0], private_key())


def test_keys_that_a_server_could_not_use_are_refused() -> None:
    for wrong, said in (
        (jwk(private_key(), n="AQ"), "1 bits"),
        ({"kty": "oct", "k": "AA"}, "neither an RSA nor"),
        ({"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}, "make no key"),
        ("nothing", "neither PEM"),
    ):
        with pytest.raises(SigningKeyError, match=said):
            public_jwks(wrong)
    with pytest.raises(SigningKeyError, match="same kid"):
        public_jwks(pem(private_key()), jwk(private_key()))
    with pytest.raises(TypeError, match="a key must be"):
        public_jwks(5)  # type: ignore[arg-type]
    assert public_jwks() == {"keys": []}
