"""Both clients through one fixture, before the embedded server."""

import importlib
from collections.abc import Iterator

import httpx
import pytest
from foreign_services import ForeignServices, foreign_services
from live_calls import FakeClock, LiveClient, MakeClient, Requests, loop

from tests.medplum_server.process import MedplumServer


@pytest.fixture
def http(server: MedplumServer) -> Iterator[httpx.Client]:
    """A bare client with a token of the test client."""
    headers = {"Authorization": f"Bearer {server.access_token()}"}
    with httpx.Client(
        base_url=server.base_url, headers=headers, timeout=10, trust_env=False
    ) as client:
        yield client


@pytest.fixture(scope="session", autouse=True)
def _event_loop() -> Iterator[None]:
    yield
    loop().close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["sync", "async"])
def client_of(
    request: pytest.FixtureRequest, server: MedplumServer, clock: FakeClock
) -> Iterator[MakeClient]:
    """Give a maker of clients of the server; keywords replace the constructor's."""
    module, name = (
        ("pymedplum", "MedplumClient")
        if request.param == "sync"
        else ("pymedplum.async_client", "AsyncMedplumClient")
    )
    made: list[LiveClient] = []

    def make(**options: object) -> LiveClient:
        chosen: dict[str, object] = {"base_url": server.base_url, "clock": clock, **options}
        if not chosen.keys() & {"access_token", "auth", "client_id"}:
            chosen |= {"client_id": server.client_id, "client_secret": server.client_secret}
        inner = getattr(importlib.import_module(module), name)(**chosen)
        made.append(LiveClient(inner, clock))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def client(client_of: MakeClient) -> LiveClient:
    return client_of()


@pytest.fixture
def requests(server: MedplumServer) -> Requests:
    return Requests(server)


@pytest.fixture
def elsewhere() -> Iterator[ForeignServices]:
    with foreign_services() as services:
        yield services
