"""Either client before an invented export server: its answers are scripted, its requests kept.

The API and the files are two origins; whoever sends what to which can be read off.
"""

import asyncio
import inspect
import json
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import httpx

from pymedplum import AsyncMedplumClient, MedplumClient

BASE = "https://medplum.test/"
FHIR = f"{BASE}fhir/R4/"
STATUS = f"{FHIR}bulkdata/export/1"
FILES = "https://files.test"
AT = "2026-01-01T00:00:00.000Z"
TWO_LINES = b'{"resourceType":"Patient","id":"a"}\n{"resourceType":"Patient","id":"b"}\n'

Answer: TypeAlias = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def reply(status: int = 200, body: object = None, **headers: str) -> httpx.Response:
    """Give an answer; bytes are sent as they are, anything else as JSON."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    plain = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return httpx.Response(status, stream=httpx.ByteStream(plain), headers=named)


def failure(code: str = "exception") -> dict[str, Any]:
    issue = {"severity": "error", "code": code, "diagnostics": "of Ada Ro"}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def file_of(name: str = "1", kind: str = "Patient", **members: object) -> dict[str, Any]:
    return {"type": kind, "url": f"{FILES}/{name}?Signature=hush", **members}


def manifest_of(*output: dict[str, Any], **members: object) -> dict[str, Any]:
    return {
        "transactionTime": AT,
        "request": f"{FHIR}$export?_typeFilter=Patient%3Fname%3DRo",
        "requiresAccessToken": False,
        "output": list(output),
        "error": [],
        **members,
    }


class ExportClock:
    """Moves when somebody sleeps, in any thread; real time plays no part."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.time += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)

    def random(self) -> float:
        return 0.0


class Script:
    """Answers by path: in order, the last one for ever."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[httpx.Request] = []
        self._lock = threading.Lock()

    def set(self, path: str, answers: Iterable[Answer]) -> None:
        self.answers[path] = list(answers)

    def asked(self, path: str) -> list[httpx.Request]:
        return [each for each in self.requests if each.url.path == path]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.requests.append(request)
            assert len(self.requests) < 500, "it never stops asking"
            listed = self.answers.get(request.url.path, [reply(404)])
            answer = listed.pop(0) if len(listed) > 1 else listed[0]
        if isinstance(answer, Exception):
            raise answer
        made = answer if isinstance(answer, httpx.Response) else answer(request)
        return httpx.Response(made.status_code, headers=made.headers, stream=made.stream)


class ExportTalk:
    """A client of either kind; results of the asynchronous one are awaited."""

    def __init__(self, make: type[MedplumClient | AsyncMedplumClient], **options: Any) -> None:
        self.clock = ExportClock()
        self.api, self.files = Script(), Script()
        self.api.set("/fhir/R4/$export", [reply(202, Content_Location=STATUS)])
        is_async = make is AsyncMedplumClient
        http: Any = (httpx.AsyncClient if is_async else httpx.Client)(
            transport=httpx.MockTransport(self.api)
        )
        given = {} if options.keys() & {"auth", "client_id"} else {"access_token": "secret-token"}
        self.client: Any = make(BASE, http_client=http, clock=self.clock, **{**given, **options})

    def polls(self, *answers: Answer | dict[str, Any]) -> None:
        """Script the status URL; a dict is a manifest."""
        made = [reply(200, each) if isinstance(each, dict) else each for each in answers]
        self.api.set("/fhir/R4/bulkdata/export/1", made)

    def serves(self, name: str, *answers: Answer | bytes) -> None:
        """Script a file; bytes are its content."""
        made = [reply(200, each) if isinstance(each, bytes) else each for each in answers]
        self.files.set(f"/{name}", made)

    def start(self, *args: Any, **kwargs: Any) -> Any:
        return self.run(self.client.bulk_export(*args, **kwargs))

    def attach(self) -> Any:
        return self.run(self.client.attach_bulk_export(STATUS))

    def download(self, folder: Path, job: Any = None, **options: Any) -> Any:
        """Download a job, or the export that is already there."""
        with httpx.Client(transport=httpx.MockTransport(self.files)) as http:
            found = self.attach() if job is None else job
            return self.run(found.download(folder, http_client=http, **options))

    def run(self, result: Any) -> Any:
        return asyncio.run(_awaited(result)) if inspect.isawaitable(result) else result


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


def contents(folder: Path) -> dict[str, bytes]:
    """Give every file below a folder, hidden ones too."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
