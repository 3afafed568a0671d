"""The embedded server, started once; each test that asks for `server` gets it as new."""

from collections.abc import Iterator

import pytest

from tests.medplum_server.process import MedplumServer, start_server


@pytest.fixture(scope="session")
def medplum_server() -> Iterator[MedplumServer]:
    with start_server() as running:
        yield running


@pytest.fixture
def server(medplum_server: MedplumServer) -> MedplumServer:
    medplum_server.reset()
    return medplum_server
