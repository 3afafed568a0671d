"""Finds the supported interpreters of this machine and gives each a clean environment."""

import functools
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from distributions import ROOT, run_python

SUPPORTED = ("3.10", "3.11", "3.12", "3.13", "3.14")
ENVIRONMENTS = ROOT / ".cache" / "interpreters"
# It has to be able to make an environment; a build without the GIL is tests/nogil's matter.
_PROBE = """
import ensurepip, sys, sysconfig, venv
assert not sysconfig.get_config_var("Py_GIL_DISABLED")
print(*sys.version_info[:2], sep=".")
"""
_PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")


@dataclass(frozen=True)
class Interpreter:
    """One interpreter, by its version (`3.12`) and the path that runs it."""

    version: str
    path: str


@functools.cache
def find_interpreters() -> list[Interpreter]:
    """One interpreter of each supported version, and always the one that runs the tests."""
    running = Interpreter(f"{sys.version_info.major}.{sys.version_info.minor}", sys.executable)
    found = {running.version: running}
    for path in _candidates():
        version = _version(path)
        if version in SUPPORTED and version not in found:
            found[version] = Interpreter(version, path)
    return sorted(found.values(), key=lambda one: tuple(map(int, one.version.split("."))))


def make_environment(interpreter: Interpreter, name: str, requirements: list[str]) -> Path:
    """A virtual environment holding just these requirements, made once; its interpreter."""
    folder = ENVIRONMENTS / name
    python = folder / "bin" / "python"
    stamp = folder / "requirements.json"
    wanted = json.dumps([interpreter.path, requirements])
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        run_python("-m", "venv", str(folder), python=interpreter.path)
        run_python(*_PIP, "install", "--retries=5", *requirements, python=python)
        stamp.write_text(wanted, encoding="utf-8")
    return python


def install_wheel(python: Path, wheel: Path) -> None:
    """Put this build of the wheel in the place of an earlier one; what it needs is there."""
    run_python(*_PIP, "install", "--no-deps", "--force-reinstall", str(wheel), python=python)
    run_python("-m", "pip", "check", python=python)


def _candidates() -> list[str]:
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    named = [Path(folder) / f"python{version}" for version in SUPPORTED for folder in folders]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    installed = sorted((pyenv / "versions").glob("*/bin/python"), reverse=True)
    return [str(path) for path in [*named, *installed] if path.is_file()]


def _version(path: str) -> str | None:
    """Its version, or None when it does not run (a shim of pyenv) or cannot be used."""
    run = subprocess.run([path, "-c", _PROBE], capture_output=True, text=True, check=False)
    return run.stdout.strip() if run.returncode == 0 else None
