"""Packages are fetched once, resumed, retried, verified, and unpacked without escaping."""

import base64
import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from codegen.download import ATTEMPTS, CHUNK, DownloadError, fetch_package
from codegen.sources import NpmPackage

FILES = {"package/package.json": b'{"name": "tiny"}', "package/dist/a.json": b"[1]"}


def _tarball(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return gzip.compress(buffer.getvalue(), mtime=0)


def _answer(content: bytes, status: int = 200) -> httpx.Response:
    return httpx.Response(status, stream=httpx.ByteStream(content))


def _package(tarball: bytes) -> NpmPackage:
    digest = base64.b64encode(hashlib.sha512(tarball).digest()).decode()
    return NpmPackage(
        "@scope/tiny", "1.2.3", f"sha512-{digest}", "CC0-1.0", "https://registry.test"
    )


@dataclass
class Registry:
    """A registry that answers with what it is told to, and remembers what it was asked."""

    cache: Path
    tarball: bytes
    answers: list[Callable[[httpx.Request], httpx.Response]] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    naps: list[float] = field(default_factory=list)

    def fetch(self) -> Path:
        transport = httpx.MockTransport(self._answer)
        package = _package(self.tarball)
        return fetch_package(package, cache=self.cache, transport=transport, sleep=self.naps.append)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answers.pop(0)(request) if self.answers else self.serve(request)

    def serve(self, request: httpx.Request) -> httpx.Response:
        """Answer as a registry does that knows ranges."""
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        if start >= len(self.tarball):
            return httpx.Response(416)
        return _answer(self.tarball[start:], 206 if start else 200)

    @property
    def part(self) -> Path:
        """Where the unfinished download lies."""
        self.cache.mkdir(exist_ok=True)
        name = f"@scope+tiny-1.2.3-{_package(self.tarball).integrity[7:15]}.part"
        return self.cache / name.replace("/", "_")

    @property
    def ranges(self) -> list[str | None]:
        """The ranges that were asked for."""
        return [request.headers.get("Range") for request in self.requests]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "cache", _tarball(FILES))


def _read(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {f"package/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in files}


def test_a_package_is_downloaded_verified_and_unpacked(registry: Registry) -> None:
    assert _read(registry.fetch()) == FILES
    assert [str(r.url) for r in registry.requests] == [
        "https://registry.test/@scope/tiny/-/tiny-1.2.3.tgz"
    ]
    assert registry.naps == []


def test_a_package_is_downloaded_once(registry: Registry) -> None:
    assert registry.fetch() == registry.fetch()
    assert len(registry.requests) == 1


def test_a_kept_tarball_is_unpacked_again_without_the_network(registry: Registry) -> None:
    folder = registry.fetch()
    folder.parent.rename(registry.cache / "gone")

    assert _read(registry.fetch()) == FILES
    assert len(registry.requests) == 1


def test_a_partial_file_is_resumed(registry: Registry) -> None:
    registry.part.write_bytes(registry.tarball[:50])

    assert _read(registry.fetch()) == FILES
    assert registry.ranges == ["bytes=50-"]
    assert not registry.part.exists()


def test_a_complete_partial_file_is_taken_as_it_is(registry: Registry) -> None:
    registry.part.write_bytes(registry.tarball)

    assert _read(registry.fetch()) == FILES


def test_a_server_that_ignores_ranges_starts_over(registry: Registry) -> None:
    registry.part.write_bytes(b"half of something")
    registry.answers = [lambda _: _answer(registry.tarball)]

    assert _read(registry.fetch()) == FILES


class _Broken(httpx.SyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content
        raise httpx.ReadError("the connection broke")


def test_a_broken_connection_is_resumed_where_it_broke(tmp_path: Path) -> None:
    big = hashlib.shake_256(b"tiny").digest(CHUNK + 1000)  # does not compress
    registry = Registry(tmp_path / "cache", _tarball({"package/big": big}))
    registry.answers = [lambda _: httpx.Response(200, stream=_Broken(registry.tarball[:CHUNK]))]

    assert _read(registry.fetch()) == {"package/big": big}
    assert registry.ranges == [None, f"bytes={CHUNK}-"]
    assert registry.naps == [2]


def test_failures_are_retried_after_longer_and_longer_pauses(registry: Registry) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    registry.answers = [refuse, lambda _: httpx.Response(503), refuse]

    assert _read(registry.fetch()) == FILES
    assert registry.naps == [2, 4, 8]


def test_a_registry_that_never_answers_is_given_up_on(registry: Registry) -> None:
    registry.answers = [lambda _: httpx.Response(503)] * ATTEMPTS

    with pytest.raises(
        DownloadError, match=r"@scope/tiny 1\.2\.3: HTTPStatusError after 5 attempt"
    ):
        registry.fetch()

    assert len(registry.naps) == ATTEMPTS - 1


def test_a_corrupted_download_is_refused_and_thrown_away(registry: Registry) -> None:
    registry.answers = [lambda _: _answer(b"something else")]

    with pytest.raises(DownloadError, match=r"pins sha512-.*; it was thrown away"):
        registry.fetch()

    assert list(registry.cache.iterdir()) == []
    assert _read(registry.fetch()) == FILES


def test_nothing_is_unpacked_outside_the_folder(tmp_path: Path) -> None:
    evil = {"../evil": b"1", "package/../../evil": b"2", str(tmp_path / "evil"): b"3"}
    registry = Registry(tmp_path / "cache", _tarball(FILES | evil))

    assert _read(registry.fetch()) == FILES
    assert not list(tmp_path.rglob("evil"))


def test_links_in_a_tarball_are_ignored(tmp_path: Path) -> None:
    links = {"package/link": "/etc/passwd", "package/up": "../.."}
    registry = Registry(tmp_path / "cache", _tarball(FILES, links))

    folder = registry.fetch()

    assert _read(folder) == FILES
    assert not any(path.is_symlink() for path in folder.iterdir())
