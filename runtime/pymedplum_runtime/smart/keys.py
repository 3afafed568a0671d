"""The key that signs: chosen among those that were read, checked, and named.

Which key is taken is the same each time: the first that suits, in the order of the JWKS.
"""

from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pymedplum_runtime.errors import SigningKeyError
from pymedplum_runtime.smart.algorithms import ALGORITHMS, CURVES, SHORTEST_RSA, Algorithm
from pymedplum_runtime.smart.jose import JWK, JoseKey, key_from, sign
from pymedplum_runtime.smart.key_texts import KeyText, jwks_of, too_short

_MATERIAL = {
    "RSA": ("kty", "n", "e", "d", "p", "q", "dp", "dq", "qi"),
    "EC": ("kty", "crv", "x", "y", "d"),
}
_TYPES = frozenset({"RSA", "EC", "OKP", "oct"})
PUBLIC = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y")}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that suits its algorithm; its `repr` shows nothing of it."""

    algorithm: Algorithm
    key_id: str
    jose: JoseKey = field(repr=False)

    def signed(self, header: Mapping[str, Any], payload: bytes) -> str:
        """Return a JWS in its compact form."""
        return sign(header, payload, self.jose, self.algorithm.name)


def signing_key(
    text: KeyText,
    algorithm: Algorithm,
    *,
    key_id: str | None = None,
    password: str | bytes | None = None,
    place: str = "",
) -> SigningKey:
    """Read keys, and return the one that signs.

    Args:
        text: PEM, a JWK or a JWKS.
        algorithm: what the key must suit.
        key_id: chooses among keys that have a `kid`, and names a single key that has none.
        password: of what is encrypted.
        place: begins the errors; where the text comes from.

    Raises:
        SigningKeyError: no key can be read, or none suits.
    """
    found = jwks_of(text, password, place)
    named = [each for each in found if key_id is None or _may_be(each, key_id, len(found))]
    if not named:
        raise SigningKeyError(f"{place}no key has this key_id")
    refusals = [_refusal(each, algorithm) for each in named]
    chosen = next((k for k, refusal in zip(named, refusals, strict=True) if refusal is None), None)
    if chosen is None:
        several = f"none of the {len(named)} keys suits {algorithm.name}: "
        said = "; ".join(dict.fromkeys(each for each in refusals if each))
        raise SigningKeyError(f"{place}{several if len(named) > 1 else ''}{said}")
    key = imported(chosen, place)
    return SigningKey(algorithm, key_id or key_id_of(chosen) or key.thumbprint(), key)


def key_id_of(jwk: JWK) -> str | None:
    """Return the `kid` of a JWK."""
    kid: object = jwk.get("kid")
    return kid if isinstance(kid, str) and kid else None


def imported(jwk: JWK, place: str) -> JoseKey:
    """Return the key of a JWK whose type is known.

    Raises:
        SigningKeyError: its numbers make no key.
    """
    from joserfc.errors import JoseError  # noqa: PLC0415 - an extra

    names = _MATERIAL[jwk["kty"]]
    try:
        return key_from(jwk["kty"], {each: jwk[each] for each in names if each in jwk})
    except (JoseError, ValueError, TypeError, LookupError, OverflowError):
        pass  # their texts may quote the key
    raise SigningKeyError(f"{place}the numbers of the JWK make no key")


def _may_be(jwk: JWK, key_id: str, total: int) -> bool:
    kid = key_id_of(jwk)
    return kid == key_id or (kid is None and total == 1)


def _refusal(jwk: JWK, algorithm: Algorithm) -> str | None:
    """Say why a key cannot sign so; `None` where it can."""
    return _of_another_kind(jwk, algorithm) or _not_allowed(jwk, algorithm) or weakness(jwk)


def _of_another_kind(jwk: JWK, algorithm: Algorithm) -> str | None:
    name = algorithm.name
    if jwk.get("kty") != algorithm.key_type:
        kind = _known(jwk, "kty", _TYPES)
        of = f"of type {kind}" if kind else "of an unknown type"
        return f"the key is {of}, and {name} needs {algorithm.key_type}"
    if algorithm.curve and jwk.get("crv") != algorithm.curve:
        curve = _known(jwk, "crv", CURVES)
        where = f"curve {curve}" if curve else "another curve"
        return f"the key is on {where}, and {name} needs {algorithm.curve}"
    return None


def _not_allowed(jwk: JWK, algorithm: Algorithm) -> str | None:
    alg, operations = jwk.get("alg"), jwk.get("key_ops")
    if alg is not None and alg != algorithm.name:
        known = _known(jwk, "alg", ALGORITHMS)
        other = f"algorithm={known!r}" if known else "another key"
        return f"the key's alg is not {algorithm.name}; give {other}"
    is_limited = isinstance(operations, list) and "sign" not in operations
    is_private = "d" in jwk
    if jwk.get("use", "sig") != "sig" or (is_limited and is_private):
        return "the key is not for signing (use, key_ops)"
    return None if is_private else "the key is a public one; the private one is needed"


def _known(jwk: JWK, name: str, values: Collection[str]) -> str | None:
    """Return a member that an error may show: one of these words, and no other text."""
    value: object = jwk.get(name)
    return value if isinstance(value, str) and value in values else None


def weakness(jwk: JWK) -> str | None:
    """Say why nobody should use an RSA key; `None` for others, and where nothing is wrong."""
    if jwk.get("kty") != "RSA":
        return None
    try:
        text = cast("str", jwk["n"]).encode()
        bits = int.from_bytes(urlsafe_b64decode(text + b"=" * (-len(text) % 4)), "big").bit_length()
    except (AttributeError, KeyError, ValueError):
        return "the RSA key has no modulus (n)"
    return too_short(bits) if bits < SHORTEST_RSA else None
