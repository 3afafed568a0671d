"""Both clients through one fixture, before a server in memory."""

import pytest
from load_calls import Loader
from load_server import LoadServer


@pytest.fixture
def fake() -> LoadServer:
    return LoadServer()


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def loader(request: pytest.FixtureRequest, fake: LoadServer) -> Loader:
    return Loader(fake, is_async=request.param)
