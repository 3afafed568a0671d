"""What a page's program finds around it: a server, and the variables that name it."""

import os
from pathlib import Path

import pytest
from snippets import pages_with_snippets

from tests.medplum_server.process import MedplumServer


@pytest.fixture
def environment(medplum_server: MedplumServer) -> dict[str, str]:
    """The variables that the quickstart tells users to set; the server behind them is as new."""
    medplum_server.reset()
    return os.environ | {
        "MEDPLUM_BASE_URL": medplum_server.base_url,
        "MEDPLUM_CLIENT_ID": medplum_server.client_id,
        "MEDPLUM_CLIENT_SECRET": medplum_server.client_secret,
    }


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program of every page."""
    folder = tmp_path_factory.mktemp("docs")
    for name, text in pages_with_snippets().items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder
