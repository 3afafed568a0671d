"""Getting, keeping and renewing access tokens."""

from pymedplum_runtime.auth.providers import (
    Auth,
    BasicAuth,
    ClientCredentials,
    RefreshToken,
    TokenExchange,
    TokenProvider,
)
from pymedplum_runtime.auth.tokens import AccessToken, TokenEndpoint
from pymedplum_runtime.http.flow import Invoke

__all__ = [
    "AccessToken",
    "Auth",
    "BasicAuth",
    "ClientCredentials",
    "Invoke",
    "RefreshToken",
    "TokenEndpoint",
    "TokenExchange",
    "TokenProvider",
]
