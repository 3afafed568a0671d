"""What the environment and a profile say together, as the arguments of a client."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from pymedplum_runtime.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymedplum_runtime.auth.providers import Auth
    from pymedplum_runtime.smart.algorithms import AlgorithmName
    from pymedplum_runtime.smart.authorization_code import AuthorizationCode

SignIn: TypeAlias = Literal["access_token", "client_secret", "private_key_file", "login"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one client; secrets show in no `repr`."""

    profile: str
    """The name of the profile in use; `default` where the file has none of that name."""
    config_file: Path
    """Where the profile was looked for."""
    token_file: Path
    """Where `pymedplum login` keeps the tokens of the profile."""
    sign_in: SignIn | None = None
    """How the client signs in; `None` where nothing says."""
    base_url: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    private_key_file: Path | None = None
    private_key_password: str | None = field(default=None, repr=False)
    key_id: str | None = None
    algorithm: str | None = None
    scope: str | None = None
    token_url: str | None = None
    aud: str | None = None
    """The FHIR base URL as the server knows it, for the sign-in in a browser."""
    redirect_port: int | None = None
    """The port that the sign-in in a browser listens on."""
    project_id: str | None = None
    fhir_url_path: str | None = None
    on_behalf_of: str | None = None
    timeout: float | None = None
    allow_insecure_http: bool | None = None

    def client_options(self) -> dict[str, Any]:
        """Return the arguments of a client's constructor, what is not set left out.

        Raises:
            ConfigurationError: nothing says how to sign in.
        """
        if self.sign_in is None:
            raise ConfigurationError(
                "nothing says how to sign in: set MEDPLUM_CLIENT_ID and MEDPLUM_CLIENT_SECRET, or "
                "MEDPLUM_ACCESS_TOKEN, or the same in a profile; or run: pymedplum login "
                f"(profile '{self.profile}' of {self.config_file})"
            )
        return {**self.connection_options(), **self._credentials()}

    def connection_options(self) -> dict[str, Any]:
        """Return the arguments that say where the server is, and how it is reached."""
        options = {
            "base_url": self.base_url,
            "project_id": self.project_id,
            "fhir_url_path": self.fhir_url_path,
            "default_on_behalf_of": self.on_behalf_of,
            "timeout": self.timeout,
            "allow_insecure_http": self.allow_insecure_http,
        }
        return {name: value for name, value in options.items() if value is not None}

    def browser_login(
        self,
        *,
        interactive: bool = True,
        sign_in_again: bool = False,
        open_browser: "Callable[[str], object] | None" = None,
    ) -> "AuthorizationCode":
        """Return the sign-in of a person, with the tokens of the profile's own file.

        Args:
            interactive: whether a browser may be opened.
            sign_in_again: whether to do so though there are tokens already.
            open_browser: receives the URL; the standard library's `webbrowser` where not given.

        Raises:
            ConfigurationError: no `client_id` is set.
        """
        if self.client_id is None:
            raise ConfigurationError(
                "to sign in in a browser, set MEDPLUM_CLIENT_ID, or client_id in profile "
                f"'{self.profile}' of {self.config_file}"
            )
        from pymedplum_runtime.smart.authorization_code import (  # noqa: PLC0415 - rarely needed
            LOGIN_SCOPE,
            LOOPBACK_PORT,
            AuthorizationCode,
        )
        from pymedplum_runtime.smart.token_store import FileTokenStore  # noqa: PLC0415 - the same

        return AuthorizationCode(
            self.client_id,
            store=FileTokenStore(self.token_file),
            scope=self.scope or LOGIN_SCOPE,
            client_secret=self.client_secret,
            aud=self.aud,
            port=LOOPBACK_PORT if self.redirect_port is None else self.redirect_port,
            open_browser=open_browser,
            interactive=interactive,
            sign_in_again=sign_in_again,
        )

    def _credentials(self) -> dict[str, Any]:
        if self.sign_in == "client_secret" and self.scope is None:
            found: dict[str, object] = {
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "access_token": self.access_token,
            }
        else:
            found = {"auth": self._auth(), "access_token": self.access_token}
        return {name: value for name, value in found.items() if value is not None}

    def _auth(self) -> "Auth | None":
        if self.sign_in == "access_token":
            return None
        client_id = self.client_id or ""  # read_settings refuses a way to sign in without one
        if self.sign_in == "client_secret":
            from pymedplum_runtime.auth.providers import (  # noqa: PLC0415 - for those who use it
                ClientCredentials,
            )

            return ClientCredentials(client_id, self.client_secret or "", scope=self.scope)
        if self.sign_in == "private_key_file":
            return self._key_auth(client_id)
        return self.browser_login(interactive=False)

    def _key_auth(self, client_id: str) -> "Auth":
        from pymedplum_runtime.smart import PrivateKeyJwtAuth  # noqa: PLC0415 - an extra

        return PrivateKeyJwtAuth(
            client_id,
            self.private_key_file or Path(),
            algorithm=cast("AlgorithmName", self.algorithm or "RS384"),  # as_algorithm checks it
            key_id=self.key_id,
            password=self.private_key_password,
            token_url=self.token_url,
            scope=self.scope,
        )
