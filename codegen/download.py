"""Fetches pinned npm packages into .cache/: resumed, retried, verified, unpacked.

Besides server_documents, the only module of the generator that opens a connection.
"""

import base64
import hashlib
import os
import shutil
import tarfile
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import httpx

from codegen.sources import CACHE, NpmPackage

ATTEMPTS = 5
CHUNK = 1 << 20


class DownloadError(Exception):
    """A package could not be fetched, or is not the one that the lock file pins."""


def fetch_package(
    package: NpmPackage,
    *,
    cache: Path = CACHE / "npm",
    transport: httpx.BaseTransport | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Return the folder that holds the unpacked package, downloading it when it is missing.

    Raises:
        DownloadError: the registry does not answer, or the bytes do not match the lock file.
    """
    name = f"{package.name.replace('/', '+')}-{package.version}-{package.integrity[7:15]}"
    folder = cache / name.replace("/", "_")
    if folder.is_dir():
        return folder / "package"
    tarball = cache / f"{folder.name}.tgz"
    if not tarball.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        _download(package, tarball, transport, sleep)
    _unpack(tarball, folder)
    return folder / "package"


def _download(
    package: NpmPackage,
    tarball: Path,
    transport: httpx.BaseTransport | None,
    sleep: Callable[[float], None],
) -> None:
    part = tarball.with_suffix(".part")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with httpx.Client(transport=transport, timeout=60, follow_redirects=True) as client:
                _resume(client, package.url, part)
            break
        except httpx.HTTPError as error:
            if attempt == ATTEMPTS:
                raise DownloadError(
                    f"{package.name} {package.version}: {type(error).__name__} after {ATTEMPTS} "
                    f"attempts at {package.url}; run the command again to resume"
                ) from error
            sleep(2.0**attempt)
    actual = _integrity(part)
    if actual != package.integrity:
        part.unlink()
        raise DownloadError(
            f"{package.name} {package.version}: the download has {actual}, but "
            f"specs/sources.toml pins {package.integrity}; it was thrown away"
        )
    part.replace(tarball)


def _resume(client: httpx.Client, url: str, part: Path) -> None:
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return
        response.raise_for_status()
        resumed = response.status_code == HTTPStatus.PARTIAL_CONTENT
        with part.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_raw(CHUNK):
                file.write(chunk)


def _integrity(path: Path) -> str:
    digest = hashlib.sha512(path.read_bytes()).digest()
    return f"sha512-{base64.b64encode(digest).decode()}"


def _unpack(tarball: Path, folder: Path) -> None:
    scratch = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(scratch, ignore_errors=True)
    with tarfile.open(tarball) as archive:
        # Python 3.12 and 3.13 warn where no filter is named; the oldest patch releases have none.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        members = [member for member in archive if member.isfile() and _is_inside(member.name)]
        archive.extractall(scratch, members=members)  # noqa: S202 - only plain files inside
    try:
        scratch.rename(folder)
    except OSError:  # another process was faster
        shutil.rmtree(scratch)


def _is_inside(name: str) -> bool:
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts
