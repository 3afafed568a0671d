"""A free-threaded CPython under .cache/nogil; each finished stage is kept and not repeated."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from debian_source import fetch_source, install_packages, run_logged, why_not

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "nogil"
SOURCE = CACHE / "source"
PYTHON = SOURCE / "python"
PACKAGES = CACHE / "packages"
REQUIREMENTS = ("pydantic==2.12.3",)  # the newest with wheels for free-threaded 3.13
_BUILT = CACHE / "built"
_LOG = CACHE / "build.log"
_CONFIGURE = ("./configure", "--disable-gil", "--disable-test-modules", "--with-ensurepip=no")
_PROOF = "import ctypes, ssl, sys, zlib; sys.exit(sys._is_gil_enabled())"


def why_unavailable() -> str | None:
    """Why this machine neither has a free-threaded CPython nor can build one."""
    return None if _BUILT.is_file() else why_not()


def prepare() -> None:
    """Build what is missing: the source, the interpreter, the packages."""
    reason = why_unavailable()
    if reason:
        raise SystemExit(reason)
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run may be building
        if not _BUILT.is_file():
            install_packages(_LOG)
            _unpack()
            _build()
        _install_requirements()


def _unpack() -> None:
    if SOURCE.is_dir():
        return
    print("Fetching Debian's source of CPython 3.13 ...", flush=True)
    download = CACHE / "download"
    fetch_source(download, _LOG).rename(SOURCE)
    shutil.rmtree(download)


def _build() -> None:
    print("Building it without the GIL ...", flush=True)
    configured = CACHE / "configured"
    if not configured.is_file():
        run_logged(_LOG, *_CONFIGURE, cwd=SOURCE)
        configured.touch()
    run_logged(_LOG, "make", f"-j{os.cpu_count() or 1}", cwd=SOURCE)
    run_logged(_LOG, PYTHON, "-c", _PROOF)
    _BUILT.touch()


def _install_requirements() -> None:
    stamp = PACKAGES / "requirements.txt"
    wanted = "\n".join(REQUIREMENTS)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print(f"Installing {' '.join(REQUIREMENTS)} for it ...", flush=True)
    shutil.rmtree(PACKAGES, ignore_errors=True)
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    binary = ("--only-binary=:all:", "--implementation=cp", "--python-version=3.13")
    options = ("--retries=5", f"--target={PACKAGES}", *binary, "--abi=cp313t", "--abi=none")
    subprocess.run([*pip, "install", *options, *REQUIREMENTS], check=True)
    stamp.write_text(wanted, encoding="utf-8")
