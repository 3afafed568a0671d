"""What both clients are besides their methods: attributes, tokens, contexts, closing."""

from datetime import datetime
from typing import NoReturn

import httpx
from typing_extensions import Self

from pymedplum_runtime.auth.tokens import as_datetime, until
from pymedplum_runtime.client.acting import OnBehalfOfContext
from pymedplum_runtime.client.drivers import AsyncDriver, SyncDriver
from pymedplum_runtime.client.options import Options
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.client.transport import check_client, keep_contents_out_of_logs
from pymedplum_runtime.helpers.members import FHIRData

CONNECTIONS = 100
"""How many an asynchronous client opens, as httpx does; it keeps them all for the next calls."""
_LIMITS = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)


class ClientBase:
    """The part of a client that needs no I/O."""

    _session: Session
    _options: Options

    @property
    def base_url(self) -> str:
        """The server's address; ends with a slash."""
        return self._session.server.base_url

    @property
    def fhir_base_url(self) -> str:
        """The address of the FHIR API; ends with a slash."""
        return self._session.server.fhir_url

    @property
    def fhir_url_path(self) -> str:
        """The path of the FHIR API below `base_url`."""
        return self._options.fhir_url_path

    @property
    def client_id(self) -> str | None:
        """The id of the ClientApplication."""
        given: str | None = getattr(self._options.auth, "client_id", None)
        return self._options.client_id or given

    @property
    def project_id(self) -> str | None:
        """The project that administrative methods work on where none is given."""
        return self._options.project_id

    @property
    def default_on_behalf_of(self) -> str | None:
        """The membership that calls act for where neither call nor context says otherwise."""
        return self._session.acting.default

    @property
    def access_token(self) -> str | None:
        """The token at hand; `None` before the first request that needs one."""
        token = self._session.tokens.token
        return token.value if token else None

    @property
    def token_expires_at(self) -> datetime | None:
        """When the token ends; `None` where that is not known."""
        token = self._session.tokens.token
        return as_datetime(token.expires_at) if token else None

    def set_access_token(self, token: str, expires_at: datetime | None = None) -> None:
        """Use a token that was got elsewhere.

        Args:
            token: the bare token, without `Bearer`.
            expires_at: when it ends, with a time zone; without it, it is used until the server
                refuses it.

        Raises:
            TypeError: the token is no text.
            ValueError: the token cannot be sent, or `expires_at` has no time zone.

        Example:
            >>> client.set_access_token(token)
        """
        self._session.tokens.set(until(token, expires_at, self._session.clock.now()))

    def on_behalf_of(self, membership: str | FHIRData) -> OnBehalfOfContext:
        """Act for a membership inside a `with` or `async with` block.

        A call's own `on_behalf_of=` wins over it; it wins over `default_on_behalf_of`. Tasks and
        threads have contexts of their own (`contextvars`).

        Args:
            membership: a ProjectMembership, its id, or a reference; an empty text acts for nobody.

        Raises:
            ValueError: it is neither id nor reference, or a resource without an id.

        Example:
            >>> with client.on_behalf_of("ProjectMembership/123"):
            ...     client.read_resource("Patient", "456")
        """
        return self._session.acting.context(membership)

    def __repr__(self) -> str:
        known = f"base_url={self.base_url!r}, client_id={self.client_id!r}"
        return f"{type(self).__name__}({known}, authenticated={self.access_token is not None})"

    def __reduce__(self) -> NoReturn:
        name = type(self).__name__
        raise TypeError(f"a {name} cannot be pickled: it holds credentials; make one per process")

    __copy__ = __reduce__

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__reduce__()


class SyncClient(ClientBase):
    """Runs flows over `httpx.Client`."""

    def __init__(self, options: Options, http_client: httpx.Client | None = None) -> None:
        """Check the options and open the connection pool."""
        if http_client is not None:
            check_client(http_client, httpx.Client)
        self._options = options
        self._session = options.session(is_async=False)
        self._is_owner = http_client is None
        self._http = http_client or httpx.Client(follow_redirects=False)
        self._driver = SyncDriver(self._session, self._http)
        keep_contents_out_of_logs()

    def close(self) -> None:
        """Close the connections, unless the `http_client` is the caller's; calls raise then."""
        self._session.is_closed = True
        if self._is_owner:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class AsyncClient(ClientBase):
    """Runs flows over `httpx.AsyncClient`."""

    def __init__(self, options: Options, http_client: httpx.AsyncClient | None = None) -> None:
        """Check the options and open the connection pool."""
        if http_client is not None:
            check_client(http_client, httpx.AsyncClient)
        self._options = options
        self._session = options.session(is_async=True)
        self._is_owner = http_client is None
        self._http = http_client or httpx.AsyncClient(follow_redirects=False, limits=_LIMITS)
        self._driver = AsyncDriver(
            self._session, self._http, CONNECTIONS if self._is_owner else None
        )
        keep_contents_out_of_logs()

    async def aclose(self) -> None:
        """Close the connections, unless the `http_client` is the caller's; calls raise then."""
        self._session.is_closed = True
        if self._is_owner:
            await self._http.aclose()

    async def close(self) -> None:
        """Do what `aclose` does."""
        await self.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()
