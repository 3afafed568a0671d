"""The public keys of the EHRs: given, or fetched from the one URL that is configured for each.

What a token says decides only which of these keys is tried, never what is fetched.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from httpx import AsyncBaseTransport

from pymedplum_runtime.cds.service.outgoing import Fetching, NotFetchedError
from pymedplum_runtime.cds.service.running import TooLateError, within
from pymedplum_runtime.cds.service.trust import TrustedEHR
from pymedplum_runtime.errors import CDSHooksError, SigningKeyError
from pymedplum_runtime.http.clock import Clock
from pymedplum_runtime.smart.algorithms import algorithm_of
from pymedplum_runtime.smart.jose import JWK, JoseKey
from pymedplum_runtime.smart.keys import PUBLIC, imported, weakness

logger = logging.getLogger("pymedplum.cds")

_FRESH = 900.0  # seconds for which keys are used without asking again
_STALE = 86400.0  # seconds for which they are used when asking fails
_COOLDOWN = 30.0  # seconds between two requests to one URL
_PATIENCE = 10.0  # seconds
_LARGEST = 262_144  # bytes
_MOST_KEYS = 100
_OK = 200


class KeysUnavailableError(CDSHooksError):
    """The EHR's keys cannot be fetched, now."""


def _no_keys() -> "dict[tuple[str, str], JoseKey | None]":
    return {}


@dataclass(slots=True)
class _KeySet:
    """The keys of one URL."""

    keys: Sequence[JWK] | None = None
    read_at: float = 0.0
    asked_at: float | None = None
    asking: "asyncio.Task[None] | None" = None
    imported: "dict[tuple[str, str], JoseKey | None]" = field(default_factory=_no_keys)


class KeySets:
    """Finds the key that a token names, among the keys of its EHR."""

    def __init__(self, clock: Clock, transport: AsyncBaseTransport | None = None) -> None:
        self._clock = clock
        self._transport = transport
        self._sets: dict[object, _KeySet] = {}

    async def find(self, ehr: TrustedEHR, key_id: str, algorithm: str) -> "JoseKey | None":
        """Return the key; `None` where the EHR has none of that name for that algorithm.

        A name that is unknown has the keys fetched again, since EHRs change them; no more than
        twice a minute, whatever comes.

        Raises:
            KeysUnavailableError: there are no keys yet, or they are old and no new ones come.
        """
        if ehr.keys is not None:
            held = self._sets.setdefault(ehr, _KeySet(ehr.keys))
            return _chosen(held, key_id, algorithm)
        url = cast("str", ehr.jwks_url)  # a TrustedEHR has keys or a URL
        held = self._sets.setdefault(url, _KeySet())
        if held.keys is None or self._age(held) > _FRESH:
            await self._asked(url, held)
        if held.keys is None or self._age(held) > _STALE:
            raise KeysUnavailableError("the EHR's public keys cannot be fetched now; try again")
        found = _chosen(held, key_id, algorithm)
        if found is None and not _has(held, key_id):
            await self._asked(url, held)
            found = _chosen(held, key_id, algorithm)
        return found

    def _age(self, held: _KeySet) -> float:
        return self._clock.monotonic() - held.read_at

    async def _asked(self, url: str, held: _KeySet) -> None:
        """Fetch the keys of a URL; where somebody does already, wait for that."""
        asking = held.asking
        if asking is None or asking.done() or asking.get_loop() is not asyncio.get_running_loop():
            now = self._clock.monotonic()
            if held.asked_at is not None and now - held.asked_at < _COOLDOWN:
                return
            held.asked_at = now
            asking = held.asking = asyncio.ensure_future(self._refreshed(url, held))
        await asyncio.shield(asking)

    async def _refreshed(self, url: str, held: _KeySet) -> None:
        try:
            keys = await within(self._clock, _PATIENCE, self._fetched(url))
        except (NotFetchedError, TooLateError) as error:
            why = str(error) or f"no answer within {_PATIENCE:g} s"
            logger.warning("the keys of a trusted EHR cannot be fetched: %s", why)
        else:
            held.keys, held.read_at, held.imported = keys, self._clock.monotonic(), {}

    async def _fetched(self, url: str) -> Sequence[JWK]:
        async with Fetching(self._transport) as fetching:
            answer = await fetching.get(url, {"Accept": "application/json"}, _LARGEST)
        if answer.status != _OK:
            raise NotFetchedError(f"HTTP {answer.status}")
        content = answer.json()
        keys: object = content.get("keys") if isinstance(content, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if not isinstance(keys, list):
            raise NotFetchedError("the answer is no JWKS")
        listed = cast("list[object]", keys)[:_MOST_KEYS]
        return [cast("Mapping[str, Any]", each) for each in listed if isinstance(each, Mapping)]


def _has(held: _KeySet, key_id: str) -> bool:
    return any(jwk.get("kid") == key_id for jwk in held.keys or ())


def _chosen(held: _KeySet, key_id: str, algorithm: str) -> "JoseKey | None":
    named = (key_id, algorithm)
    if named not in held.imported:
        suiting = [
            jwk for jwk in held.keys or () if jwk.get("kid") == key_id and _suits(jwk, algorithm)
        ]
        if len(suiting) != 1:  # unknown, or two keys that nobody can tell apart
            return None
        held.imported[named] = _key(suiting[0])
    return held.imported[named]


def _key(jwk: JWK) -> "JoseKey | None":
    try:
        return imported({name: jwk[name] for name in PUBLIC[jwk["kty"]] if name in jwk}, "")
    except SigningKeyError:
        return None


def _suits(jwk: JWK, algorithm: str) -> bool:
    """Say whether a key is one that verifies signatures of an algorithm, and strong enough."""
    which = algorithm_of(algorithm)
    operations = jwk.get("key_ops", ["verify"])
    return (
        jwk.get("kty") == which.key_type
        and (which.curve is None or jwk.get("crv") == which.curve)
        and jwk.get("alg", algorithm) == algorithm
        and jwk.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and weakness(jwk) is None
    )
