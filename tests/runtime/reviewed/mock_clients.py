"""Clients over canned answers, for the tests beside this file."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from pymedplum import AsyncMedplumClient, MedplumClient

BASE = "https://medplum.test/"
PATIENT = {"resourceType": "Patient", "id": "1", "meta": {"versionId": "1"}}

Handler = Callable[[httpx.Request], httpx.Response]


def answer(status: int = 200, body: object = PATIENT, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


def sync_client(handler: Handler, **options: Any) -> MedplumClient:
    given = {"access_token": "token"} if not options.keys() & {"auth", "client_id"} else {}
    http = httpx.Client(transport=httpx.MockTransport(handler))
    return MedplumClient(BASE, http_client=http, **{**given, **options})


def async_client(handler: Handler, **options: Any) -> AsyncMedplumClient:
    given = {"access_token": "token"} if not options.keys() & {"auth", "client_id"} else {}
    http = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    return AsyncMedplumClient(BASE, http_client=http, **{**given, **options})


def await_(awaitable: Any, seconds: float = 5.0) -> Any:
    async def main() -> Any:
        return await asyncio.wait_for(awaitable, seconds)

    return asyncio.run(main())


class Seen:
    """Keeps the requests, and answers them in turn; the last answer again and again."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers) or [answer()]
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        place = min(len(self.requests), len(self.answers)) - 1
        found = self.answers[place]
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)


class Clock:
    """Lets no time pass, and keeps what it was asked to sleep."""

    def __init__(self, now: float = 0.0) -> None:
        self._now = now
        self.slept: list[float] = []

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def asleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def random(self) -> float:
        return 0.0
