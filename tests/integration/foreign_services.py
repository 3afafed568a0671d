"""A server of CDS services that is not Medplum: another origin, which writes down what it gets."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple

from live_calls import LiveClient

from pymedplum_runtime.cds.client.client_auth import CDSClientAuth
from pymedplum_runtime.smart import KeyPair, new_key_pair

ISSUER = "https://ehr.example.org"
MEMBERSHIP = "ProjectMembership/30000000-0000-4000-8000-000000000003"
REQUEST = {
    "hook": "patient-view",
    "hookInstance": "0b1c6d5e-6f3c-4c1b-8a1d-2d5a3b1f9e77",
    "context": {"userId": "Practitioner/1", "patientId": "2"},
}
FEEDBACK = {
    "card": "4e0a3a1e-3283-4575-ab82-028d55fe2719",
    "outcome": "accepted",
    "acceptedSuggestions": [{"id": "774f1b2a-5b0e-4b5b-9d5c-4f2d9bfa4c0c"}],
    "outcomeTimestamp": "2024-05-01T09:30:00Z",
}
CARD = {"summary": "Statin advised", "indicator": "info", "source": {"label": "Guide"}}
SERVICE = {
    "id": "statin",
    "hook": "patient-view",
    "title": "Statins",
    "description": "Says whether a statin is advised.",
    "prefetch": {"patient": "Patient/{{context.patientId}}"},
}


class Seen(NamedTuple):
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class ForeignServices:
    """What came, and what is answered: a status and a JSON value by method and path."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.seen: list[Seen] = []
        self.script: list[int] = []
        """Statuses to answer with before the table counts."""
        self.headers: dict[str, str] = {}
        """Further headers of each answer."""
        self.answers: dict[str, tuple[int, object]] = {
            "GET /cds-services": (200, {"services": [SERVICE]}),
            "POST /cds-services/statin": (200, {"cards": [CARD]}),
            "POST /cds-services/statin/feedback": (200, None),
        }

    def answer(self, seen: Seen) -> tuple[int, bytes]:
        self.seen.append(seen)
        if self.script:
            return self.script.pop(0), b""
        status, value = self.answers.get(f"{seen.method} {seen.path}", (404, {"error": "unknown"}))
        return status, b"" if value is None else json.dumps(value).encode()


@cache
def pair() -> KeyPair:
    return new_key_pair("ES384")


def auth(**options: Any) -> CDSClientAuth:
    return CDSClientAuth(ISSUER, pair(), **options)


def context_of(patient_id: str) -> dict[str, str]:
    return {"userId": "Practitioner/1", "patientId": patient_id}


def call_everything(client: LiveClient, services: ForeignServices, **options: Any) -> None:
    """Make each call that can go to another server."""
    options = {"base_url": services.base_url, **options}
    client("get_cds_services", **options)
    client("call_cds_service", "statin", REQUEST, **options)
    client("send_cds_feedback", "statin", FEEDBACK, **options)


def everything_in(seen: Seen) -> str:
    return f"{seen.path} {seen.headers} {seen.body.decode()}"


@contextmanager
def foreign_services() -> Iterator[ForeignServices]:
    """Run the server on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): text for name, text in self.headers.items()}
            seen = Seen(self.command, self.path, headers, self.rfile.read(length))
            status, body = services.answer(seen)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, text in services.headers.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name that http.server asks for

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        services = ForeignServices(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield services
        finally:
            server.shutdown()
            thread.join()
