"""The command before a terminal and between pipes, through one fixture."""

import os
from pathlib import Path

import pytest
from command_runs import Runner

from tests.medplum_server.process import MedplumServer


@pytest.fixture(params=["terminal", "pipe"])
def run(request: pytest.FixtureRequest, server: MedplumServer, tmp_path: Path) -> Runner:
    """Give a runner that is signed in by the environment, in a home of its own."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)  # the command runs elsewhere
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in given if path),  # noqa: PTH100
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "TERM": "xterm",
        "COLUMNS": "160",
        "MEDPLUM_BASE_URL": server.base_url,
        "MEDPLUM_CLIENT_ID": server.client_id,
        "MEDPLUM_CLIENT_SECRET": server.client_secret,
    }
    folder = tmp_path / "here"
    folder.mkdir()
    return Runner(request.param == "terminal", server, folder, environment)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Where the configuration file of the command is."""
    return tmp_path / "config" / "pymedplum" / "config.ini"
