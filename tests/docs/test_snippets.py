"""Every snippet of the README and of docs/ runs and type-checks as it stands."""

import subprocess
import sys
from pathlib import Path

import pytest
from snippets import ROOT, pages_with_snippets

PROGRAMS = pages_with_snippets()


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program of every page."""
    folder = tmp_path_factory.mktemp("docs")
    for name, text in PROGRAMS.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PROGRAMS)
def test_the_snippets_of_a_page_run(page: str, programs: Path) -> None:
    _run(sys.executable, "-W", "error", str(programs / f"{page}.py"))


def test_the_snippets_type_check_with_mypy(programs: Path) -> None:
    files = [str(path) for path in sorted(programs.glob("*.py"))]
    empty = str(programs / "mypy.ini")
    Path(empty).write_text("[mypy]\n", encoding="utf-8")
    cache = str(ROOT / ".mypy_cache" / "docs")
    path = [sys.executable, "-m", "mypy", "--strict", "--config-file", empty, "--cache-dir", cache]
    _run(*path, *files)


def test_the_snippets_type_check_with_pyright(programs: Path) -> None:
    settings = '{"typeCheckingMode": "standard", "include": ["*.py"]}'
    (programs / "pyrightconfig.json").write_text(settings, encoding="utf-8")
    python = ["--pythonpath", sys.executable]
    _run(sys.executable, "-m", "pyright", "--project", str(programs), *python)
