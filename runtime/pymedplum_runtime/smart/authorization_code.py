"""The authorization code grant with PKCE, for programs on a person's own machine.

https://www.rfc-editor.org/rfc/rfc8252 and https://www.rfc-editor.org/rfc/rfc7636
"""

from collections.abc import Callable
from contextlib import ExitStack

from pymedplum_runtime.auth.providers import given
from pymedplum_runtime.auth.scopes import ScopeArgument, Scopes, asked_scopes, granted_scopes
from pymedplum_runtime.auth.tokens import AccessToken, Grant, TokenEndpoint, lasting
from pymedplum_runtime.errors import AuthenticationError, TokenStoreError
from pymedplum_runtime.http.callables import is_async
from pymedplum_runtime.http.flow import Flow, Sleep, Work
from pymedplum_runtime.smart.browser import BrowserSignIn
from pymedplum_runtime.smart.configuration import absolute_url, token_url_of
from pymedplum_runtime.smart.stored_tokens import StoredTokens
from pymedplum_runtime.smart.token_store import TokenStore

LOGIN_SCOPE = "openid offline_access fhirUser"
LOOPBACK_PORT = 8484
"""Where the browser comes back to: Medplum compares redirect URIs exactly, the port included."""
_HOSTS = ("127.0.0.1", "localhost")
_PORTS = 65535
_LONGEST = 1e6  # seconds; locks overflow beyond
_TOKEN_PATH = "oauth2/token"  # noqa: S105 - a path
_REFUSED = frozenset({400, 401})
_EARLY = 60.0  # seconds before its end at which a stored token is not begun with any more
_LOCK_DELAY = 0.2  # seconds
_LOCK_ATTEMPTS = 300


