"""Access tokens, and the request that the token endpoint answers with one.

https://www.rfc-editor.org/rfc/rfc6749#section-5
"""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Protocol, TypeAlias, cast

from pymedplum_runtime.errors import AuthenticationError
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.http.wire import Answer

EARLIEST = 60.0  # seconds before the end of a token at which it is renewed, at most
LONGEST = 1e10  # seconds; beyond it lies no date
SHARE = 0.1  # of its life, for tokens that live shorter
_LATEST = datetime(9999, 12, 31, tzinfo=timezone.utc).timestamp()
_REFUSALS = frozenset({400, 401, 403})
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_ERROR_CODE = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token and how long it is good for; its text shows in no `repr`."""

    value: str = field(repr=False)
    expires_at: float | None = None
    """Seconds since the epoch; `None` where nobody said."""
    refresh_at: float | None = None
    """When to get the next one."""
    scheme: str = "Bearer"

    def __post_init__(self) -> None:
        if not isinstance(self.value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a token must be a str, got {type(self.value).__name__}")
        if not _VISIBLE.fullmatch(self.value):
            raise ValueError("a token must be visible ASCII without white space, and not empty")

    @property
    def header(self) -> str:
        """The value of the `Authorization` header."""
        return f"{self.scheme} {self.value}"


def lasting(value: str, lifetime: float | None, now: float) -> AccessToken:
    """Return a token that lives so many seconds from now on."""
    if lifetime is None or not lifetime < LONGEST:
        return AccessToken(value)
    early = min(EARLIEST, max(lifetime, 0.0) * SHARE)
    return AccessToken(value, now + lifetime, now + lifetime - early)


def until(value: str, expires_at: datetime | None, now: float) -> AccessToken:
    """Return a token that lives until an instant.

    Raises:
        ValueError: the instant has no time zone.
    """
    if expires_at is None:
        return AccessToken(value)
    if expires_at.tzinfo is None:
        raise ValueError("expires_at must have a time zone: datetime.now(timezone.utc) + ...")
    return lasting(value, expires_at.timestamp() - now, now)


def as_datetime(seconds: float | None) -> datetime | None:
    """Return an instant in UTC."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(min(max(seconds, 0), _LATEST), tz=timezone.utc)


@dataclass(frozen=True, slots=True, repr=False)
class Grant:
    """What the token endpoint gave."""

    token: AccessToken
    refresh_token: str | None
    members: Mapping[str, Any]
    """The whole answer, `scope`, `project` and `profile` included."""


Form: TypeAlias = Mapping[str, str]


class TokenEndpoint(Protocol):
    """What an `Auth` may use to get a token: requests without I/O, and the time."""

    @property
    def url(self) -> str:
        """The absolute URL of the token endpoint at its usual place, `oauth2/token`."""
        ...

    @property
    def fhir_url(self) -> str:
        """The FHIR base URL of the client; ends with a slash."""
        ...

    def now(self) -> float:
        """Return the seconds since the epoch."""
        ...

    def configuration(self) -> Flow[Mapping[str, Any]]:
        """Return the server's smart-configuration as it is; empty where it has none.

        It is read once per client, below the FHIR base URL or else below the base URL.
        https://hl7.org/fhir/smart-app-launch/conformance.html

        Raises:
            AuthenticationError: the server fails to tell.
            NetworkError: no answer came.
        """
        ...

    def request(
        self,
        form: Form | Callable[[], Flow[Form]],
        *,
        basic: str | None = None,
        url: str | None = None,
    ) -> Flow[Grant]:
        """Ask for a token.

        Args:
            form: the parameters of the grant, sent form-encoded; or a flow that makes them anew
                for each request, where none may be sent twice.
            basic: credentials for the `Authorization` header, from `basic_credentials`; they go
                to the client's own server alone.
            url: of another token endpoint. It may be at another server, over https or on
                loopback; nothing else of the client's goes there.

        Raises:
            AuthenticationError: the server refuses, or answers with something else.
            InsecureTransportError: the URL is at another server, and neither https nor loopback.
            NetworkError: no answer came.
            UnsafeRedirectError: the URL is none, or Basic credentials would go to another server.
        """
        ...


def basic_credentials(client_id: str, client_secret: str) -> str:
    """Return client id and secret for HTTP Basic (RFC 7617)."""
    return b64encode(f"{client_id}:{client_secret}".encode()).decode()


def read_grant(answer: Answer, now: float) -> Grant:
    """Read what the token endpoint answered.

    Raises:
        AuthenticationError: it is a refusal (the text gives OAuth's code), or no token answer.
    """
    decoded = answer.json_or_none()
    members = cast("dict[str, Any]", decoded) if isinstance(decoded, dict) else {}
    if not answer.is_success:
        code = members.get("error")
        said = f" ({code})" if isinstance(code, str) and _ERROR_CODE.fullmatch(code) else ""
        advice = "check the credentials" if answer.status in _REFUSALS else "try again later"
        raise AuthenticationError(
            f"the token endpoint answered with {answer.status}{said}; {advice}", answer.status
        )
    if str(members.get("token_type", "Bearer")).lower() != "bearer":
        raise AuthenticationError("the token endpoint gave a token that is no bearer token")
    lifetime: Any = members.get("expires_in")
    is_number = isinstance(lifetime, int | float) and not isinstance(lifetime, bool)
    try:
        token = lasting(members["access_token"], lifetime if is_number else None, now)
    except (KeyError, OverflowError, TypeError, ValueError):
        pass
    else:
        renewal = members.get("refresh_token")
        return Grant(token, renewal if isinstance(renewal, str) and renewal else None, members)
    raise AuthenticationError(
        "the token endpoint answered without a usable access_token; "
        "is base_url the address of a Medplum server?",
        answer.status,
    )
