"""Runs the benchmarks: `make bench`, or `.venv/bin/python -m tests.benchmarks [--quick]`."""

from tests.benchmarks.cli import main

if __name__ == "__main__":
    main()
