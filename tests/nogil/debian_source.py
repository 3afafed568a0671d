"""Fetches CPython's source through apt, with lists of its own: the system's stay untouched."""

import os
import re
import shutil
import subprocess
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
DEFAULT_MIRROR = "http://deb.debian.org/debian"
SUITE = "trixie"
SOURCE_PACKAGE = "python3.13"
PACKAGES = (
    "ca-certificates",
    "debian-archive-keyring",
    "dpkg-dev",
    "gcc",
    "libc6-dev",
    "libffi-dev",
    "libssl-dev",
    "make",
    "xz-utils",
    "zlib1g-dev",
)
_SOURCE_LINE = re.compile(r"(?:URIs:|deb\s)(.*)")
_ARCHIVE = re.compile(r"\w+://\S+/debian/?(?=\s|$)")


def missing_packages() -> list[str]:
    """What has to be installed before CPython can be built here."""
    return [name for name in PACKAGES if not _is_installed(name)]


def why_not() -> str | None:
    """Why CPython cannot be built on this machine, or None when it can."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-query")):
        return "no apt-get: free-threaded CPython is built from Debian's source package"
    missing = missing_packages()
    if missing and os.geteuid() != 0:
        return f"not root, so run: sudo apt-get install {' '.join(missing)}"
    return None


def install_packages(log: Path) -> None:
    """Install what is missing; only root gets here with anything missing."""
    missing = missing_packages()
    if missing:
        print(f"Installing {' '.join(missing)} ...", flush=True)
        run_logged(log, "apt-get", "update")
        run_logged(log, "apt-get", "install", "--yes", "--no-install-recommends", *missing)


def fetch_source(folder: Path, log: Path) -> Path:
    """Download, verify and unpack the source package; where it was unpacked."""
    shutil.rmtree(folder, ignore_errors=True)
    options = _apt_options(folder)
    run_logged(log, "apt-get", *options, "update", cwd=folder)
    run_logged(log, "apt-get", *options, "source", SOURCE_PACKAGE, cwd=folder)
    (unpacked,) = (found.parent for found in folder.glob("*/configure"))
    return unpacked


def run_logged(log: Path, *command: str | Path, cwd: Path | None = None) -> None:
    """Run a command whose output goes to the log; its end is shown when it fails."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    with log.open("ab") as stream:
        run = subprocess.run(
            command, cwd=cwd, env=environment, stdout=stream, stderr=subprocess.STDOUT, check=False
        )
    if run.returncode:
        end = log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:]
        raise SystemExit("\n".join([*end, f"failed: {' '.join(map(str, command))}; see {log}"]))


def find_mirror(folder: Path = Path("/etc/apt")) -> str:
    """The Debian mirror that this machine uses already, deb822 and one-line lists alike."""
    sources = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    for source in sources:
        if source.suffix in {".list", ".sources"} and source.is_file():
            for line in source.read_text(encoding="utf-8").splitlines():
                declared = _SOURCE_LINE.match(line)
                found = declared and _ARCHIVE.search(declared[1])
                if found:
                    return found[0]
    return DEFAULT_MIRROR


def _apt_options(folder: Path) -> list[str]:
    sources = folder / "debian.sources"
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    lines = [
        "Types: deb-src",
        f"URIs: {find_mirror()}",
        f"Suites: {SUITE}",
        "Components: main",
        f"Signed-By: {KEYRING}",
    ]
    sources.write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State": folder / "state",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",  # apt's own user may not enter the checkout
        "APT::Get::AllowUnauthenticated": "false",
        "Acquire::AllowInsecureRepositories": "false",
        "Acquire::Retries": "5",
    }
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def _is_installed(name: str) -> bool:
    command = ("dpkg-query", "--show", "--showformat", "${db:Status-Status}", name)
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stdout == "installed"
