"""The thread-safety script on a free-threaded CPython: the only test that may be skipped."""

import subprocess
import sys
from pathlib import Path

import pytest
from debian_source import DEFAULT_MIRROR, find_mirror, why_not
from free_threaded import why_unavailable

FOLDER = Path(__file__).resolve().parent
DEB822 = """\
# URIs: http://old.example/debian
URIs: https://mirror.example/debian-security https://mirror.example/debian/
"""
ONE_LINE = """\
# deb http://old.example/debian trixie main
deb [arch=amd64] https://mirror.example/a/debian trixie main
"""


def test_models_are_safe_to_share_between_threads_without_the_gil() -> None:
    reason = why_unavailable()
    if reason:
        pytest.skip(reason)
    run = subprocess.run(
        [sys.executable, FOLDER / "run.py"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "passed" in run.stdout


def test_a_machine_without_apt_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "no apt-get" in str(why_not())


def test_a_user_who_is_not_root_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("debian_source.shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("debian_source.missing_packages", lambda: ["gcc", "make"])
    monkeypatch.setattr("debian_source.os.geteuid", lambda: 0)
    assert why_not() is None
    monkeypatch.setattr("debian_source.os.geteuid", lambda: 1000)
    assert why_not() == "not root, so run: sudo apt-get install gcc make"


@pytest.mark.parametrize(
    ("name", "text", "mirror"),
    [
        ("debian.sources", DEB822, "https://mirror.example/debian/"),
        ("main.list", ONE_LINE, "https://mirror.example/a/debian"),
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
