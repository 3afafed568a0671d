"""`make test-nogil`: the thread-safety script on a free-threaded CPython 3.13."""

import os
import subprocess
import sys
from pathlib import Path

from free_threaded import PACKAGES, PYTHON, ROOT, prepare

SCRIPT = ROOT / "tests" / "runtime" / "models" / "threads.py"


def main() -> int:
    """Build the interpreter where needed, run the script; its exit status."""
    if not SCRIPT.is_file():
        raise SystemExit(f"{SCRIPT} is missing")
    prepare()
    paths = (ROOT / "generated", ROOT / "runtime", PACKAGES)
    environment = {name: text for name, text in os.environ.items() if name != "PYTHON_GIL"}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, paths))
    environment["PYTHONWARNINGS"] = "error"  # so is switching the GIL on, in child processes too
    wrapper = Path(__file__).with_name("without_gil.py")
    status = subprocess.run([PYTHON, wrapper, SCRIPT], env=environment, check=False).returncode
    print("free-threaded CPython 3.13:", f"failed ({status})" if status else "passed")
    return status


if __name__ == "__main__":
    sys.exit(main())
