"""A signed token as it came in the `Authorization` header: taken apart, its signature checked.

https://www.rfc-editor.org/rfc/rfc7515 and https://www.rfc-editor.org/rfc/rfc8725. No error quotes
anything of a token.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from pymedplum_runtime.errors import AuthenticationError
from pymedplum_runtime.smart.jose import JoseKey

_LONGEST = 8192  # characters
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LONGEST_NAME = 512  # characters of a kid or a jti
_UNAUTHORIZED = 401


def refused(message: str) -> AuthenticationError:
    """Return the error of a token that is not accepted."""
    return AuthenticationError(message, _UNAUTHORIZED)


class NoTokenError(AuthenticationError):
    """There is no token at all."""


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token whose signature nobody has checked yet: its issuer is a claim of the sender's."""

    text: str = field(repr=False)
    algorithm: str
    key_id: str
    jku: str | None
    issuer: str

    def verified(self, key: JoseKey) -> dict[str, Any]:
        """Check the signature, and return the claims.

        Raises:
            AuthenticationError: the key did not sign this.
        """
        from joserfc import jws  # noqa: PLC0415 - an extra
        from joserfc.errors import JoseError  # noqa: PLC0415 - the same

        with suppress(JoseError, ValueError, TypeError, LookupError):
            # RFC 7515, section 4: what is unknown in a header is ignored; `crit` was refused.
            registry = jws.JWSRegistry(algorithms=[self.algorithm], strict_check_header=False)
            registry.max_header_length = _LONGEST
            signed = jws.deserialize_compact(self.text, key, registry=registry)
            return _members(signed.payload, "payload")
        raise refused("the signature of the token is not that of the EHR's key")


def read_token(headers: Sequence[str]) -> SignedToken:
    """Take the token of a request apart.

    Args:
        headers: every `Authorization` header of the request.

    Raises:
        NoTokenError: there is none.
        AuthenticationError: it is not one signed token.
    """
    if not headers:
        raise NoTokenError("a signed token is needed: Authorization: Bearer ...", _UNAUTHORIZED)
    scheme, _, text = headers[0].strip().partition(" ")
    text = text.strip(" ")
    is_token = len(text) <= _LONGEST and _TOKEN.fullmatch(text) is not None
    if len(headers) > 1 or scheme.lower() != "bearer" or not is_token:
        raise refused("the Authorization header must be Bearer and one signed token (a JWS)")
    header, payload, _ = text.split(".")
    return _read(text, _decoded(header, "header"), _decoded(payload, "payload"))


def _read(text: str, header: Mapping[str, Any], claims: Mapping[str, Any]) -> SignedToken:
    typ, jku = header.get("typ"), header.get("jku")
    if not isinstance(typ, str) or typ.upper() != "JWT":
        raise refused("the token's header must have typ JWT")
    if "crit" in header or "b64" in header:
        raise refused("the token's header has extensions (crit, b64) that nobody here knows")
    if jku is not None and not isinstance(jku, str):
        raise refused("the token's jku must be a text")
    return SignedToken(
        text=text,
        algorithm=text_of(header, "alg"),
        key_id=text_of(header, "kid"),
        jku=jku,
        issuer=text_of(claims, "iss"),
    )


def text_of(members: Mapping[str, Any], name: str) -> str:
    """Return a text that a token must have.

    Raises:
        AuthenticationError: it is missing, empty or far too long.
    """
    value: object = members.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_NAME:
        raise refused(f"the token must have {name}, a text of at most {_LONGEST_NAME} characters")
    return value


def _decoded(part: str, name: str) -> dict[str, Any]:
    with suppress(ValueError):
        return _members(urlsafe_b64decode(part + "=" * (-len(part) % 4)), name)
    raise refused(f"the token's {name} is not base64url")


def _members(content: bytes, name: str) -> dict[str, Any]:
    found: object = None
    with suppress(ValueError, RecursionError):
        found = json.loads(content, object_pairs_hook=_unique, parse_constant=_no_constant)
    if not isinstance(found, dict):
        raise refused(f"the token's {name} is not one JSON object with unique names")
    return cast("dict[str, Any]", found)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that is there twice: two readers would take two different values."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _no_constant(name: str) -> None:
    raise ValueError(name)
