"""Either client, before the embedded server."""

from collections.abc import Iterator

import pytest
from fault_calls import Called
from fault_clock import SharedClock

from tests.medplum_server.process import MedplumServer


@pytest.fixture
def clock() -> SharedClock:
    return SharedClock()


@pytest.fixture(params=["sync", "async"])
def call(
    request: pytest.FixtureRequest, server: MedplumServer, clock: SharedClock
) -> Iterator[Called]:
    """Give a caller of either client, signed in."""
    caller = Called(server, clock, is_async=request.param == "async")
    caller("read_resource_if_modified", "Project", server.project_id, version_id="none")
    server.control("counters", method="DELETE")
    yield caller
    caller.close()
