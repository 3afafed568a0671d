"""Threads may use the models for the first time at the same moment."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("threads.py")


def test_a_hundred_threads_may_start_at_once() -> None:
    run = subprocess.run(
        [sys.executable, SCRIPT, "3"], capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 0, run.stderr[-3000:]
    assert run.stdout == "9 rounds of 100 threads, 0 failed\n"
