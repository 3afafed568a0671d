"""Both clients through one fixture."""

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from api_calls import BASE, Client, FakeClock, MakeClient, loop, run


@pytest.fixture(scope="session", autouse=True)
def _event_loop() -> Iterator[None]:
    yield
    loop().close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def _make_sync(**options: object) -> Client:
    return importlib.import_module("pymedplum").MedplumClient(**options)


def _make_async(**options: object) -> Client:
    return importlib.import_module("pymedplum.async_client").AsyncMedplumClient(**options)


@pytest.fixture(params=["sync", "async"])
def make_client(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[MakeClient]:
    """Give a maker of clients that talk to a handler; keywords replace the constructor's."""
    made: list[Any] = []
    is_sync = request.param == "sync"

    def make(
        handler: Callable[[httpx.Request], httpx.Response] | None = None, **options: object
    ) -> Client:
        transport = httpx.MockTransport(handler or (lambda _: httpx.Response(200, json={})))
        inner = httpx.Client if is_sync else httpx.AsyncClient
        chosen: dict[str, Any] = {
            "base_url": BASE,
            "access_token": "token",
            "http_client": inner(transport=transport),
            "clock": clock,
        }
        client = (_make_sync if is_sync else _make_async)(**{**chosen, **options})
        made.append((client, chosen["http_client"]))
        return client

    yield make
    for client, http_client in made:
        client.close() if is_sync else run(client.aclose())
        http_client.close() if is_sync else run(http_client.aclose())
