"""Whether a call is an EHR's: its signed token, held against the EHRs that are trusted.

https://cds-hooks.hl7.org/2.0/#trusting-cds-clients
"""

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast

from httpx import AsyncBaseTransport

from pymedplum_runtime.cds.service.key_sets import KeySets
from pymedplum_runtime.cds.service.replay import MemoryReplayStore, ReplayStore
from pymedplum_runtime.cds.service.signed_token import SignedToken, read_token, refused, text_of
from pymedplum_runtime.cds.service.trust import TrustedEHR
from pymedplum_runtime.http.clock import Clock, SystemClock

_SKEW = 30.0  # seconds by which the EHR's clock may be ahead


@dataclass(frozen=True, slots=True)
class CallingEHR:
    """Who called, as its signed token says."""

    ehr: TrustedEHR
    tenant: str | None
    """The healthcare organization, where the EHR names one."""
    claims: Mapping[str, Any] = field(repr=False)
    """Everything that the token says."""


_calling: ContextVar[CallingEHR | None] = ContextVar("pymedplum.cds.calling", default=None)
set_calling = _calling.set


def calling_ehr() -> CallingEHR | None:
    """Return who called the service that is running; `None` where anybody may call.

    Example:
        >>> caller = calling_ehr()
        >>> rules = RULES[caller.tenant] if caller else DEFAULT_RULES
    """
    return _calling.get()


class EHRVerifier:
    """Verifies the tokens of EHRs; `CDSServices` has one, and other applications may use it."""

    def __init__(
        self,
        trusted: Iterable[TrustedEHR],
        *,
        replay: ReplayStore | None = None,
        clock: Clock | None = None,
        transport: AsyncBaseTransport | None = None,
    ) -> None:
        """Take the EHRs.

        Args:
            trusted: the EHRs that may call.
            replay: where used tokens are remembered: in this process, where not given.
            clock: the time, for tests.
            transport: how keys are fetched; httpx's own where not given.

        Raises:
            TypeError: something is no `TrustedEHR`.
            ValueError: there is none, or two share issuer and `jwks_url`.
        """
        self._trusted = tuple(trusted)
        for each in self._trusted:
            if not isinstance(each, TrustedEHR):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"trusted takes TrustedEHR, got {type(each).__name__}")
        if not self._trusted:
            raise ValueError("trusted must name at least one TrustedEHR")
        if len({(each.issuer, each.jwks_url) for each in self._trusted}) < len(self._trusted):
            raise ValueError("two of the trusted EHRs have the same issuer and jwks_url")
        self._replay: ReplayStore = replay if replay is not None else MemoryReplayStore()
        self._clock: Clock = clock or SystemClock()
        self._keys = KeySets(self._clock, transport)

    async def verify(
        self, authorization: str | Sequence[str] | None, audience: str | Collection[str]
    ) -> CallingEHR:
        """Return who calls. The token is used up by that: a second time it is refused.

        Args:
            authorization: the `Authorization` header of the request, or all of them.
            audience: the URL that is called, as the EHR writes it; or several that will do.

        Raises:
            AuthenticationError: there is no token, or it is not accepted: answer with 401.
            CDSHooksError: keys or used tokens are out of reach: answer with 503.

        Example:
            >>> caller = await verifier.verify(
            ...     request.headers.get("Authorization"), "https://cds.example.org/cds-services"
            ... )
        """
        headers = [authorization] if isinstance(authorization, str) else list(authorization or ())
        urls = {audience} if isinstance(audience, str) else set(audience)
        token = read_token(headers)
        ehr = self._ehr_of(token)
        key = await self._keys.find(ehr, token.key_id, token.algorithm)
        if key is None:
            raise refused("the token's kid is no key of the EHR's for its alg")
        claims = token.verified(key)
        until = self._checked(claims, ehr, urls)
        used = f"{ehr.issuer}\n{text_of(claims, 'jti')}"
        digest = hashlib.sha256(used.encode(errors="surrogatepass")).hexdigest()
        if not await self._replay.add(digest, until, self._clock.now()):
            raise refused("the token was used before")
        tenant = claims.get("tenant")
        return CallingEHR(ehr, tenant if isinstance(tenant, str) else None, claims)

    def _ehr_of(self, token: SignedToken) -> TrustedEHR:
        known = [each for each in self._trusted if each.issuer == token.issuer]
        if not known:
            raise refused("the token's issuer is not trusted")
        if token.jku is not None:
            known = [each for each in known if each.jwks_url == token.jku]
            if not known:
                raise refused("the token's jku is not the one that is agreed with its issuer")
        if len(known) > 1:
            raise refused("the token must say by its jku which of its issuer's keys it means")
        if token.algorithm not in known[0].algorithms:
            raise refused(f"the token must be signed with {' or '.join(known[0].algorithms)}")
        return known[0]

    def _checked(self, claims: Mapping[str, Any], ehr: TrustedEHR, urls: set[str]) -> float:
        """Check the claims, and return when the token ends."""
        now = self._clock.now()
        ends, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
        if claims.get("iss") != ehr.issuer:
            raise refused("the token's issuer is not trusted")
        if ends <= now:
            raise refused("the token has expired")
        if ends > now + ehr.longest:
            raise refused(f"the token is good for more than {ehr.longest:.0f} s; make it shorter")
        if issued > now + _SKEW or ("nbf" in claims and _seconds(claims, "nbf") > now + _SKEW):
            raise refused("the token is not good yet (iat, nbf); are the clocks right?")
        if not (_audiences(claims.get("aud")) & (urls | ehr.audiences)):
            raise refused("the token's aud is not the URL that is called")
        return ends


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value: object = claims.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            seconds = float(value)
        except OverflowError:
            seconds = math.inf
        if math.isfinite(seconds):
            return seconds
    raise refused(f"the token must have {name}, a number of seconds since 1970")


def _audiences(aud: object) -> set[str]:
    listed = cast("list[object]", aud) if isinstance(aud, list) else [aud]
    return {each for each in listed if isinstance(each, str)}
