"""Runs the benchmarks: `make bench`, or `.venv/bin/python tests/benchmarks/run.py [--quick]`."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.benchmarks.cli import main  # noqa: E402 - found through the line above

if __name__ == "__main__":
    main()
