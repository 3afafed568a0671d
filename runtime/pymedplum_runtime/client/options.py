"""What a client is constructed with, checked before anything is built."""

from dataclasses import dataclass, field, replace

import httpx

from pymedplum_runtime.auth.cache import TokenCache
from pymedplum_runtime.auth.endpoint import MedplumTokenEndpoint
from pymedplum_runtime.auth.providers import Auth, ClientCredentials
from pymedplum_runtime.auth.tokens import AccessToken
from pymedplum_runtime.client.acting import OnBehalfOf
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.write_validation import Validate, write_validation
from pymedplum_runtime.hooks import (
    AsyncOnRequestCompleteHook,
    BeforeRequestHook,
    OnRequestCompleteHook,
)
from pymedplum_runtime.http.callables import is_async
from pymedplum_runtime.http.clock import Clock, SystemClock
from pymedplum_runtime.http.retry import MAX_RETRY_DELAY_SECONDS, RetryPolicy
from pymedplum_runtime.http.timeouts import seconds
from pymedplum_runtime.http.urls import server


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The arguments of both constructors; the clients document them."""

    base_url: str
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    project_id: str | None = None
    fhir_url_path: str = "fhir/R4/"
    timeout: float | httpx.Timeout = 30.0
    before_request: BeforeRequestHook | None = None
    on_request_complete: OnRequestCompleteHook | AsyncOnRequestCompleteHook | None = None
    allow_insecure_http: bool = False
    failed_refresh_cooldown: float = 1.0
    default_on_behalf_of: str | None = None
    max_retry_delay_seconds: float = MAX_RETRY_DELAY_SECONDS
    auth: Auth | None = field(default=None, repr=False)
    retry: RetryPolicy | None = None
    clock: Clock | None = None
    exact_decimals: bool = False
    extended: bool = True
    preflight: bool = False
    validate: Validate | None = None

    def session(self, *, is_async: bool) -> Session:
        """Build what the calls of a client share.

        Raises:
            InsecureTransportError: the base URL is not safe.
            TypeError: an asynchronous function on the synchronous client, or a wrong type.
            ValueError: arguments that contradict each other.
        """
        self._check_types()
        if not is_async:
            self._refuse_async_functions()
        clock = self.clock or SystemClock()
        where = server(
            self.base_url, self.fhir_url_path, allow_insecure_http=self.allow_insecure_http
        )
        timeout, retry = seconds(self.timeout), self._retry()
        endpoint = MedplumTokenEndpoint(where, clock, timeout, retry, self.on_request_complete)
        cooldown = not_negative(self.failed_refresh_cooldown, "failed_refresh_cooldown")
        tokens = TokenCache(self._auth(), endpoint, clock, cooldown)
        if self.access_token is not None:
            tokens.set(AccessToken(self.access_token))
        return Session(
            server=where,
            acting=OnBehalfOf(self.default_on_behalf_of),
            tokens=tokens,
            clock=clock,
            retry=retry,
            before_request=self.before_request,
            on_complete=self.on_request_complete,
            timeout=timeout,
            headers={"X-Medplum": "extended"} if self.extended else {},
            project_id=self.project_id,
            exact_decimals=self.exact_decimals,
            preflight=self.preflight,
            validation=write_validation(self.validate),
        )

    def _auth(self) -> Auth | None:
        if self.auth is not None:
            if self.client_secret is not None:
                raise ValueError("give either auth= or client_id= with client_secret=")
            if not hasattr(self.auth, "obtain"):
                kind = type(self.auth).__name__
                raise TypeError(
                    f"auth must be an Auth, got {kind}; wrap a function in TokenProvider"
                )
            return self.auth
        if self.client_id is None and self.client_secret is None:
            return None
        if self.client_id is None or (self.client_secret is None and self.access_token is None):
            raise ValueError("client_id and client_secret go together; one of them is None")
        if self.client_secret is None:
            return None
        return ClientCredentials(self.client_id, self.client_secret)

    def _retry(self) -> RetryPolicy:
        longest = not_negative(self.max_retry_delay_seconds, "max_retry_delay_seconds")
        policy = self.retry or RetryPolicy()
        return replace(policy, max_delay=min(policy.max_delay, longest))

    def _check_types(self) -> None:
        for name in ("before_request", "on_request_complete"):
            hook: object = getattr(self, name)
            if hook is not None and not callable(hook):
                raise TypeError(f"{name} must be callable, got {type(hook).__name__}")
        expected: dict[str, type] = {
            "fhir_url_path": str,
            "project_id": str,
            "client_id": str,
            "client_secret": str,
            "retry": RetryPolicy,
            "exact_decimals": bool,
            "extended": bool,
            "preflight": bool,
        }
        for name, kind in expected.items():
            value: object = getattr(self, name)
            is_optional = kind is not bool and name != "fhir_url_path"
            if not isinstance(value, kind) and not (is_optional and value is None):
                raise TypeError(f"{name} must be a {kind.__name__}, got {type(value).__name__}")
        if self.clock is not None and not hasattr(self.clock, "monotonic"):
            raise TypeError(f"clock must be a Clock, got {type(self.clock).__name__}")

    def _refuse_async_functions(self) -> None:
        is_async_of = {
            "before_request": is_async(self.before_request),
            "on_request_complete": is_async(self.on_request_complete),
            "auth": getattr(self.auth, "is_async", False),
        }
        for name, is_asynchronous in is_async_of.items():
            if is_asynchronous:
                raise TypeError(f"{name} is asynchronous: MedplumClient cannot await it")


def not_negative(value: float, name: str) -> float:
    """Return a number of seconds.

    Raises:
        TypeError: it is no number.
        ValueError: it is negative.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name} must be a number of seconds, got {type(value).__name__}")
    if not value >= 0:
        raise ValueError(f"{name} must not be negative")
    return value
