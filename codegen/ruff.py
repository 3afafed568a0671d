"""Formats generated files: blank lines, import order and unused imports belong to ruff."""

import subprocess
import sys
import tempfile
from pathlib import Path

from codegen.sources import ROOT

FIXES = "I,F401,RUF022"


class RuffError(Exception):
    """Ruff refused a generated file: a template is wrong."""


def tidy(files: dict[str, str]) -> dict[str, str]:
    """Return the files as ruff formats them; what is no Python stays as it is."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        config = ["--config", str(ROOT / "pyproject.toml"), "--no-cache"]
        _ruff("check", *config, "--select", FIXES, "--fix", "--exit-zero", str(folder))
        _ruff("format", *config, str(folder))
        return {path: (folder / path).read_text(encoding="utf-8") for path in files}


def _ruff(*arguments: str) -> None:
    command = [sys.executable, "-m", "ruff", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuffError(f"ruff {arguments[0]} failed: {done.stdout}{done.stderr}")
