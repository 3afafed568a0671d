"""Who signs an assertion: a key at hand, a file that is read each time, or a function (a KMS)."""

import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from pymedplum_runtime.errors import SigningKeyError
from pymedplum_runtime.http.callables import is_async
from pymedplum_runtime.http.flow import Flow, Invoke, Work
from pymedplum_runtime.smart.algorithms import Algorithm, algorithm_of
from pymedplum_runtime.smart.extra import require_smart
from pymedplum_runtime.smart.key_texts import KeyText, logger, read_key_file
from pymedplum_runtime.smart.keys import SigningKey, signing_key

if TYPE_CHECKING:
    from pymedplum_runtime.smart.key_pairs import KeyPair

Sign: TypeAlias = Callable[[bytes], bytes | Awaitable[bytes]]
KeyArgument: TypeAlias = "KeyText | os.PathLike[str] | KeyPair | Sign"
"""A key as callers give it."""


class Signer(Protocol):
    """Signs assertions."""

    @property
    def is_async(self) -> bool:
        """Whether the key is a function that must be awaited."""
        ...

    def signed(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> Flow[str]:
        """Return the JWT of these claims; `alg` and `kid` are added to the header.

        Raises:
            SigningKeyError: there is no key that signs, now.
        """
        ...


@dataclass(frozen=True, slots=True)
class KeySigner:
    """A key at hand."""

    key: SigningKey
    is_async: bool = False

    def signed(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> Flow[str]:
        """Sign at once: it takes a millisecond."""
        yield from ()
        return _signed(self.key, header, claims)


class FileSigner:
    """A file, read each time, so that a key that was put in its place is used from then on."""

    is_async = False

    def __init__(
        self, path: str, algorithm: Algorithm, key_id: str | None, password: str | bytes | None
    ) -> None:
        """Take the file; it is read for the first time.

        Raises:
            SigningKeyError: no key in it suits.
        """
        self._path = path
        self._algorithm = algorithm
        self._key_id = key_id
        self._password = password
        self._is_warned = False
        self._read()

    def signed(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> Flow[str]:
        """Read the file and sign."""
        key: SigningKey = yield Work(self._read)
        return _signed(key, header, claims)

    def _read(self) -> SigningKey:
        name = os.path.basename(self._path)  # noqa: PTH119 - the path may be any path-like's
        content, is_shared = read_key_file(self._path)
        if is_shared and not self._is_warned:
            self._is_warned = True
            logger.warning("other users may read the private key in %s; chmod 600 it", name)
        return signing_key(
            content,
            self._algorithm,
            key_id=self._key_id,
            password=self._password,
            place=f"{name}: ",
        )


@dataclass(frozen=True, slots=True)
class FunctionSigner:
    """A function that has the key elsewhere."""

    sign: Sign = field(repr=False)
    algorithm: Algorithm
    key_id: str
    is_async: bool

    def signed(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> Flow[str]:
        """Have the function sign."""
        named = {"alg": self.algorithm.name, "kid": self.key_id, **header}
        signing_input = f"{_encoded(_json(named))}.{_encoded(_json(claims))}"
        signature: object = yield Invoke(self.sign, (signing_input.encode(),))
        if not isinstance(signature, bytes | bytearray):
            kind = type(signature).__name__
            raise SigningKeyError(f"the signing function must return bytes, got {kind}")
        return f"{signing_input}.{_encoded(self._raw(bytes(signature)))}"

    def _raw(self, signature: bytes) -> bytes:
        """Return a signature as JOSE has it; AWS and Google give DER for elliptic curves."""
        raw = signature
        if self.algorithm.size and len(signature) != self.algorithm.size:
            raw = _from_der(signature, self.algorithm.size // 2)
        refusal = self.algorithm.refusal(len(raw))
        if refusal is None:
            return raw
        raise SigningKeyError(
            f"the signing function returned {len(signature)} bytes, and a signature of {refusal}; "
            "does its key suit the algorithm?"
        )


def signer_of(
    key: KeyArgument,
    algorithm: str,
    *,
    key_id: str | None = None,
    password: str | bytes | None = None,
) -> Signer:
    """Return who signs with a key as callers give it, and check the key where it is at hand.

    Raises:
        SigningKeyError: the key cannot be read, or does not suit the algorithm.
        ValueError: there is no such algorithm.
        TypeError: it is no key at all.
    """
    from pymedplum_runtime.smart.key_pairs import KeyPair  # noqa: PLC0415 - it makes such keys

    which = algorithm_of(algorithm)
    if key_id is not None and not (isinstance(key_id, str) and key_id):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError("key_id must be a str and not empty")
    if password is not None and not isinstance(password, str | bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"password must be a str or bytes, got {type(password).__name__}")
    require_smart("signing with a key")
    given: object = key.private_jwk() if isinstance(key, KeyPair) else key
    if isinstance(given, os.PathLike):
        path = os.fsdecode(cast("os.PathLike[str]", given))
        return FileSigner(os.path.abspath(path), which, key_id, password)  # noqa: PTH100 - text
    if isinstance(given, str | bytes | Mapping):
        text = cast("KeyText", given)
        return KeySigner(signing_key(text, which, key_id=key_id, password=password))
    if not callable(given):
        kind = type(given).__name__
        raise TypeError(f"key must be PEM, a JWK, a JWKS, a Path or a function, got {kind}")
    if key_id is None:
        raise SigningKeyError("give key_id with a signing function: the kid of its public key")
    return FunctionSigner(given, which, key_id, is_async(given))


def _signed(key: SigningKey, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    named = {"alg": key.algorithm.name, "kid": key.key_id, **header}
    return key.signed(named, _json(claims))


def _from_der(signature: bytes, half: int) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import (  # noqa: PLC0415 - an extra
        decode_dss_signature,
    )

    with suppress(ValueError, OverflowError):  # OverflowError: of a longer curve
        numbers = decode_dss_signature(signature)
        return b"".join(each.to_bytes(half, "big") for each in numbers)
    return signature


def _json(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode()


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
