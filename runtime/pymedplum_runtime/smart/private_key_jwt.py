"""Signing in with a key in place of a secret: SMART Backend Services.

https://hl7.org/fhir/smart-app-launch/backend-services.html
"""

import secrets
from typing import Any

from pymedplum_runtime.auth.providers import given
from pymedplum_runtime.auth.scopes import ScopeArgument, Scopes, asked_scopes, granted_scopes
from pymedplum_runtime.auth.tokens import AccessToken, Form, TokenEndpoint
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.smart.algorithms import AlgorithmName
from pymedplum_runtime.smart.configuration import absolute_url, token_url_of
from pymedplum_runtime.smart.signers import KeyArgument, Signer, signer_of

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = 300.0  # seconds: the rule of SMART App Launch
LIFETIME = 240.0  # seconds: a minute less, since the clocks of two machines differ


class PrivateKeyJwtAuth:
    """The client credentials grant with a signed assertion (`private_key_jwt`): for services.

    The server knows the public key from the `jwksUri` of the ClientApplication; see
    `new_key_pair`. Each request for a token has an assertion of its own. Needs the extra `smart`.

    Example:
        >>> auth = PrivateKeyJwtAuth(client_id, Path("private_key.pem"), algorithm="ES384")
        >>> client = MedplumClient(auth=auth)
    """

    is_renewable = True

    def __init__(  # noqa: PLR0913 - each is a choice of the deployment's
        self,
        client_id: str,
        key: KeyArgument,
        *,
        algorithm: AlgorithmName = "RS384",
        key_id: str | None = None,
        password: str | bytes | None = None,
        token_url: str | None = None,
        scope: ScopeArgument | None = None,
        lifetime: float = LIFETIME,
        jku: str | None = None,
    ) -> None:
        """Describe the client, and check the key where it is at hand.

        Args:
            client_id: the id of the ClientApplication.
            key: PEM as `str` or `bytes`; a JWK or JWKS as `dict` or JSON text; a `KeyPair`; a
                `Path` of a file with any of these texts, read anew for each assertion; or a
                function that takes the bytes to sign and returns the signature (of ES algorithms
                raw or in DER), `async` ones on the asynchronous client.
            algorithm: `RS`, `PS` or `ES` with 256, 384 or 512; `PS` is not Medplum's.
            key_id: the `kid` of the header. It chooses among the keys of a JWKS; without it the
                first that suits is taken, and named by its own `kid` or by its thumbprint
                (RFC 7638). A function needs it.
            password: of an encrypted key.
            token_url: of the token endpoint. Without it the server's smart-configuration tells,
                or else it is `oauth2/token` below the base URL.
            scope: what to ask for, such as `system/Patient.rs`: a text with spaces between,
                several texts, or `Scopes`.
            lifetime: seconds for which an assertion is good, 300 at most.
            jku: the URL of the JWKS, where the server wants it in the header.

        Raises:
            ImportError: the extra is not installed.
            SigningKeyError: the key cannot be read, or does not suit the algorithm.
            TypeError: something has the wrong type.
            ValueError: the algorithm, the lifetime or a URL is none.
        """
        self.client_id = given(client_id, "client_id")
        self._algorithm: AlgorithmName = algorithm
        self._signer: Signer = signer_of(key, algorithm, key_id=key_id, password=password)
        self._token_url = None if token_url is None else absolute_url(token_url, "token_url")
        self._header = {"typ": "JWT", **({} if jku is None else {"jku": absolute_url(jku, "jku")})}
        self._scope = asked_scopes(scope)
        self._lifetime = _checked(lifetime)
        self.granted: Scopes | None = None
        """What the last token may be used for; `None` before the first, or where nobody said."""

    @property
    def is_async(self) -> bool:
        """Whether the key is a function that must be awaited."""
        return self._signer.is_async

    def rotate(
        self,
        key: KeyArgument,
        *,
        algorithm: AlgorithmName | None = None,
        key_id: str | None = None,
        password: str | bytes | None = None,
    ) -> None:
        """Sign with another key from now on; safe in any thread.

        Publish its public key first, and retire the old one after: an assertion that was signed
        before may still be on its way. Tokens that were granted stay good. A key that is refused
        here changes nothing.

        Args:
            key: as for the constructor.
            algorithm: that of the new key; `None`: as before.
            key_id: the `kid` of the new key.
            password: of an encrypted key.

        Raises:
            SigningKeyError: the key cannot be read, or does not suit the algorithm.
            TypeError: it is no key at all.
            ValueError: there is no such algorithm.
        """
        chosen = algorithm or self._algorithm
        self._signer = signer_of(key, chosen, key_id=key_id, password=password)
        self._algorithm = chosen

    def obtain(self, endpoint: TokenEndpoint) -> Flow[AccessToken]:
        """Ask the token endpoint, with a fresh assertion each time."""
        url = self._token_url or (yield from token_url_of(endpoint, "; give token_url"))
        grant = yield from endpoint.request(lambda: self._form(endpoint, url), url=url)
        self.granted = granted_scopes(grant.members, self._scope)
        return grant.token

    def _form(self, endpoint: TokenEndpoint, url: str) -> Flow[Form]:
        now = endpoint.now()
        claims: dict[str, Any] = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": url,
            "iat": int(now),
            "exp": int(now + self._lifetime),
            "jti": secrets.token_urlsafe(32),
        }
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": (yield from self._signer.signed(self._header, claims)),
        }
        return form | ({"scope": str(self._scope)} if self._scope else {})

    def __repr__(self) -> str:
        return f"{type(self).__name__}(client_id={self.client_id!r}, algorithm={self._algorithm!r})"


def _checked(lifetime: float) -> float:
    if isinstance(lifetime, bool) or not isinstance(lifetime, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"lifetime must be a number of seconds, got {type(lifetime).__name__}")
    if not 1 <= lifetime <= LONGEST:
        raise ValueError(f"lifetime must be from 1 to {LONGEST:.0f} seconds")
    return lifetime
