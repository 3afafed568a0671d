"""What the canned server of every contestant says, and clients that reach it without a socket."""

import importlib
from collections.abc import Callable
from typing import Any

import httpx

BASE = "https://fhir.example.com/"
TOKEN = "token"
PATIENT = (
    b'{"resourceType":"Patient","id":"ada","meta":{"versionId":"1",'
    b'"lastUpdated":"2024-01-31T12:00:00.000Z"},"active":true,'
    b'"name":[{"given":["Ada"],"family":"Lovelace"}],"birthDate":"1815-12-10"}'
)
FHIR_JSON = {"Content-Type": "application/fhir+json"}

Answer = Callable[[httpx.Request], httpx.Response]


def patient(_: httpx.Request) -> httpx.Response:
    """Answer every request with the same Patient."""
    return httpx.Response(200, headers=FHIR_JSON, content=PATIENT)


def sync_client(answer: Answer) -> tuple[Any, httpx.Client]:
    """Return a contestant's client, and the httpx client under it."""
    http = httpx.Client(transport=httpx.MockTransport(answer), follow_redirects=False)
    made = importlib.import_module("pymedplum").MedplumClient
    return made(base_url=BASE, access_token=TOKEN, http_client=http), http


def async_client(answer: Answer) -> tuple[Any, httpx.AsyncClient]:
    """Return a contestant's asynchronous client, and the httpx client under it."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer), follow_redirects=False)
    made = importlib.import_module("pymedplum").AsyncMedplumClient
    return made(base_url=BASE, access_token=TOKEN, http_client=http), http
