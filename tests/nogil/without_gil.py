"""Runs a script on a free-threaded CPython; fails when the GIL is, or comes, on."""

import runpy
import sys
from pathlib import Path


def main() -> None:
    """Run the script that the command line names."""
    script = Path(sys.argv[1]).resolve()
    sys.argv[:] = sys.argv[1:]
    sys.path[0] = str(script.parent)
    _assert_no_gil("before the script")
    try:
        runpy.run_path(str(script), run_name="__main__")
    finally:
        _assert_no_gil("after the script: an extension module switched it on")


def _assert_no_gil(when: str) -> None:
    if vars(sys)["_is_gil_enabled"]():
        raise SystemExit(f"the GIL is enabled {when}")


if __name__ == "__main__":
    main()
