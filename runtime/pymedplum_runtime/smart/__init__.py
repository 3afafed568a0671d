"""Signing in as SMART App Launch has it: services with keys, people in a browser.

Importing this package needs no extra; using a key does.
"""

from typing import TYPE_CHECKING

from pymedplum_runtime.lazy import lazy_attributes

if TYPE_CHECKING:
    from pymedplum_runtime.auth.providers import ClientCredentials, RefreshToken, TokenExchange
    from pymedplum_runtime.auth.scopes import Scope, Scopes
    from pymedplum_runtime.smart.authorization_code import AuthorizationCode
    from pymedplum_runtime.smart.configuration import SmartConfiguration, read_smart_configuration
    from pymedplum_runtime.smart.key_pairs import KeyPair, SavedKeys, new_key_pair, public_jwks
    from pymedplum_runtime.smart.private_key_jwt import PrivateKeyJwtAuth
    from pymedplum_runtime.smart.stored_tokens import StoredTokens
    from pymedplum_runtime.smart.token_store import FileTokenStore, MemoryTokenStore, TokenStore

__all__ = [
    "AuthorizationCode",
    "ClientCredentials",
    "FileTokenStore",
    "KeyPair",
    "MemoryTokenStore",
    "PrivateKeyJwtAuth",
    "RefreshToken",
    "SavedKeys",
    "Scope",
    "Scopes",
    "SmartConfiguration",
    "StoredTokens",
    "TokenExchange",
    "TokenStore",
    "new_key_pair",
    "public_jwks",
    "read_smart_configuration",
]

_AUTH = "pymedplum_runtime.auth"

__getattr__, __dir__ = lazy_attributes(
    __name__,
    {
        "AuthorizationCode": f"{__name__}.authorization_code",
        "ClientCredentials": f"{_AUTH}.providers",
        "FileTokenStore": f"{__name__}.token_store",
        "KeyPair": f"{__name__}.key_pairs",
        "MemoryTokenStore": f"{__name__}.token_store",
        "PrivateKeyJwtAuth": f"{__name__}.private_key_jwt",
        "RefreshToken": f"{_AUTH}.providers",
        "SavedKeys": f"{__name__}.key_pairs",
        "Scope": f"{_AUTH}.scopes",
        "Scopes": f"{_AUTH}.scopes",
        "SmartConfiguration": f"{__name__}.configuration",
        "StoredTokens": f"{__name__}.stored_tokens",
        "TokenExchange": f"{_AUTH}.providers",
        "TokenStore": f"{__name__}.token_store",
        "new_key_pair": f"{__name__}.key_pairs",
        "public_jwks": f"{__name__}.key_pairs",
        "read_smart_configuration": f"{__name__}.configuration",
    },
)
