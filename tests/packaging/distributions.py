"""Builds the wheel and the sdist from the checkout, and reads what is in them."""

import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (ROOT / "generated" / "pymedplum", ROOT / "runtime" / "pymedplum_runtime")
_PIP_WHEEL = ("pip", "--quiet", "wheel", "--no-deps", "--no-build-isolation")


@dataclass(frozen=True)
class Wheel:
    """A built wheel and its files."""

    path: Path
    files: dict[str, bytes]

    def packaged(self) -> dict[str, bytes]:
        """The files that get imported: all but the metadata."""
        return {name: data for name, data in self.files.items() if not _is_metadata(name)}

    def metadata(self) -> dict[str, bytes]:
        """The files of the `.dist-info` folder, by their names in it."""
        return {
            name.partition("/")[2]: data for name, data in self.files.items() if _is_metadata(name)
        }

    def requirements(self) -> list[str]:
        """What the wheel asks for at run time, without the extras."""
        asked = message_from_bytes(self.metadata()["METADATA"]).get_all("Requires-Dist", [])
        return [line for line in asked if "extra ==" not in line]


def build_wheel(source: Path, folder: Path) -> Wheel:
    """Build a wheel from a checkout or from an sdist."""
    run_python("-m", *_PIP_WHEEL, "--wheel-dir", str(folder), str(source))
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return Wheel(path, {name: archive.read(name) for name in archive.namelist()})


def build_sdist(folder: Path) -> Path:
    """Build the sdist of the checkout."""
    run_python("-m", "hatchling", "build", "--target", "sdist", "--directory", str(folder))
    (path,) = folder.glob("*.tar.gz")
    return path


def sdist_names(path: Path) -> set[str]:
    """The files of an sdist, without the folder that they all stand in."""
    with tarfile.open(path) as archive:
        return {str(PurePosixPath(*PurePosixPath(name).parts[1:])) for name in archive.getnames()}


def source_files() -> dict[str, bytes]:
    """Every file of the two import packages, as the wheel has to name it."""
    return {
        file.relative_to(package.parent).as_posix(): file.read_bytes()
        for package in PACKAGES
        for file in package.rglob("*")
        if file.is_file() and file.parent.name != "__pycache__"
    }


def run_python(*arguments: str, python: str | Path = sys.executable, cwd: Path = ROOT) -> str:
    """Run an interpreter; what it printed, or an assertion with its errors."""
    run = subprocess.run([python, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def _is_metadata(name: str) -> bool:
    return PurePosixPath(name).parts[0].endswith(".dist-info")
