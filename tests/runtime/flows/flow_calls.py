"""Either client over scripted answers and a clock of its own.

Knows httpx and the clients' public constructors, nothing of how they work.
"""

import asyncio
import inspect
import json
from collections.abc import Callable
from typing import Any, TypeAlias

import httpx

BASE = "https://medplum.test/"
FHIR = f"{BASE}fhir/R4/"
PATIENT = {"resourceType": "Patient", "id": "1", "meta": {"versionId": "7"}}

Answer: TypeAlias = httpx.Response | httpx.RequestError | Callable[[httpx.Request], httpx.Response]


def reply(status: int = 200, body: object = None, **headers: str) -> httpx.Response:
    """Give an answer; bytes are sent as they are, anything else as JSON."""
    if isinstance(body, bytes):
        return httpx.Response(status, content=body, headers=headers)
    return httpx.Response(status, json=body, headers=headers)


def outcome(text: str = "") -> dict[str, Any]:
    """Give an OperationOutcome."""
    issue = {"severity": "error", "code": "invalid", "details": {"text": text}}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def responses(*entries: dict[str, Any]) -> httpx.Response:
    """Give the answer to a batch; the entries are what `response` holds."""
    listed = [{"response": entry} for entry in entries]
    return reply(200, {"resourceType": "Bundle", "type": "batch-response", "entry": listed})


class Clock:
    """Moves when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)

    def random(self) -> float:
        return 0.0


class Talk:
    """A client, what it said, and what it hears: answers in order, the last one for ever."""

    def __init__(
        self, make: Callable[..., Any], answers: tuple[Answer, ...], **options: Any
    ) -> None:
        self.clock = Clock()
        self.requests: list[httpx.Request] = []
        self._answers = list(answers)
        self._is_async = "Async" in make.__name__
        transport = httpx.MockTransport(self._answer)
        http = httpx.AsyncClient if self._is_async else httpx.Client
        self.client = make(
            BASE,
            access_token="token",
            http_client=http(transport=transport),
            clock=self.clock,
            **options,
        )

    def __call__(self, name: str, *args: object, **kwargs: object) -> Any:
        """Call a method of the client."""
        result = getattr(self.client, name)(*args, **kwargs)
        return asyncio.run(_awaited(result)) if inspect.isawaitable(result) else result

    @property
    def bodies(self) -> list[Any]:
        """What was sent, decoded."""
        return [json.loads(each.content) for each in self.requests]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        assert len(self.requests) < 100, "a client that never stops asking"
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, httpx.RequestError):
            raise answer
        found = answer if isinstance(answer, httpx.Response) else answer(request)
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)


async def _awaited(awaitable: Any) -> Any:
    return await awaitable
