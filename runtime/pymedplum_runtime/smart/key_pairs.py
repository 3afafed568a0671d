"""Making a key pair, keeping the private key, and the public JWKS to register.

https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from pymedplum_runtime.auth.providers import given
from pymedplum_runtime.errors import SigningKeyError
from pymedplum_runtime.smart.algorithms import CURVES, SHORTEST_RSA, AlgorithmName, algorithm_of
from pymedplum_runtime.smart.extra import require_smart
from pymedplum_runtime.smart.jose import JWK, JoseKey, members_of, new_key
from pymedplum_runtime.smart.key_texts import KeyText, jwks_of, read_key_file
from pymedplum_runtime.smart.keys import PUBLIC, imported, key_id_of, weakness

RSA_BITS = 3072
_LONGEST_RSA = 16384  # bits; longer ones take minutes to make


class SavedKeys(NamedTuple):
    """Where a key pair was saved."""

    private_key: Path
    """PEM, readable by its owner alone."""
    public_jwks: Path
    """What to publish."""


class KeyPair:
    """A private key with its public one; its `repr` shows neither."""

    def __init__(self, key: JoseKey, algorithm: AlgorithmName, key_id: str | None) -> None:
        """Take a key; see `new_key_pair`."""
        self._key = key
        self.algorithm: AlgorithmName = algorithm
        self.key_id = key_id or key.thumbprint()

    def private_pem(self, password: str | bytes | None = None) -> bytes:
        """Return the private key as PKCS#8 PEM, encrypted where a password is given.

        Raises:
            ValueError: the password is empty.
        """
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - an extra

        encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password is not None:
            secret = password.encode() if isinstance(password, str) else password
            if not secret:
                raise ValueError("password must not be empty")
            encryption = serialization.BestAvailableEncryption(secret)
        private: Any = self._key.private_key  # never None: the key was made with it
        pem: bytes = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )
        return pem

    def private_jwk(self) -> dict[str, Any]:
        """Return the private key as a JWK: as secret as the PEM."""
        numbers = members_of(self._key, is_private=True)
        return {**numbers, **self._description(), "key_ops": ["sign"]}

    def public_jwk(self) -> dict[str, Any]:
        """Return the public key as a JWK."""
        numbers = members_of(self._key, is_private=False)
        return {**numbers, **self._description(), "key_ops": ["verify"]}

    def public_jwks(self) -> dict[str, Any]:
        """Return the JWKS to publish at the `jwksUri` of the ClientApplication."""
        return {"keys": [self.public_jwk()]}

    def save(self, path: str | os.PathLike[str], password: str | bytes | None = None) -> SavedKeys:
        """Write the private key as PEM (mode 0600) and the public JWKS beside it.

        Args:
            path: a folder, which gets `private_key.pem` and `private_key.jwks.json`, or the name
                of the PEM file itself, such as `keys/service.pem`.
            password: encrypts the private key.

        Raises:
            SigningKeyError: one of the files exists, since a key is never overwritten, or it
                cannot be written; there is none of them then.
        """
        place = Path(path)
        private = place / "private_key.pem" if place.is_dir() else place
        public = private.with_name(f"{private.stem}.jwks.json")
        _create(private, self.private_pem(password), 0o600)
        try:
            _create(public, _json(self.public_jwks()), 0o644)
        except BaseException:
            private.unlink()
            raise
        return SavedKeys(private, public)

    def _description(self) -> dict[str, Any]:
        return {"kid": self.key_id, "alg": self.algorithm, "use": "sig"}

    def __repr__(self) -> str:
        return f"KeyPair(algorithm={self.algorithm!r}, key_id={self.key_id!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a KeyPair cannot be pickled or copied; use private_pem()")


def new_key_pair(
    algorithm: AlgorithmName = "RS384", *, key_id: str | None = None, bits: int | None = None
) -> KeyPair:
    """Make a key pair. Needs the extra `smart`.

    Args:
        algorithm: what it will sign with.
        key_id: its `kid`; its thumbprint (RFC 7638) where none is given.
        bits: of an RSA key; 3072 where not given.

    Raises:
        ImportError: the extra is not installed.
        TypeError: `key_id` is no text, or `bits` no number.
        ValueError: there is no such algorithm, or the bits do not fit it.

    Example:
        >>> pair = new_key_pair("ES384")
        >>> saved = pair.save("keys/service.pem")
    """
    which = algorithm_of(algorithm)
    if key_id is not None:
        given(key_id, "key_id")
    require_smart("making keys")
    if which.key_type == "EC":
        if bits is not None:
            raise ValueError(f"bits is for RSA; the curve of {algorithm} fixes them")
        return KeyPair(new_key("EC", which.curve), which.name, key_id)
    if not isinstance(bits, int | None) or isinstance(bits, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"bits must be an int, got {type(bits).__name__}")
    size = RSA_BITS if bits is None else bits
    if not SHORTEST_RSA <= size <= _LONGEST_RSA or size % 8:
        raise ValueError(f"bits must be from {SHORTEST_RSA} to {_LONGEST_RSA}, in whole bytes")
    return KeyPair(new_key("RSA", size), which.name, key_id)


def public_jwks(
    *keys: KeyText | os.PathLike[str] | KeyPair, password: str | bytes | None = None
) -> dict[str, Any]:
    """Return the JWKS to register for keys that exist: what is private is left out.

    A key that signs with one algorithm alone says which; RSA keys do where their JWK does.

    Args:
        keys: each PEM, a JWK, a JWKS (all of its keys), a `KeyPair`, or a `Path` of a file.
        password: of those that are encrypted.

    Raises:
        ImportError: the extra is not installed.
        SigningKeyError: one is no key that can be used, or two have the same `kid`.

    Example:
        >>> Path("jwks.json").write_text(json.dumps(public_jwks(Path("old.pem"), Path("new.pem"))))
    """
    require_smart("reading keys")
    found = [_public(jwk, place) for key in keys for jwk, place in _read(key, password)]
    if len({each["kid"] for each in found}) < len(found):
        raise SigningKeyError("two keys have the same kid; a server could not tell them apart")
    return {"keys": found}


def _read(
    key: KeyText | os.PathLike[str] | KeyPair, password: str | bytes | None
) -> list[tuple[JWK, str]]:
    place, text = "", key
    if isinstance(text, KeyPair):
        return [(text.public_jwk(), place)]
    if isinstance(text, os.PathLike):
        path = os.fsdecode(text)
        place = f"{os.path.basename(path)}: "  # noqa: PTH119 - any path-like's
        text = read_key_file(path)[0]
    if not isinstance(text, str | bytes | Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"a key must be PEM, a JWK, a JWKS or a Path, got {type(text).__name__}")
    return [(jwk, place) for jwk in jwks_of(text, password, place)]


def _public(jwk: JWK, place: str) -> dict[str, Any]:
    names = PUBLIC.get(str(jwk.get("kty")))
    fault = "the key is neither an RSA nor an elliptic curve key" if not names else weakness(jwk)
    if names is None or fault:
        raise SigningKeyError(f"{place}{fault}")
    key = imported({each: jwk[each] for each in names if each in jwk}, place)
    by_curve = CURVES.get(str(jwk.get("crv")))
    alg: object = by_curve.name if by_curve else jwk.get("alg")
    return {
        **members_of(key, is_private=False),
        "kid": key_id_of(jwk) or key.thumbprint(),
        **({"alg": alg} if isinstance(alg, str) else {}),
        "use": "sig",
        "key_ops": ["verify"],
    }


def _create(path: Path, content: bytes, mode: int) -> None:
    """Write a new file, whole or not at all."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        fault = "exists; keys are not overwritten, so choose another name"
    except OSError as error:
        hint = "; make its folder first" if isinstance(error, FileNotFoundError) else ""
        fault = f"cannot be made ({type(error).__name__}){hint}"
    else:
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        except OSError as error:
            with suppress(OSError):
                path.unlink()
            fault = f"cannot be written ({type(error).__name__})"
        else:
            return
    raise SigningKeyError(f"{path.name}: it {fault}")


def _json(members: Mapping[str, Any]) -> bytes:
    import json  # noqa: PLC0415 - for this alone

    return f"{json.dumps(members, indent=2)}\n".encode()
