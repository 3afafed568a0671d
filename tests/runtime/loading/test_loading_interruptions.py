"""Loads that end early for reasons of this machine's, and what they leave."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from load_calls import Loader, assert_right, lines, patient
from load_server import LoadServer

from pymedplum_runtime.loading import LoadProgress

PATIENTS = [patient(str(n), name=[{"family": "Secret"}]) for n in range(6)]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "load.journal"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return lines(tmp_path / "Patient.ndjson", PATIENTS)


FULL = """
import resource, sys
sys.path[:0] = sys.argv[1:2]
from load_calls import Loader, patient
from load_server import LoadServer
from pymedplum.exceptions import LoadError
from pymedplum_runtime.loading import LoadProgress
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
patients = (patient(str(n), name=[{"family": sys.argv[4]}]) for n in range(3000))
server = LoadServer()
try:
    Loader(server)(patients, journal=sys.argv[2])
except LoadError as error:
    print(error, len(server.requests))
"""


@pytest.mark.parametrize(
    ("content", "message"), [("Secret" * 20, "contents"), ("S", "load.journal")]
)
def test_a_full_disk_is_said_before_anything_is_sent(
    journal: Path, content: str, message: str
) -> None:
    """A limit on files' sizes stands for the disk; small contents need less than their rows."""
    folder, limit = str(Path(__file__).parent), "250000"
    done = subprocess.run(
        [sys.executable, "-c", FULL, folder, str(journal), limit, content],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert message in done.stdout
    assert done.stdout.split()[-1] == "0"
    assert "Secret" not in done.stdout + done.stderr


def test_a_callback_that_raises_leaves_a_journal_to_go_on_with(
    loader: Loader, fake: LoadServer, source: Path, journal: Path
) -> None:
    def stop(progress: LoadProgress) -> None:
        if progress.done == 4:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        loader(source, journal=journal, chunk_size=2, progress=stop)
    assert_right(loader(source, journal=journal), fake, PATIENTS)
    assert [len(batch) for batch in fake.batches] == [2, 2, 2]


def test_a_cancelled_task_leaves_a_journal_to_go_on_with(
    fake: LoadServer, source: Path, journal: Path
) -> None:
    loader = Loader(fake, is_async=True)

    async def cancelled() -> None:
        task = asyncio.ensure_future(
            loader.client.load(
                source, journal=journal, chunk_size=2, progress=lambda _: task.cancel()
            )
        )
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert len(fake.batches) == 1
    assert_right(loader(source, journal=journal), fake, PATIENTS)
