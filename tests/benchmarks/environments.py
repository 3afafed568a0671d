"""Makes the virtual environments: the peers' once, ours from the checkout's source every time."""

import json
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from tests.benchmarks.contestants import CONTESTANTS, OURS, ROOT, Contestant


def prepare_environments() -> None:
    """Make every environment that is missing or was made for other versions."""
    for contestant in CONTESTANTS:
        prepare_environment(contestant)
    install_checkout(OURS)


def prepare_environment(contestant: Contestant) -> None:
    """Make the environment of one, unless it is there.

    Raises:
        subprocess.CalledProcessError: its packages cannot be installed.
    """
    stamp = contestant.folder / "requirements.json"
    wanted = json.dumps([sys.version, *contestant.requirements])
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print(f"Making {contestant.folder.relative_to(ROOT)} ...")
    shutil.rmtree(contestant.folder, ignore_errors=True)
    venv.create(contestant.folder, with_pip=True)
    _pip(contestant.python, "install", *contestant.requirements)
    stamp.write_text(wanted, encoding="utf-8")


def install_checkout(contestant: Contestant) -> None:
    """Install a wheel of the checkout as it is.

    Raises:
        subprocess.CalledProcessError: it cannot be built.
    """
    with tempfile.TemporaryDirectory() as folder:
        options = ("--no-deps", "--no-build-isolation", "--wheel-dir", folder)
        _pip(sys.executable, "wheel", *options, str(ROOT))
        (wheel,) = Path(folder).glob("*.whl")
        _pip(contestant.python, "install", "--no-deps", "--force-reinstall", str(wheel))


def _pip(python: str, *arguments: str) -> None:
    command = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True)
