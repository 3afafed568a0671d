"""The thread-safety script on a free-threaded CPython: the only test that may be skipped."""

import subprocess
import sys
from pathlib import Path

import pytest
from debian_source import DEFAULT_MIRROR, find_mirror
from free_threaded import why_unavailable

FOLDER = Path(__file__).resolve().parent


def test_models_are_safe_to_share_between_threads_without_the_gil() -> None:
    reason = why_unavailable()
    if reason:
        pytest.skip(reason)
    run = subprocess.run(
        [sys.executable, FOLDER / "run.py"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "passed" in run.stdout


@pytest.mark.parametrize(
    ("name", "text", "mirror"),
    [
        (
            "debian.sources",
            "Types: deb\n# URIs: http://old.example/debian\n"
            "URIs: https://mirror.example/debian-security https://mirror.example/debian/\n",
            "https://mirror.example/debian/",
        ),
        (
            "main.list",
            "# deb http://old.example/debian trixie main\n"
            "deb [arch=amd64] https://mirror.example/a/debian trixie main\n",
            "https://mirror.example/a/debian",
        ),
        ("other.list", "deb https://mirror.example/ubuntu noble main\n", DEFAULT_MIRROR),
        ("main.list.disabled", "deb https://mirror.example/debian trixie main\n", DEFAULT_MIRROR),
    ],
)
def test_the_machines_own_debian_mirror_is_used(
    tmp_path: Path, name: str, text: str, mirror: str
) -> None:
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / name).write_text(text, encoding="utf-8")
    assert find_mirror(tmp_path) == mirror
