"""From what holds keys (PEM, JWK, JWKS, each encrypted too, and files of them) to JWKs.

No error quotes what was read: a wrong file may be another secret.
"""

import logging
import os
import re
import stat
from codecs import BOM_UTF8
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from pymedplum_runtime.errors import SigningKeyError
from pymedplum_runtime.http.wire import decode_or_none
from pymedplum_runtime.smart.algorithms import SHORTEST_RSA
from pymedplum_runtime.smart.jose import JWK, decrypt, key_from, members_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

KeyText: TypeAlias = str | bytes | Mapping[str, Any]

logger = logging.getLogger("pymedplum.security")

_LARGEST = 1 << 20  # bytes; no key is as large
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_PUBLIC = frozenset({b"PUBLIC KEY", b"RSA PUBLIC KEY"})
_OPENSSH = b"-----BEGIN OPENSSH"
_JWE = re.compile(rb"(?:[A-Za-z0-9_-]+\.){4}[A-Za-z0-9_-]+")
_JWE_ALGORITHMS = [
    "PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW",
    "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A192GCM", "A256GCM",
]  # fmt: skip


def read_key_file(path: str) -> tuple[bytes, bool]:
    """Read a file that holds keys, and say whether other users may read it too.

    Raises:
        SigningKeyError: it cannot be read, or is too large for keys.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - the path may be any path-like's
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        kind = type(error).__name__
    else:
        if len(content) <= _LARGEST:
            return content, os.name == "posix" and bool(mode & _OTHERS)
        kind = "more than 1 MiB"
    name = os.path.basename(path)  # noqa: PTH119 - the same
    raise SigningKeyError(f"{name}: the key cannot be read ({kind})")


def jwks_of(text: KeyText, password: str | bytes | None, place: str) -> list[JWK]:
    """Return the keys in a text or mapping, in their order.

    Args:
        text: PEM (its first private key, or else its first public one), a JWK, a JWKS, or a
            JWE that holds one of these two (RFC 7517, section 7).
        password: of what is encrypted.
        place: begins the errors; where the text comes from.

    Raises:
        SigningKeyError: there is no key in it, or it cannot be decrypted.
    """
    if isinstance(text, Mapping):
        return _members(text, place)
    encoded = text.encode(errors="replace") if isinstance(text, str) else bytes(text)
    content = encoded.removeprefix(BOM_UTF8).strip()
    if content.startswith(b"-----BEGIN ") or _PEM.search(content):
        return [_pem(content, password, place)]
    if _JWE.fullmatch(content):
        content = _decrypted(content, password, place)
    elif password and content.startswith(b"{"):
        raise SigningKeyError(f"{place}the key is not encrypted; leave the password out")
    members = decode_or_none(content)
    if isinstance(members, Mapping):
        return _members(cast("JWK", members), place)
    raise SigningKeyError(
        f"{place}this is neither PEM nor a JWK nor a JWKS; give the path of a file as a Path"
    )


def _members(members: JWK, place: str) -> list[JWK]:
    keys: object = members.get("keys") if "kty" not in members else [members]
    if not isinstance(keys, list):
        raise SigningKeyError(f"{place}the JSON is neither a JWK (no kty) nor a JWKS (no keys)")
    found = [cast("JWK", each) for each in cast("list[object]", keys) if isinstance(each, Mapping)]
    if not found:
        raise SigningKeyError(f"{place}the JWKS holds no key")
    return found


def _pem(content: bytes, password: str | bytes | None, place: str) -> JWK:
    blocks = list(_PEM.finditer(content))
    private = next((each for each in blocks if each[1].endswith(b"PRIVATE KEY")), None)
    public = next((each for each in blocks if each[1] in _PUBLIC), None)
    if private is not None:
        return _jwk(_private_key(private[0], password, place), place)
    if public is None:
        raise SigningKeyError(f"{place}the PEM holds no whole key")
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - an extra

    with suppress(ValueError, TypeError):
        return _jwk(load_pem_public_key(public[0]), place)
    raise SigningKeyError(f"{place}the public key in the PEM is broken")


def _private_key(pem: bytes, password: str | bytes | None, place: str) -> "PrivateKeyTypes":
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - the same

    try:
        return load_pem_private_key(pem, _password(password))
    except TypeError:
        fault = (
            "is encrypted; give password"
            if not password
            else "is not encrypted; leave password out"
        )
    except ValueError:
        if pem.startswith(_OPENSSH):
            fault = "cannot be read (OpenSSH's format); convert it: ssh-keygen -p -m PKCS8 -f FILE"
        else:
            fault = "cannot be read" if not password else "cannot be decrypted; check the password"
    except UnsupportedAlgorithm:
        fault = "is of a kind, or encrypted in a way, that is not supported; convert it to PKCS#8"
    raise SigningKeyError(f"{place}the private key {fault}")


def _jwk(key: "PrivateKeyTypes | PublicKeyTypes", place: str) -> JWK:
    """Return the JWK of a key that some algorithm could use."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - the same
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        if key.key_size < SHORTEST_RSA:
            raise SigningKeyError(f"{place}{too_short(key.key_size)}")
        kind = "RSA"
    elif isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey):
        if key.curve.name not in {"secp256r1", "secp384r1", "secp521r1"}:
            raise SigningKeyError(f"{place}the key is on none of the curves P-256, P-384, P-521")
        kind = "EC"
    else:
        raise SigningKeyError(f"{place}the key is neither an RSA nor an elliptic curve key")
    if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return members_of(key_from(kind, plain), is_private=True)
    public = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return members_of(key_from(kind, public), is_private=False)


def too_short(bits: int) -> str:
    """Return the refusal of an RSA key."""
    return f"the RSA key has {bits} bits; at least {SHORTEST_RSA} are needed"


def _decrypted(content: bytes, password: str | bytes | None, place: str) -> bytes:
    secret = _password(password)
    if secret is None:
        raise SigningKeyError(f"{place}the key is encrypted; give password")
    opened = decrypt(content, secret, _JWE_ALGORITHMS)
    if opened is not None:
        return opened
    raise SigningKeyError(f"{place}the key cannot be decrypted; check the password")


def _password(password: str | bytes | None) -> bytes | None:
    return (password.encode() if isinstance(password, str) else password) or None
