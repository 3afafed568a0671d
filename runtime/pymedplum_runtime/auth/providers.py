"""The ways to get a token. Each is an `Auth`; write your own the same way."""

import re
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from pymedplum_runtime.auth.scopes import ScopeArgument, Scopes, asked_scopes, granted_scopes
from pymedplum_runtime.auth.tokens import (
    AccessToken,
    TokenEndpoint,
    basic_credentials,
    lasting,
)
from pymedplum_runtime.http.callables import is_async
from pymedplum_runtime.http.flow import Flow, Invoke

ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - RFC 8693
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - RFC 8693

_HALF_A_PAIR = re.compile("[\ud800-\udfff]")

Provided: TypeAlias = str | AccessToken
Provider: TypeAlias = Callable[[], Provided | Awaitable[Provided]]


class Auth(Protocol):
    """A way to get an access token; the client keeps it, and asks again when it is time.

    Example:
        >>> class FromVault:
        ...     is_renewable = True
        ...
        ...     def obtain(self, endpoint):
        ...         secret = yield Invoke(vault.read, ("medplum",))
        ...         grant = yield from endpoint.request({"grant_type": "password", ...})
        ...         return grant.token
    """

    @property
    def is_renewable(self) -> bool:
        """Whether asking again gives another token; a 401 is final otherwise."""
        ...

    def obtain(self, endpoint: TokenEndpoint) -> Flow[AccessToken]:
        """Get a token; never runs twice at once within one client.

        Raises:
            AuthenticationError: there is none to be had.
        """
        ...


class ClientCredentials:
    """The client credentials grant (RFC 6749, section 4.4): for services."""

    is_renewable = True

    def __init__(
        self, client_id: str, client_secret: str, *, scope: ScopeArgument | None = None
    ) -> None:
        """Describe the client.

        Args:
            client_id: the id of the ClientApplication.
            client_secret: its secret.
            scope: what to ask for: a text with spaces between, several texts, or `Scopes`.
        """
        self.client_id = given(client_id, "client_id")
        self._client_secret = given(client_secret, "client_secret")
        self._scope = asked_scopes(scope)
        self.granted: Scopes | None = None
        """What the last token may be used for; `None` before the first, or where nobody said."""

    def obtain(self, endpoint: TokenEndpoint) -> Flow[AccessToken]:
        """Ask the token endpoint."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self._client_secret,
        }
        asked = {"scope": str(self._scope)} if self._scope else {}
        grant = yield from endpoint.request(form | asked)
        self.granted = granted_scopes(grant.members, self._scope)
        return grant.token


class BasicAuth:
    """HTTP Basic with client id and secret on every call: no token at all."""

    is_renewable = False

    def __init__(self, client_id: str, client_secret: str) -> None:
        """Describe the client."""
        self.client_id = given(client_id, "client_id")
        credentials = basic_credentials(client_id, given(client_secret, "client_secret"))
        self._token = AccessToken(credentials, scheme="Basic")

    def obtain(self, endpoint: TokenEndpoint) -> Flow[AccessToken]:  # noqa: ARG002 - Auth's
        """Return the credentials."""
        yield from ()
        return self._token


class TokenProvider:
    """A function that gives the token: from a vault, a session, another library.

    Example:
        >>> client = MedplumClient(auth=TokenProvider(lambda: read_token_file()))
    """

    is_renewable = True

    def __init__(self, provide: Provider, *, lifetime: float | None = None) -> None:
        """Describe the provider.

        Args:
            provide: returns a token as text or `AccessToken`; on the asynchronous client it may
                be `async`. It is called when there is no token, when it ends, and after a 401.
            lifetime: seconds for which a text is good; `None`: until the server refuses it.
        """
        if not callable(provide):
            raise TypeError(f"a provider must be callable, got {type(provide).__name__}")
        self.is_async = is_async(provide)
        self._provide = provide
        self._lifetime = lifetime

    def obtain(self, endpoint: TokenEndpoint) -> Flow[AccessToken]:
        """Call the function."""
        provided: object = yield Invoke(self._provide)
        if isinstance(provided, AccessToken):
            return provided
        if not isinstance(provided, str):
            kind = type(provided).__name__
            raise TypeError(f"a token provider must return a str or AccessToken, got {kind}")
        return lasting(provided, self._lifetime, endpoint.now())


class RefreshToken:
    """The refresh token grant (RFC 6749, section 6); Medplum gives a new one each time."""

    is_renewable = True

    def __init__(
        self,
        refresh_token: str,
        *,
        client_id: str,
        client_secret: str | None = None,
        on_rotate: Callable[[str], object] | None = None,
    ) -> None:
        """Describe the grant.

        Args:
            refresh_token: the one to begin with.
            client_id: the id of the ClientApplication.
            client_secret: its secret; public clients have none.
            on_rotate: receives each new refresh token, to be kept in place of the last.
        """
        self._refresh_token = given(refresh_token, "refresh_token")
        self.client_id = given(client_id, "client_id")
        self._client_secret = client_secret
        self._on_rotate = on_rotate
        self.is_async = is_async(on_rotate)

    def obtain(self, endpoint: TokenEndpoint) -> Flow[AccessToken]:
        """Trade the refresh token, and keep the next one."""
        form = {"grant_type": "refresh_token", "refresh_token": self._refresh_token}
        grant = yield from endpoint.request(form | _client(self.client_id, self._client_secret))
        if grant.refresh_token and grant.refresh_token != self._refresh_token:
            self._refresh_token = grant.refresh_token
            if self._on_rotate:
                yield Invoke(self._on_rotate, (grant.refresh_token,))
        return grant.token


class TokenExchange:
    """Token exchange (RFC 8693): the token of another issuer for one of Medplum's."""

    is_renewable = True

    def __init__(
        self,
        subject_token: str | Callable[[], str | Awaitable[str]],
        *,
        client_id: str,
        client_secret: str | None = None,
        subject_token_type: str = ACCESS_TOKEN_TYPE,
    ) -> None:
        """Describe the exchange.

        Args:
            subject_token: the other issuer's token, or a function that gives a fresh one.
            client_id: the id of the ClientApplication that trusts the issuer.
            client_secret: its secret, where it has one.
            subject_token_type: the kind of the subject token.
        """
        self._subject = (
            subject_token if callable(subject_token) else given(subject_token, "subject_token")
        )
        self.client_id = given(client_id, "client_id")
        self._client_secret = client_secret
        self._subject_token_type = subject_token_type
        self.is_async = is_async(subject_token)

    def obtain(self, endpoint: TokenEndpoint) -> Flow[AccessToken]:
        """Exchange the subject token."""
        subject = (yield Invoke(self._subject)) if callable(self._subject) else self._subject
        form = {
            "grant_type": TOKEN_EXCHANGE,
            "subject_token": given(subject, "subject_token"),
            "subject_token_type": self._subject_token_type,
        }
        grant = yield from endpoint.request(form | _client(self.client_id, self._client_secret))
        return grant.token


def _client(client_id: str, client_secret: str | None) -> dict[str, str]:
    return {"client_id": client_id, **({"client_secret": client_secret} if client_secret else {})}


def given(value: str, name: str) -> str:
    """Return a text that something can be done with.

    Raises:
        TypeError: it is no text.
        ValueError: it is empty, or no Unicode.
    """
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name} must be a str, got {type(value).__name__}")
    if not value.strip():
        raise ValueError(f"{name} must not be empty")
    if _HALF_A_PAIR.search(value):  # the error of encoding it would quote it
        raise ValueError(f"{name} holds half of a surrogate pair, which is no Unicode")
    return value
