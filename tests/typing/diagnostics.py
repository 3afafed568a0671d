"""Type checkers as functions from files to diagnostics, and the diagnostics that files expect.

A line of a `wrong_*.py` file names them in its comment: `# expect mypy: a, b; pyright: c`: not
`# pyright:` at once, which pyright takes as an order.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Diagnostics = dict[tuple[str, int], list[str]]  # by file name and line
COMMENT = re.compile(r"# expect (.*)$")


def run_mypy(files: Iterable[Path], cache: Path) -> Diagnostics:
    """Check files with `mypy --strict` and the project's settings."""
    command = ["-m", "mypy", "--strict", "--output=json", f"--cache-dir={cache}"]
    found: Diagnostics = {}
    for line in _run(*command, *files).splitlines():
        said = json.loads(line)
        if said["severity"] == "error":
            name = Path(said["file"]).name
            found.setdefault((name, said["line"]), []).append(said["code"])
    return _sorted(found)


def run_pyright(files: Iterable[Path]) -> Diagnostics:
    """Check files with pyright and the project's settings."""
    found: Diagnostics = {}
    for said in json.loads(_run("-m", "pyright", "--outputjson", *files))["generalDiagnostics"]:
        if said["severity"] == "error":
            place = (Path(said["file"]).name, said["range"]["start"]["line"] + 1)
            found.setdefault(place, []).append(said["rule"])
    return _sorted(found)


def expected(files: Iterable[Path], checker: str) -> Diagnostics:
    """Read what the comments of files expect a checker to say."""
    found: Diagnostics = {}
    for file in files:
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            comment = COMMENT.search(line)
            by_checker = dict(p.split(": ") for p in comment[1].split("; ")) if comment else {}
            if checker in by_checker:
                found[file.name, number] = by_checker[checker].split(", ")
    return _sorted(found)


def _sorted(found: Diagnostics) -> Diagnostics:
    return {place: sorted(found[place]) for place in sorted(found)}


def _run(*arguments: str | Path) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
