"""A load whose process is killed again and again, at random moments; then one that is not."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.medplum_server.process import MedplumServer

_ROOT = Path(__file__).parents[2]
_LONGEST_DELAY = 0.04  # seconds: a batch takes about as long


@dataclass(frozen=True)
class KilledLoad:
    """A load of a folder."""

    server: MedplumServer
    folder: Path
    client: str
    """`sync` or `async`."""
    chunk_size: int = 50

    def run(self, resources: int, *, kills: int, seed: int) -> int:
        """Load, with kills; return how many resources the last run says the load created.

        A process is killed when it is so far as chance wants it, and a moment later: while it reads
        the source, while a batch is on its way, while the journal is written.
        """
        random = Random(seed)  # noqa: S311 - not for secrets
        latest = resources * 3 // 4  # a process is always a little further when it is killed
        moments = sorted(random.randrange(latest) for _ in range(kills - 1))
        for done in (-1, *moments):
            ended = self._run(done, random.uniform(0, _LONGEST_DELAY))
            assert ended is None, "the load ended before it was killed"
        created = self._run(resources + 1, 0)
        assert created is not None
        return created

    def _run(self, kill_at: int, delay: float) -> int | None:
        """Run one process, killed once so many are done; return what it created, where it ended."""
        script = [sys.executable, str(Path(__file__).with_name("load_child.py")), self.client]
        credentials = [self.server.base_url, self.server.client_id, self.server.client_secret]
        journal = self.folder.with_suffix(".journal")
        command = [*script, *credentials, str(self.folder), str(journal), str(self.chunk_size)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as process:
            assert process.stdout
            for line in process.stdout if kill_at >= 0 else ["0"]:
                if line.startswith("created"):
                    return int(line.split()[1])
                if int(line) >= kill_at:
                    break
            time.sleep(delay)
            process.kill()
        return None
