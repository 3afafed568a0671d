"""The one token of a client, shared by its threads and tasks: got once, for everybody.

Whoever finds the token missing or spent leads: it alone asks for the next one, and all others
wait for what it gets. After a failure nobody asks again before the cooldown is over.
"""

import threading
from concurrent.futures import Future
from contextvars import ContextVar

from pymedplum_runtime.auth.endpoint import MedplumTokenEndpoint
from pymedplum_runtime.auth.providers import Auth
from pymedplum_runtime.auth.tokens import AccessToken
from pymedplum_runtime.errors import (
    AuthenticationError,
    MedplumError,
    TokenRefreshCooldownError,
    copied,
)
from pymedplum_runtime.http.clock import Clock
from pymedplum_runtime.http.flow import Flow, Wait

_Flight = Future[AccessToken | MedplumError | None]


class TokenCache:
    """Gives the current token, and renews it; every method is safe in any thread or task."""

    def __init__(
        self, auth: Auth | None, endpoint: MedplumTokenEndpoint, clock: Clock, cooldown: float
    ) -> None:
        self._auth = auth
        self._endpoint = endpoint
        self._clock = clock
        self._cooldown = cooldown
        self._lock = threading.Lock()
        self._token: AccessToken | None = None
        self._flight: _Flight | None = None
        self._failed_at: float | None = None
        self._is_leading: ContextVar[bool] = ContextVar("is_leading", default=False)

    @property
    def endpoint(self) -> MedplumTokenEndpoint:
        """Where tokens come from."""
        return self._endpoint

    @property
    def token(self) -> AccessToken | None:
        """The token at hand, spent or not."""
        return self._token

    def set(self, token: AccessToken | None) -> None:
        """Use this token from now on."""
        with self._lock:
            self._token = token
            self._failed_at = None

    @property
    def is_renewable(self) -> bool:
        """Whether there is something to get another token with."""
        return self._auth is not None and self._auth.is_renewable

    def current(self) -> Flow[AccessToken | None]:
        """Return a token that is good for now; `None` where the client has no credentials.

        Raises:
            AuthenticationError: there is none to be had.
            TokenRefreshCooldownError: one was refused a moment ago.
        """
        token = self._token
        if token is not None and (token.refresh_at is None or self._clock.now() < token.refresh_at):
            return token
        if self._auth is None or (token is not None and not self.is_renewable):
            return token
        is_good = token is not None and not self._is_spent(token)
        if is_good and self._flight is not None:
            return token  # somebody is renewing it early: no need to wait for that
        try:
            return (yield from self._renewed(token))
        except MedplumError:
            if not is_good:
                raise
            return token  # renewed early and in vain

    def replacement(self, rejected: AccessToken) -> Flow[AccessToken]:
        """Return another token than one that the server refused.

        Raises:
            AuthenticationError: there is none to be had.
            TokenRefreshCooldownError: one was refused a moment ago.
        """
        return (yield from self._renewed(rejected))

    def _is_spent(self, token: AccessToken) -> bool:
        return token.expires_at is not None and self._clock.now() >= token.expires_at

    def _renewed(self, stale: AccessToken | None) -> Flow[AccessToken]:
        while True:
            with self._lock:
                if self._token is not None and self._token is not stale:
                    return self._token  # somebody was faster
                is_leader = self._flight is None
                if is_leader:
                    self._check_cooldown()
                flight = self._flight = self._flight or _Flight()
            if is_leader:
                return (yield from self._reported(self._lead(flight, stale)))
            if self._is_leading.get():
                raise AuthenticationError(
                    "a token was asked for while getting one; a token provider must not use the "
                    "client that it serves"
                )
            result: AccessToken | MedplumError | None = yield Wait(flight)
            if isinstance(result, AccessToken):
                return result
            if result is not None:
                raise copied(result)

    def _reported(self, lead: Flow[AccessToken]) -> Flow[AccessToken]:
        """Lead, then tell the completion hook, which may use the client itself."""
        try:
            token = yield from lead
        except GeneratorExit:
            raise
        except BaseException:
            yield from self._endpoint.report()
            raise
        yield from self._endpoint.report()
        return token

    def _lead(self, flight: _Flight, stale: AccessToken | None) -> Flow[AccessToken]:
        self._is_leading.set(True)
        try:
            token = yield from self._obtained()
        except MedplumError as error:
            self._land(flight, stale, copied(error))  # the leader's call may add to its own
            raise
        except BaseException:
            self._land(flight, stale, None)  # cancelled: another one leads
            raise
        finally:
            self._is_leading.set(False)  # no reset(): a flow may be closed in another context
        self._land(flight, stale, token)
        return token

    def _land(
        self, flight: _Flight, stale: AccessToken | None, result: AccessToken | MedplumError | None
    ) -> None:
        with self._lock:
            if isinstance(result, MedplumError):
                self._failed_at = self._clock.monotonic()
            elif result is not None and self._token is stale:  # else one was set meanwhile
                self._token, self._failed_at = result, None
            self._flight = None
        flight.set_result(result)

    def _obtained(self) -> Flow[AccessToken]:
        if self._auth is None or (not self._auth.is_renewable and self._token is not None):
            raise AuthenticationError("the access token is spent, and there is nothing to renew it")
        try:
            token = yield from self._auth.obtain(self._endpoint)
        except MedplumError:
            raise
        except Exception as error:  # whatever a provider of the user's raises
            way, kind = type(self._auth).__name__, type(error).__name__
            raise AuthenticationError(f"no token: {way} failed with {kind}") from error
        if not isinstance(token, AccessToken):  # pyright: ignore[reportUnnecessaryIsInstance]
            kind = type(token).__name__
            raise AuthenticationError(f"an Auth must give an AccessToken, got {kind}")
        return token

    def _check_cooldown(self) -> None:
        if self._failed_at is None:
            return
        left = self._failed_at + self._cooldown - self._clock.monotonic()
        if left > 0:
            raise TokenRefreshCooldownError(retry_after=left)
