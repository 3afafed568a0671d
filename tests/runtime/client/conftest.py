"""Either client, before a scripted server."""

from typing import Any

import httpx
import pytest
from write_validations import MakeClient

from pymedplum import (
    AsyncMedplumClient,
    MedplumClient,
)
from tests.api.api_calls import (
    BASE,
    FakeClock,
    Server,
)


@pytest.fixture(params=[MedplumClient, AsyncMedplumClient], ids=["sync", "async"])
def make_client(request: pytest.FixtureRequest) -> MakeClient:
    """Give a maker of clients of a scripted server; keywords are the constructor's."""

    def make(server: Server, **options: Any) -> Any:
        is_sync = request.param is MedplumClient
        transport = httpx.MockTransport(server)
        http = (httpx.Client if is_sync else httpx.AsyncClient)(transport=transport)
        chosen = {"access_token": "token", "clock": FakeClock(), **options, "http_client": http}
        return request.param(BASE, **chosen)

    return make
