"""The embedded server publishes nothing that our OpenAPI description lacks."""

import subprocess
import sys

from tests.medplum_server.process import MedplumServer


def test_the_description_lacks_nothing_of_a_running_server(server: MedplumServer) -> None:
    command = [sys.executable, "-m", "codegen", "spec-diff", "--server", server.base_url]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[:2000] + run.stderr
