"""Calls of CDS services as tests make them: an EHR with keys, a clock, and the ASGI transport."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from pymedplum.cds_models import Card, Source
from pymedplum_runtime.cds.service.services import CDSServices
from pymedplum_runtime.cds.service.trust import TrustedEHR
from pymedplum_runtime.smart.algorithms import AlgorithmName
from pymedplum_runtime.smart.jose import key_from, sign
from pymedplum_runtime.smart.key_pairs import KeyPair, new_key_pair

ISSUER = "https://ehr.test"
JWKS_URL = "https://ehr.test/jwks.json"
BASE = "https://cds.test"
SECRET = "opened-sesame"
NOW = 1_800_000_000.0
KEYS: KeyPair = new_key_pair("ES384", key_id="first")
OTHER_KEYS: KeyPair = new_key_pair("ES384", key_id="first")

T = TypeVar("T")


class StillClock:
    """A clock that stands; who sleeps does so for ever, or wakes at once where time is up."""

    def __init__(self) -> None:
        self.time = NOW
        self.is_up = False
        self.over: set[float] = set()
        """Lengths of sleeps that are over at once."""

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing here blocks for {seconds} s")

    async def asleep(self, seconds: float) -> None:
        assert seconds > 0
        while not (self.is_up or seconds in self.over):  # noqa: ASYNC110 - threads end it too
            await asyncio.sleep(0.001)

    def random(self) -> float:
        return 0.5


def a_request(**members: Any) -> dict[str, Any]:
    """Give the body of a patient-view request."""
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/7", "patientId": "p1"},
        **members,
    }


def a_card(summary: str = "Take care", **members: Any) -> Card:
    """Give a card."""
    return Card(summary=summary, indicator="info", source=Source(label="Tests"), **members)


def token(
    keys: KeyPair = KEYS,
    algorithm: AlgorithmName = "ES384",
    header: Mapping[str, Any] | None = None,
    **claims: Any,
) -> str:
    """Sign a token for the service `greet`; members that are `None` are left out."""
    named = {"alg": algorithm, "typ": "JWT", "kid": keys.key_id, **(header or {})}
    stated = {
        "iss": ISSUER,
        "aud": f"{BASE}/cds-services/greet",
        "iat": int(NOW),
        "exp": int(NOW) + 300,
        "jti": f"token-{next(_numbers)}",
        **claims,
    }
    return signed(keys, algorithm, named, stated)


def signed(keys: KeyPair, algorithm: str, header: Mapping[str, Any], claims: object) -> str:
    """Sign anything."""
    jwk = keys.private_jwk()
    material = {name: jwk[name] for name in jwk if name not in {"kid", "alg", "use", "key_ops"}}
    kept = {name: value for name, value in header.items() if value is not None}
    stated = claims
    if isinstance(claims, dict):
        stated = {name: value for name, value in claims.items() if value is not None}
    return sign(kept, json.dumps(stated).encode(), key_from(jwk["kty"], material), algorithm)


def _counted() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


_numbers = _counted()


def an_ehr(**options: Any) -> TrustedEHR:
    """Trust the EHR of the tests by its keys at hand."""
    given: dict[str, Any] = {"keys": KEYS.public_jwks(), "jwks_url": JWKS_URL, **options}
    return TrustedEHR(ISSUER, **given)


def anonymous_services(**options: Any) -> CDSServices:
    """Give services that anybody may call, with a clock that stands."""
    return CDSServices(**{"allow_anonymous": True, "clock": StillClock(), **options})


def trusting_services(*ehrs: TrustedEHR, **options: Any) -> CDSServices:
    """Give services of which EHRs may call `greet`."""
    given: dict[str, Any] = {"base_url": BASE, "clock": StillClock(), **options}
    services = CDSServices(trusted=list(ehrs) or [an_ehr()], **given)

    @services.service("patient-view", id="greet", description="Greets")
    def greet(request: object) -> Card:
        assert request is not None
        return a_card()

    return services


Call = Callable[[httpx.AsyncClient], Awaitable[T]]


def with_client(services: Any, calls: Call[T]) -> T:
    """Run calls against an ASGI application."""

    async def run() -> T:
        transport = httpx.ASGITransport(services)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            return await calls(client)

    return asyncio.run(run())


def post(services: Any, body: object, path: str = "greet", **options: Any) -> httpx.Response:
    """Call one service once; a body of bytes is sent as it is."""
    if isinstance(body, bytes):
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        options |= {"content": body, "headers": headers}
    else:
        options["json"] = body
    return with_client(services, lambda http: http.post(f"/cds-services/{path}", **options))


def bearer(text: str) -> dict[str, str]:
    """Give the header that presents a token."""
    return {"Authorization": f"Bearer {text}"}


class RecordingEHR:
    """A FHIR server on loopback that writes down what it is sent."""

    def __init__(self, port: int, answers: dict[str, Any]) -> None:
        self.base = f"http://127.0.0.1:{port}/fhir"
        self.answers = answers
        """By path and query below the host; a function receives the handler."""
        self.requests: list[tuple[str, dict[str, str]]] = []

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]

    @property
    def tokens(self) -> set[str | None]:
        return {headers.get("authorization") for _, headers in self.requests}


@contextmanager
def recording_ehr(answers: dict[str, Any] | None = None) -> Iterator[RecordingEHR]:
    """Serve FHIR resources, by their path and query, on a port of this machine."""
    ehr: RecordingEHR

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            names = {name.lower(): value for name, value in self.headers.items()}
            ehr.requests.append((self.path, names))
            answer = ehr.answers.get(self.path, 404)
            if callable(answer):
                answer(self)
                return
            status, body = (answer, {}) if isinstance(answer, int) else (200, answer)
            respond(self, status, body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ehr = RecordingEHR(server.server_port, answers or {})
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield ehr
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def respond(
    handler: BaseHTTPRequestHandler, status: int, body: object, headers: Mapping[str, str] = {}
) -> None:
    """Answer with JSON, or with bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in {"Content-Type": "application/fhir+json", **headers}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def authorized(ehr: RecordingEHR, **members: Any) -> dict[str, Any]:
    """Give the members of a request that open the recording EHR."""
    return {
        "fhirServer": ehr.base,
        "fhirAuthorization": {
            "access_token": SECRET,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "user/*.read",
            "subject": "cds",
            **members,
        },
    }


def path_of(url: str) -> str:
    """Give path and query of a URL."""
    split = urlsplit(url)
    return f"{split.path}?{split.query}" if split.query else split.path
