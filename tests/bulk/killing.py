"""Kills downloads at random moments and compares what is left in the end, byte for byte."""

import filecmp
import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.medplum_server.process import MedplumServer

CHILD = Path(__file__).with_name("export_child.py")


@dataclass(frozen=True, slots=True)
class Target:
    """An export that waits on the server."""

    server: MedplumServer
    status_url: str
    compress: str = ""

    def command(self, folder: Path) -> list[str]:
        server = self.server
        reached = [server.base_url, server.client_id, server.client_secret, self.status_url]
        return [sys.executable, str(CHILD), *reached, str(folder), self.compress]


def undisturbed(target: Target, folder: Path) -> int:
    """Download without interruption, and return how often the process spoke."""
    spoken = subprocess.run(target.command(folder), check=True, stdout=subprocess.PIPE, text=True)
    return len(spoken.stdout.splitlines())


def killed(target: Target, folder: Path, after: int, by: int = signal.SIGKILL) -> bool:
    """Start a download, kill it when it has spoken so often, and say whether it was running."""
    errors = subprocess.DEVNULL  # the traceback of an interrupted one
    child = subprocess.Popen(
        target.command(folder), stdout=subprocess.PIPE, stderr=errors, text=True
    )
    assert child.stdout is not None
    with child, child.stdout as spoken:
        for number, _ in enumerate(spoken, 1):
            if number == after:
                child.send_signal(by)
                break
    return child.returncode != 0


def kill_at_random(target: Target, place: Path, kills: int, seed: int) -> int:
    """Kill and restart until there were so many kills; return how many folders were completed.

    Raises:
        AssertionError: a folder differs from that of an undisturbed run.
    """
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    expected, folder = place / "undisturbed", place / "killed"
    moments = undisturbed(target, expected)
    done, completed = 0, 0
    while done < kills:
        if killed(target, folder, chance.randint(1, moments)):
            done += 1
            continue
        assert_same(folder, expected)
        shutil.rmtree(folder)
        completed += 1
    undisturbed(target, folder)
    assert_same(folder, expected)
    return completed + 1


def assert_same(folder: Path, expected: Path) -> None:
    """Compare every file below two folders, hidden ones too."""
    names = [_names(each) for each in (folder, expected)]
    assert names[0] == names[1]
    same, different, failed = filecmp.cmpfiles(folder, expected, names[0], shallow=False)
    assert (different, failed) == ([], [])
    assert same


def _names(folder: Path) -> list[str]:
    found = (Path(top) / name for top, _, names in os.walk(folder) for name in names)
    return sorted(str(each.relative_to(folder)) for each in found)
