"""A hundred threads that validate at once before anything is loaded agree with one thread."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("validation_together.py")


def reports_of(threads: int) -> Any:
    run = subprocess.run(
        [sys.executable, SCRIPT, str(threads)], capture_output=True, check=False, text=True
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_a_hundred_threads_that_validate_first_at_once_agree_with_one() -> None:
    alone, together = reports_of(1), reports_of(100)
    assert [*alone["failures"], *together["failures"]] == []
    assert together["outcomes"] == alone["outcomes"]
    assert len(together["outcomes"]) == 1
