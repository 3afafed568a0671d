"""The smart-configuration of a server, typed, and the token endpoint that it names.

https://hl7.org/fhir/smart-app-launch/conformance.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

from pymedplum_runtime.auth.tokens import TokenEndpoint
from pymedplum_runtime.errors import AuthenticationError, MedplumError, UnsafeRedirectError
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.http.urls import origin_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartConfiguration:
    """Where a server's OAuth endpoints are, and what they can do."""

    token_endpoint: str
    issuer: str | None = None
    jwks_uri: str | None = None
    authorization_endpoint: str | None = None
    introspection_endpoint: str | None = None
    management_endpoint: str | None = None
    registration_endpoint: str | None = None
    revocation_endpoint: str | None = None
    userinfo_endpoint: str | None = None
    capabilities: tuple[str, ...] = ()
    code_challenge_methods_supported: tuple[str, ...] = ()
    grant_types_supported: tuple[str, ...] = ()
    response_types_supported: tuple[str, ...] = ()
    scopes_supported: tuple[str, ...] = ()
    token_endpoint_auth_methods_supported: tuple[str, ...] = ()
    token_endpoint_auth_signing_alg_values_supported: tuple[str, ...] = ()
    members: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)
    """The whole document, what is not listed here included."""


_NAMES = [each.name for each in fields(SmartConfiguration) if each.name != "members"]
_LISTS = [each for each in _NAMES if each == "capabilities" or each.endswith("_supported")]
_TEXTS = [each for each in _NAMES if each not in _LISTS]


def read_smart_configuration(members: object) -> SmartConfiguration:
    """Read the decoded document.

    Raises:
        MedplumError: it is no object, has no `token_endpoint`, or a member has the wrong type.
    """
    if not isinstance(members, Mapping):
        raise MedplumError("the smart-configuration is no JSON object")
    given = cast("Mapping[str, Any]", members)
    read: dict[str, Any] = {
        **{name: _text(given, name) for name in _TEXTS},
        **{name: _texts(given, name) for name in _LISTS},
    }
    if not read["token_endpoint"]:
        raise MedplumError("the smart-configuration has no token_endpoint")
    return SmartConfiguration(**read, members=given)


def token_url_of(endpoint: TokenEndpoint, advice: str = "") -> Flow[str]:
    """Return where tokens are asked for: as the server tells, or else at the usual place.

    Args:
        endpoint: of the client.
        advice: ends the error.

    Raises:
        AuthenticationError: the server's smart-configuration does not name the place.
        NetworkError: no answer came.
    """
    configuration = yield from endpoint.configuration()
    if not configuration:
        return endpoint.url
    url: object = configuration.get("token_endpoint")
    if isinstance(url, str):
        try:
            return absolute_url(url, "token_endpoint")
        except ValueError:
            pass
    raise AuthenticationError(
        f"the server's smart-configuration names no token_endpoint that is a URL{advice}"
    )


def absolute_url(url: str, name: str) -> str:
    """Return an absolute URL that something can be sent to.

    Raises:
        TypeError: it is no text.
        ValueError: it is no such URL.
    """
    if not isinstance(url, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name} must be a str, got {type(url).__name__}")
    try:
        origin_of(url)
    except UnsafeRedirectError:
        is_url = False
    else:
        is_url = url.isascii() and url.isprintable() and not set(url) & set(" #\\")
    if not is_url:
        raise ValueError(f"{name} must be an absolute URL, without credentials and fragment")
    return url


def _text(members: Mapping[str, Any], name: str) -> str | None:
    value: object = members.get(name)
    if value is not None and not isinstance(value, str):
        raise MedplumError(f"the smart-configuration's {name} is no text")
    return value


def _texts(members: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value: object = members.get(name)
    given = cast("list[object]", value) if isinstance(value, list) else None
    found = [each for each in given or () if isinstance(each, str)]
    if value is not None and (given is None or len(found) < len(given)):
        raise MedplumError(f"the smart-configuration's {name} is no list of texts")
    return tuple(found)