class AuthorizationCode:
    """Signs a person in in the browser, keeps the tokens in a store, and renews them.

    A token in the store that is still good is used; else its refresh token is traded for the next
    ones; only where the server refuses that, or nothing is stored, the browser is opened.

    Register `http://127.0.0.1:8484/callback` as a redirect URI of the ClientApplication.

    Example:
        >>> auth = AuthorizationCode(client_id, store=FileTokenStore("tokens.json"))
        >>> client = MedplumClient("https://api.medplum.com/", auth=auth)
    """

    is_renewable = True

    def __init__(  # noqa: PLR0913 - keywords, of which most have good defaults
        self,
        client_id: str,
        *,
        store: TokenStore,
        scope: ScopeArgument = LOGIN_SCOPE,
        client_secret: str | None = None,
        aud: str | None = None,
        port: int = LOOPBACK_PORT,
        host: str = "127.0.0.1",
        timeout: float = 300.0,
        open_browser: Callable[[str], object] | None = None,
        interactive: bool = True,
        sign_in_again: bool = False,
    ) -> None:
        """Describe the sign-in; nothing is read, opened or sent yet.

        Args:
            client_id: the id of the ClientApplication.
            store: where the tokens are kept. Those of another server or client count as none.
            scope: what to ask for, separated by spaces; without `offline_access` there is no
                refresh token.
            client_secret: the secret, where the ClientApplication insists on it.
            aud: the FHIR base URL as the server knows it, which SMART App Launch has the client
                name; the client's own where not given.
            port: where the browser comes back to; 0 takes a free one, for servers that admit any
                port on loopback.
            host: how the redirect URI calls this machine: `127.0.0.1` or `localhost`.
            timeout: seconds that the person has.
            open_browser: receives the URL; may be `async` on the asynchronous client. Without it
                the usual browser is opened, or, where there is none, the URL goes to stderr.
            interactive: `False` raises an error where the browser would have to be opened.
            sign_in_again: open it the first time, whatever is stored.

        Raises:
            TypeError: an argument is of the wrong type.
            ValueError: a text is empty, `aud` is no URL, or `host` or `port` is none of this
                machine's.
        """
        self.client_id = given(client_id, "client_id")
        self.granted: Scopes | None = None
        """What the token at hand was granted; `None` before the first one."""
        self.is_async = is_async(open_browser)
        self._store = store
        self._client = {"client_id": client_id}
        if client_secret is not None:
            self._client["client_secret"] = given(client_secret, "client_secret")
        self._scope = asked_scopes(scope) or Scopes()
        self._is_interactive = interactive
        self._must_sign_in = sign_in_again
        self._given: str | None = None
        self._unsaved: StoredTokens | None = None
        self._browser = BrowserSignIn(
            client_id=client_id,
            scope=str(self._scope),
            aud=None if aud is None else absolute_url(aud, "aud"),
            port=_port(port),
            host=_host(host),
            timeout=_patience(timeout),
            open_browser=open_browser,
        )

    def obtain(self, endpoint: TokenEndpoint) -> Flow[AccessToken]:
        """Take a token from the store, renew it, or sign in; see the class.

        Raises:
            AuthenticationError: the person or the server refuses, nobody came back in time, or a
                browser is needed and not allowed.
            TokenStoreError: the store cannot be read or written.
        """
        tokens = None
        if not self._must_sign_in:
            tokens = yield from self._kept(endpoint)
        if tokens is None:
            tokens = yield from self._signed_in(endpoint)
        return self._handed_out(tokens, endpoint.now())

    def _kept(self, endpoint: TokenEndpoint) -> Flow[StoredTokens | None]:
        """Return what the store holds, renewed where that is needed and the server does it."""
        tokens = yield from self._stored(endpoint)
        if tokens is None or self._is_usable(tokens, endpoint.now()):
            return tokens
        with ExitStack() as stack:
            yield from self._locked(stack)
            tokens = yield from self._stored(endpoint)  # another process may have been faster
            if tokens is None or self._is_usable(tokens, endpoint.now()):
                return tokens
            return (yield from self._renewed(endpoint, tokens.refresh_token))

    def _stored(self, endpoint: TokenEndpoint) -> Flow[StoredTokens | None]:
        if self._unsaved is not None:
            return self._saved(self._unsaved)
        tokens: StoredTokens | None = yield Work(self._store.load)
        is_ours = tokens is not None and tokens.is_for(_base_url(endpoint), self.client_id)
        return tokens if is_ours else None

    def _is_usable(self, tokens: StoredTokens, now: float) -> bool:
        if tokens.access_token in {None, self._given}:  # what was given is spent, or was refused
            return False
        return tokens.expires_at is None or now < tokens.expires_at - _EARLY

    def _renewed(
        self, endpoint: TokenEndpoint, refresh_token: str | None
    ) -> Flow[StoredTokens | None]:
        if refresh_token is None:
            return None
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **self._client}
        url = yield from token_url_of(endpoint)
        try:
            grant = yield from endpoint.request(form, url=url)
        except AuthenticationError as error:
            if error.status_code not in _REFUSED:
                raise  # it may still be good
            return None
        return self._saved(self._tokens(grant, endpoint, refresh_token))

    def _signed_in(self, endpoint: TokenEndpoint) -> Flow[StoredTokens]:
        if not self._is_interactive:
            raise AuthenticationError(
                "nobody is signed in, or the session has ended; run: pymedplum login"
            )
        grant = yield from self._browser.grant(endpoint, self._client)
        tokens = self._tokens(grant, endpoint, None)
        self._unsaved = tokens  # nobody has to sign in again where the lock is not to be had
        self._must_sign_in = False
        with ExitStack() as stack:
            yield from self._locked(stack)
            return self._saved(tokens)

    def _locked(self, stack: ExitStack) -> Flow[None]:
        for _ in range(_LOCK_ATTEMPTS):
            attempt = ExitStack()
            with attempt:
                if attempt.enter_context(self._store.lock()):
                    stack.push(attempt.pop_all())
                    return
            yield Sleep(_LOCK_DELAY)
        raise TokenStoreError(
            f"another process has been renewing the tokens for {_LOCK_DELAY * _LOCK_ATTEMPTS:g} s; "
            "if it hangs, end it"
        )

    def _saved(self, tokens: StoredTokens) -> StoredTokens:
        """Keep tokens before they are used.

        Not as an effect: a task that is cancelled meanwhile would lose a refresh token that the
        server has rotated, and with it the session.
        """
        self._unsaved = tokens  # where the store fails, it is tried again the next time
        self._store.save(tokens)
        self._unsaved = None
        return tokens

    def _tokens(
        self, grant: Grant, endpoint: TokenEndpoint, refresh_token: str | None
    ) -> StoredTokens:
        granted = granted_scopes(grant.members, self._scope)
        return StoredTokens(
            base_url=_base_url(endpoint),
            client_id=self.client_id,
            access_token=grant.token.value,
            refresh_token=grant.refresh_token or refresh_token,
            expires_at=grant.token.expires_at,
            scope=None if granted is None else str(granted),
        )

    def _handed_out(self, tokens: StoredTokens, now: float) -> AccessToken:
        value = tokens.access_token or ""
        self._given = value
        self.granted = None if tokens.scope is None else Scopes.parse(tokens.scope)
        end = tokens.expires_at
        return lasting(value, None if end is None else end - now, now)


def _base_url(endpoint: TokenEndpoint) -> str:
    return endpoint.url.removesuffix(_TOKEN_PATH)


def _port(port: int) -> int:
    if isinstance(port, bool) or not isinstance(port, int):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"port must be an int, got {type(port).__name__}")
    if not 0 <= port <= _PORTS:
        raise ValueError(f"port must be 0 to {_PORTS}")
    return port


def _host(host: str) -> str:
    if host not in _HOSTS:
        raise ValueError("host must be 127.0.0.1 or localhost")
    return host


def _patience(timeout: float) -> float:
    if isinstance(timeout, bool) or not isinstance(timeout, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"timeout must be a number of seconds, got {type(timeout).__name__}")
    if not 0 <= timeout < _LONGEST:
        raise ValueError("timeout must be a number of seconds, and neither negative nor endless")
    return float(timeout)
