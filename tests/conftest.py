"""The embedded server, started once; each test that asks for `server` gets it as new."""

import atexit
import os
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


def pytest_unconfigure() -> None:
    """Let pytest's summary be the last that is printed.

    What DuckDB's binding prints while Python ends, of objects that pytest still holds, is no
    fault of a test. Registered first, a function runs last at exit.
    """
    atexit.register(_close_stderr)


def _close_stderr() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
