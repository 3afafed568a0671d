"""joserfc, as far as it is used here: its keys, with the types that it leaves open."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

JWK: TypeAlias = Mapping[str, Any]
JoseKey: TypeAlias = "RSAKey | ECKey"


def key_from(key_type: str, value: bytes | JWK) -> JoseKey:
    """Return the key of a JWK, or of PEM.

    Raises:
        Exception: joserfc's or cryptography's, of many classes; it may quote the key.
    """
    return cast("JoseKey", _class(key_type).import_key(value))


def new_key(key_type: str, size: str | int | None) -> JoseKey:
    """Make a key: on a curve, or with so many bits."""
    return cast("JoseKey", _class(key_type).generate_key(size))


def members_of(key: JoseKey, *, is_private: bool) -> dict[str, Any]:
    """Return the numbers of a key, as a JWK has them."""
    members: dict[str, Any] = cast("Any", key).as_dict(private=is_private)
    return members


def sign(header: Mapping[str, Any], payload: bytes, key: JoseKey, algorithm: str) -> str:
    """Return a JWS in its compact form."""
    from joserfc import jws  # noqa: PLC0415 - an extra

    return jws.serialize_compact(dict(header), payload, key, algorithms=[algorithm])


def decrypt(content: bytes, secret: bytes, algorithms: list[str]) -> bytes | None:
    """Open a JWE in its compact form with a password; `None` where that fails."""
    from joserfc import jwe  # noqa: PLC0415 - an extra
    from joserfc.errors import JoseError  # noqa: PLC0415 - the same
    from joserfc.jwk import OctKey  # noqa: PLC0415 - the same

    # import_key would warn that a password has fewer bits than a random key, and silencing that
    # changes the filters of all threads
    key: Any = cast("Any", OctKey)(secret, secret)
    try:
        return jwe.decrypt_compact(content, key, algorithms).plaintext
    except (JoseError, ValueError, TypeError, LookupError):
        return None


def _class(key_type: str) -> Any:  # noqa: ANN401 - joserfc's own types are open in part
    from joserfc.jwk import ECKey, RSAKey  # noqa: PLC0415 - an extra

    return RSAKey if key_type == "RSA" else ECKey
