"""The EHRs that may call: who they are, which keys are theirs, where their data is."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pymedplum_runtime.cds.service.addresses import base_address, texts
from pymedplum_runtime.cds.service.extra import require_cds
from pymedplum_runtime.smart.algorithms import AlgorithmName, algorithm_of
from pymedplum_runtime.smart.key_pairs import KeyPair, public_jwks
from pymedplum_runtime.smart.key_texts import KeyText

KeysArgument = KeyText | os.PathLike[str] | KeyPair
"""Keys as callers give them."""

_LONGEST = 3600.0  # seconds


class TrustedEHR:
    """An EHR whose signed calls are accepted.

    Example:
        >>> TrustedEHR(
        ...     "https://ehr.example.org",
        ...     jwks_url="https://ehr.example.org/jwks.json",
        ...     fhir_servers=["https://ehr.example.org/fhir"],
        ... )
        TrustedEHR('https://ehr.example.org')
    """

    def __init__(  # noqa: PLR0913 - each is a term of the agreement with the EHR
        self,
        issuer: str,
        *,
        jwks_url: str | None = None,
        keys: KeysArgument | None = None,
        fhir_servers: Iterable[str] = (),
        algorithms: Sequence[AlgorithmName] = ("ES384", "RS384"),
        audiences: Collection[str] = (),
        longest: float = _LONGEST,
    ) -> None:
        """Describe the EHR; nothing is fetched yet.

        Args:
            issuer: the `iss` of its tokens, to the letter.
            jwks_url: where its public keys are, and the only `jku` that its tokens may name.
            keys: its public keys (a JWKS, a JWK, PEM or a `Path` of one), instead of fetching
                them; `jwks_url` then only says which `jku` may be named. A key without a `kid`, as
                in PEM, is named by its thumbprint (RFC 7638): where the EHR has another name for
                it, give a JWK with that `kid`.
            fhir_servers: base URLs of its FHIR servers. What its tokens open is asked there, and
                nowhere else; without any, nothing is fetched.
            algorithms: what it may sign with.
            audiences: texts that its tokens may have as `aud` besides the URL that is called, for
                an EHR that signs for a whole server.
            longest: seconds that a token may still be good for; used tokens are remembered so
                long.

        Raises:
            ImportError: the extra is not installed.
            InsecureTransportError: a URL is neither https nor loopback.
            SigningKeyError: the keys cannot be read.
            TypeError: something has the wrong type.
            ValueError: something is empty or no URL, there is no such algorithm, or neither keys
                nor `jwks_url` are given.
        """
        if not isinstance(issuer, str) or not issuer:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError("issuer must be a text: the iss of the EHR's tokens")
        if jwks_url is None and keys is None:
            raise ValueError("give jwks_url or keys: without one no signature can be verified")
        if not algorithms:
            raise ValueError("give at least one algorithm")
        if not 0 < longest < float("inf"):
            raise ValueError("longest must be a number of seconds")
        require_cds("trusting an EHR")
        self.issuer = issuer
        self.jwks_url = None if jwks_url is None else _location(jwks_url)
        self.keys: list[Mapping[str, Any]] | None = (
            None if keys is None else public_jwks(keys)["keys"]
        )
        self.fhir_servers = tuple(base_address(url, "a FHIR server") for url in texts(fhir_servers))
        self.algorithms = tuple(algorithm_of(name).name for name in algorithms)
        self.audiences = frozenset(texts(audiences))
        self.longest = float(longest)

    def __repr__(self) -> str:
        return f"TrustedEHR({self.issuer!r})"


def _location(jwks_url: str) -> str:
    """Check where keys are; the text stays as it is, since `jku` is compared with it."""
    base_address(jwks_url.partition("?")[0], "jwks_url")
    if not jwks_url.isascii() or not jwks_url.isprintable() or " " in jwks_url or "#" in jwks_url:
        raise ValueError("jwks_url must be a plain URL")
    return jwks_url
