"""Both clients through one fixture, before a server of scripted answers."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pymedplum import AsyncMedplumClient, MedplumClient
from tests.api.api_calls import BASE, FakeClock, Server


@pytest.fixture(params=["sync", "async"])
def make_client(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Give a maker of clients of a scripted server; keywords are the constructor's."""

    def make(server: Server | Callable[[httpx.Request], httpx.Response], **options: object) -> Any:
        transport = httpx.MockTransport(server)
        is_sync = request.param == "sync"
        http = (httpx.Client if is_sync else httpx.AsyncClient)(transport=transport)
        chosen: dict[str, Any] = {
            "access_token": "token",
            "clock": FakeClock(),
            **options,
            "http_client": http,
        }
        return (MedplumClient if is_sync else AsyncMedplumClient)(BASE, **chosen)

    return make
