"""What an EHR shows a CDS service: a JWT that it signs anew for each request.

https://cds-hooks.hl7.org/2.0/#trusting-cds-clients. The EHR's access token for its own FHIR server
is another matter, and never goes this way.
"""

import secrets
from typing import Any

from pymedplum_runtime.auth.providers import given
from pymedplum_runtime.http.flow import Flow
from pymedplum_runtime.smart.algorithms import AlgorithmName
from pymedplum_runtime.smart.configuration import absolute_url
from pymedplum_runtime.smart.signers import KeyArgument, Signer, signer_of

LONGEST = 300.0  # seconds
LIFETIME = 240.0  # seconds: a minute less, since the clocks of two machines differ


class CDSClientAuth:
    """Signs the requests of an EHR to CDS services. Needs the extra `smart`.

    The services know the public key from the JWKS that the EHR publishes; see `new_key_pair`.

    Example:
        >>> auth = CDSClientAuth("https://ehr.example.org", Path("private_key.pem"))
        >>> client.call_cds_service("statin", request, base_url=url, authorization=auth)
    """

    def __init__(  # noqa: PLR0913 - each is a choice of the deployment's
        self,
        issuer: str,
        key: KeyArgument,
        *,
        algorithm: AlgorithmName = "ES384",
        key_id: str | None = None,
        password: str | bytes | None = None,
        jku: str | None = None,
        tenant: str | None = None,
        lifetime: float = LIFETIME,
    ) -> None:
        """Describe the EHR, and check the key where it is at hand.

        Args:
            issuer: the `iss` under which the services know this EHR, a URL.
            key: PEM, a JWK or JWKS, a `KeyPair`, a `Path`, or a function that signs; as for
                `PrivateKeyJwtAuth`.
            algorithm: `ES384` or `RS384` for most services.
            key_id: the `kid` of the header; as for `PrivateKeyJwtAuth`.
            password: of an encrypted key.
            jku: the URL of the JWKS, for the header.
            tenant: the organisation that calls, where the EHR serves several.
            lifetime: seconds for which a JWT is good, 300 at most.

        Raises:
            ImportError: the extra is not installed.
            SigningKeyError: the key cannot be read, or does not suit the algorithm.
            TypeError: something has the wrong type.
            ValueError: the algorithm, the lifetime or a URL is none.
        """
        self.issuer = given(issuer, "issuer")
        self._signer: Signer = signer_of(key, algorithm, key_id=key_id, password=password)
        self._header = {"typ": "JWT", **({} if jku is None else {"jku": absolute_url(jku, "jku")})}
        self._tenant = {} if tenant is None else {"tenant": given(tenant, "tenant")}
        if isinstance(lifetime, bool) or not isinstance(lifetime, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"lifetime must be a number of seconds, got {type(lifetime).__name__}")
        if not 1 <= lifetime <= LONGEST:
            raise ValueError(f"lifetime must be from 1 to {LONGEST:.0f} seconds")
        self._lifetime = lifetime

    def signed(self, url: str, now: float) -> Flow[str]:
        """Return a JWT for one request.

        Args:
            url: of the endpoint that is called: the JWT's `aud`.
            now: seconds since the epoch.
        """
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": url,
            "iat": int(now),
            "exp": int(now + self._lifetime),
            "jti": secrets.token_urlsafe(32),
            **self._tenant,
        }
        return self._signer.signed(self._header, claims)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(issuer={self.issuer!r})"
