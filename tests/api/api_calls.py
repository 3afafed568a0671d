"""Both clients without a network or a wall clock: what they send is recorded, answers are scripted.

Knows httpx and the clients' public constructor, nothing of how they work.
"""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from typing import Any, TypeAlias
from urllib.parse import parse_qs, parse_qsl, unquote

import httpx

BASE = "https://medplum.test/"
FHIR = f"{BASE}fhir/R4/"
OBO = "X-Medplum-On-Behalf-Of"
CREDENTIALS = {"client_id": "client", "client_secret": "hush", "access_token": None}
PATIENT = {"resourceType": "Patient", "id": "123", "meta": {"versionId": "7"}}
ENDLESS = 100
Client: TypeAlias = Any  # either client: their common methods differ in colour only
MakeClient: TypeAlias = Callable[..., Any]
Answer: TypeAlias = Any  # JSON for a 200, or what `reply` gives, or an exception


class FakeClock:
    """A clock that moves only when somebody sleeps; it remembers for how long."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0
        self.started = self.time
        self.sleeps: list[float] = []

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time - self.started + 1000.0

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.time += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)
        await asyncio.sleep(0)

    def random(self) -> float:
        return 0.5


def reply(status: int, body: object = None, **options: Any) -> Callable[[], httpx.Response]:
    """Script an answer; a body of bytes or text is sent as it is, another one as JSON."""
    if body is None:
        return lambda: httpx.Response(status, **options)
    if isinstance(body, bytes | str):
        return lambda: httpx.Response(status, content=body, **options)
    return lambda: httpx.Response(status, json=body, **options)


def issue(code: str = "invalid", **members: object) -> dict[str, Any]:
    """Give an OperationOutcome with one error."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, **members}],
    }


def page(*resources: dict[str, Any], following: str | None = None) -> dict[str, Any]:
    """Give a searchset, with a link to the next page where one is named."""
    links = [{"relation": "next", "url": following}] if following else []
    entries = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}


class Server:
    """Gives its answers in order, the last one for ever, and remembers the requests."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers) or [PATIENT]
        self.token_answers: list[Answer] = []
        self.requests: list[httpx.Request] = []
        self.token_requests: list[httpx.Request] = []

    @property
    def last(self) -> httpx.Request:
        return self.requests[-1]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            self.token_requests.append(request)
            return _respond(self._next_token(), request)
        self.requests.append(request)
        assert len(self.requests) < ENDLESS, "a client that never stops asking"
        return _respond(self._next(self.answers), request)

    def _next(self, answers: list[Answer]) -> Answer:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _next_token(self) -> Answer:
        if self.token_answers:
            return self._next(self.token_answers)
        return token(f"token-{len(self.token_requests)}")


def token(text: str, seconds: int = 3600) -> dict[str, Any]:
    """Give the answer of a token endpoint."""
    return {"access_token": text, "token_type": "Bearer", "expires_in": seconds}


def _respond(answer: Answer, request: httpx.Request) -> httpx.Response:
    if isinstance(answer, Exception):
        if isinstance(answer, httpx.RequestError):
            answer.request = request
        raise answer
    response: httpx.Response = answer() if callable(answer) else reply(200, answer)()
    return response


@cache
def loop() -> asyncio.AbstractEventLoop:
    """Give the one event loop in which the async client is driven."""
    return asyncio.new_event_loop()


def run(awaitable: Awaitable[Any]) -> Any:
    """Await something from synchronous code; the context variables of the caller hold."""

    async def wait() -> object:
        return await awaitable

    return loop().run_until_complete(wait())


def call(client: Client, name: str, /, *args: object, **kwargs: object) -> Any:
    """Call a method of either client; pages come as a list."""
    result = getattr(client, name)(*args, **kwargs)
    if isinstance(result, Awaitable):
        result = run(result)
    if hasattr(result, "__anext__"):
        return run(_collect(result))
    return list(result) if isinstance(result, Iterator) else result


def is_async(client: Client) -> bool:
    """Say which of the two clients this is."""
    return type(client).__name__ == "AsyncMedplumClient"


async def _collect(pages: Any) -> list[Any]:
    return [resource async for resource in pages]


def body(request: httpx.Request) -> Any:
    """Read the JSON that was sent."""
    return json.loads(request.content)


def path(request: httpx.Request) -> str:
    """Give the path below the server's base URL as it stands on the wire, without the query."""
    return request.url.raw_path.decode().partition("?")[0].removeprefix("/")


def query(request: httpx.Request) -> dict[str, list[str]]:
    """Read the query of a GET, or the form of a POST."""
    is_form = "form" in request.headers.get("content-type", "")
    text = request.content.decode() if is_form else request.url.query.decode()
    return parse_qs(text, keep_blank_values=True)


def query_pairs(request: httpx.Request) -> list[tuple[str, str]]:
    """Read the query in the order in which it was sent."""
    return parse_qsl(request.url.query.decode(), keep_blank_values=True)


def form_and_secret(request: httpx.Request) -> str:
    """Give all that a token request says, HTTP Basic credentials decoded."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    basic = base64.b64decode(secret).decode() if scheme.lower() == "basic" else ""
    return f"{unquote(request.content.decode())} {unquote(basic)}"


def parameters(request: httpx.Request) -> dict[str, list[object]]:
    """Read an operation's input, sent in the query or as Parameters; texts for simple values."""
    found: dict[str, list[object]] = dict(query(request).items())
    sent = body(request) if request.content else {}
    for entry in sent.get("parameter", []):
        values = [value for key, value in entry.items() if key != "name"]
        found.setdefault(entry["name"], []).extend(_as_text(value) for value in values)
    return found


def _as_text(value: object) -> object:
    return value if isinstance(value, dict | list) else json.dumps(value).strip('"')
