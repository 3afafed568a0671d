"""Terminology services over the clients' `$validate-code`, which keep their answers.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html. A client is known by what it can do,
not by its class.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from pymedplum_runtime.terminology.answers import (
    NO_ANSWER,
    Answer,
    AnswerCache,
    Key,
    no_answer,
    read_answer,
)
from pymedplum_runtime.terminology.questions import Query
from pymedplum_runtime.terminology.versions import split_canonical

CACHED = 10_000  # answers
AT_ONCE = 8  # requests


class CodeClient(Protocol):
    """What `ClientTerminology` asks of a client."""

    def validate_valueset_code(  # noqa: PLR0913, PLR0917 - the clients' own signature
        self,
        valueset_url: str | None = None,
        valueset_id: str | None = None,
        code: str | None = None,
        system: str | None = None,
        coding: Any = None,  # noqa: ANN401 - a Coding, as dict or model; not used
        codeable_concept: Any = None,  # noqa: ANN401 - likewise
        display: str | None = None,
    ) -> Mapping[str, Any]:
        """Return the `Parameters` of the server's answer."""
        ...


class AsyncCodeClient(Protocol):
    """What `AsyncClientTerminology` asks of a client."""

    async def validate_valueset_code(  # noqa: PLR0913, PLR0917 - the clients' own signature
        self,
        valueset_url: str | None = None,
        valueset_id: str | None = None,
        code: str | None = None,
        system: str | None = None,
        coding: Any = None,  # noqa: ANN401 - a Coding, as dict or model; not used
        codeable_concept: Any = None,  # noqa: ANN401 - likewise
        display: str | None = None,
    ) -> Mapping[str, Any]:
        """Return the `Parameters` of the server's answer."""
        ...


class _Kept:
    """What both services share: the answers they have had."""

    def __init__(self, cache_size: int) -> None:
        self._cache = AnswerCache(cache_size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._cache)} answers kept)"

    def reason(self, value_set: str, system: str | None, code: str) -> str | None:
        """Say why the service did not know a code; None where it knew, or was not asked."""
        answer = self._cache.get((value_set, system, code, None))
        return None if answer is None else answer.reason

    def clear(self) -> None:
        """Forget all answers, as after a change of the server's value sets."""
        self._cache.clear()

    def _unasked(self, queries: Iterable[Query]) -> list[Query]:
        return [q for q in dict.fromkeys(queries) if self._cache.get((*q, None)) is None]


class ClientTerminology(_Kept):
    """The server of a client as a terminology service: asked once for each code.

    A value set or code system that the server does not have is no answer, nor is a server that
    fails or cannot be reached; the latter is asked again the next time. Any number of threads may
    share it.

    Args:
        client: a `MedplumClient`, or anything with its `validate_valueset_code`.
        cache_size: how many answers are kept.

    Example:
        >>> report = validate(observation, terminology=ClientTerminology(client))
    """

    def __init__(self, client: CodeClient, *, cache_size: int = CACHED) -> None:
        super().__init__(cache_size)
        self._client = client

    def validate_code(
        self,
        value_set: str,
        system: str | None,
        code: str,
        display: str | None = None,
    ) -> bool | None:
        """Tell whether a code is in a value set; None where the server does not know.

        Raises:
            AuthenticationError: the server does not accept the client's credentials.
            AuthorizationError: the client may not ask.
        """
        key = (value_set, system, code, display)
        answer = self._cache.get(key)
        if answer is None:
            answer = self._ask(key)
            self._cache.put(key, answer)
        return answer.is_in

    def prefetch(self, queries: Iterable[Query]) -> None:
        """Ask for many codes at once, each distinct one once; `validate_code` then knows them.

        Args:
            queries: value set, system and code of each.

        Raises:
            AuthenticationError: as `validate_code`.
            AuthorizationError: as `validate_code`.
        """
        unasked = self._unasked(queries)
        if len(unasked) < 2:  # noqa: PLR2004 - one needs no thread
            for query in unasked:
                self._fetch(query)
            return
        import contextvars  # noqa: PLC0415 - with the threads, only when they are needed
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

        with ThreadPoolExecutor(min(AT_ONCE, len(unasked))) as pool:
            # Each in the caller's context: there `with client.on_behalf_of(...)` is.
            asked = [
                pool.submit(contextvars.copy_context().run, self._fetch, query) for query in unasked
            ]
            for each in asked:
                each.result()

    def _fetch(self, query: Query) -> None:
        self.validate_code(*query)

    def _ask(self, key: Key) -> Answer:
        value_set, system, code, display = key
        url, _ = split_canonical(value_set)
        try:
            found = self._client.validate_valueset_code(
                valueset_url=url, code=code, system=system, display=display
            )
        except NO_ANSWER as error:
            return no_answer(error)
        return read_answer(found, system)


class AsyncClientTerminology(_Kept):
    """The asynchronous twin of `ClientTerminology`.

    Example:
        >>> report = await validate_async(observation, terminology=AsyncClientTerminology(client))
    """

    def __init__(self, client: AsyncCodeClient, *, cache_size: int = CACHED) -> None:
        super().__init__(cache_size)
        self._client = client

    async def validate_code(
        self,
        value_set: str,
        system: str | None,
        code: str,
        display: str | None = None,
    ) -> bool | None:
        """Do what `ClientTerminology.validate_code` does."""
        key = (value_set, system, code, display)
        answer = self._cache.get(key)
        if answer is None:
            answer = await self._ask(key)
            self._cache.put(key, answer)
        return answer.is_in

    async def prefetch(self, queries: Iterable[Query]) -> None:
        """Do what `ClientTerminology.prefetch` does."""
        import asyncio  # noqa: PLC0415 - who awaits this has imported it

        limit = asyncio.Semaphore(AT_ONCE)

        async def ask(query: Query) -> None:
            async with limit:
                await self.validate_code(*query)

        tasks = [asyncio.ensure_future(ask(query)) for query in self._unasked(queries)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:  # one failed, or who waits was cancelled
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, key: Key) -> Answer:
        value_set, system, code, display = key
        url, _ = split_canonical(value_set)
        try:
            found = await self._client.validate_valueset_code(
                valueset_url=url, code=code, system=system, display=display
            )
        except NO_ANSWER as error:
            return no_answer(error)
        return read_answer(found, system)
