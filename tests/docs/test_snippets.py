"""Every snippet of the README and of docs/ runs and type-checks as it stands."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from snippets import ROOT, pages_with_snippets

LONGEST = 300  # seconds; whatever takes longer hangs


def _run(*command: str, folder: Path = ROOT, environment: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", pages_with_snippets())
def test_the_snippets_of_a_page_run(
    page: str, programs: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    program = str(programs / f"{page}.py")
    _run(sys.executable, "-W", "error", program, folder=tmp_path, environment=environment)


def test_the_snippets_type_check_with_mypy(programs: Path) -> None:
    files = [str(path) for path in sorted(programs.glob("*.py"))]
    empty = str(programs / "mypy.ini")
    Path(empty).write_text("[mypy]\n", encoding="utf-8")
    cache = str(ROOT / ".mypy_cache" / "docs")
    path = [sys.executable, "-m", "mypy", "--strict", "--config-file", empty, "--cache-dir", cache]
    _run(*path, *files)


def test_the_snippets_type_check_with_pyright(programs: Path) -> None:
    settings = '{"typeCheckingMode": "strict", "include": ["*.py"]}'
    (programs / "pyrightconfig.json").write_text(settings, encoding="utf-8")
    python = ["--pythonpath", sys.executable]
    _run(sys.executable, "-m", "pyright", "--project", str(programs), *python)
