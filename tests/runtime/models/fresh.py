"""Python code run in a process of its own, for what the first import decides."""

import subprocess
import sys


def run_fresh(code: str) -> str:
    """Run code in a new interpreter, warnings being errors, and return what it prints."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()
