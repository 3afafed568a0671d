"""All files of an export into a folder: checked, planned, fetched by threads, written down.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-output-file-request
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from inspect import iscoroutinefunction
from os import PathLike
from pathlib import Path

import httpx

from pymedplum_runtime.bulk.content import Written, compressor
from pymedplum_runtime.bulk.crew import Crew
from pymedplum_runtime.bulk.downloading import Downloads, finished_before
from pymedplum_runtime.bulk.fetching import Access, Fetcher, Origin
from pymedplum_runtime.bulk.folder import ExportFolder
from pymedplum_runtime.bulk.links import Links
from pymedplum_runtime.bulk.manifest import FileKind, Manifest
from pymedplum_runtime.bulk.meter import Meter, ProgressCallback
from pymedplum_runtime.bulk.plan import PlannedFile
from pymedplum_runtime.bulk.polling import wait_for_export
from pymedplum_runtime.bulk.state import ExportState
from pymedplum_runtime.client.transport import check_client
from pymedplum_runtime.errors import BulkExportError, MedplumError
from pymedplum_runtime.http.flow import Flow, Work
from pymedplum_runtime.http.timeouts import seconds
from pymedplum_runtime.http.urls import origin_of
from pymedplum_runtime.ndjson.compression import Compression

_MOST_AT_ONCE = 64
_MOST_NAMED = 10  # failed files, in the text of an error


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file that was downloaded."""

    path: Path
    kind: FileKind
    type: str
    """The resource type of its lines."""
    lines: int
    bytes: int
    """On disk."""


@dataclass(frozen=True, slots=True)
class ExportedFiles:
    """What a download left on the disk."""

    folder: Path
    files: tuple[ExportedFile, ...]

    @property
    def output(self) -> tuple[Path, ...]:
        """The files with resources."""
        return self._of("output")

    @property
    def deleted(self) -> tuple[Path, ...]:
        """The files that name what was deleted."""
        return self._of("deleted")

    @property
    def error(self) -> tuple[Path, ...]:
        """The files that say what could not be exported."""
        return self._of("error")

    def _of(self, kind: FileKind) -> tuple[Path, ...]:
        return tuple(each.path for each in self.files if each.kind == kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the caller of a download asks for."""

    concurrency: int = 4
    compress: Compression | None = None
    progress: ProgressCallback | None = None
    check_counts: bool = True
    trusted_origins: Sequence[str] = ()
    http_client: httpx.Client | None = None

    def check(self) -> None:
        """Refuse what cannot be, before anything is sent or written.

        Raises:
            TypeError: an argument is of another type.
            ValueError: an argument is out of range.
            ImportError: `compress="zstd"` needs the extra `data`.
        """
        number = self.concurrency
        if isinstance(number, bool) or not isinstance(number, int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"concurrency must be an int, got {type(number).__name__}")
        if not 1 <= number <= _MOST_AT_ONCE:
            raise ValueError(f"concurrency must be from 1 to {_MOST_AT_ONCE}")
        if self.compress not in {None, "gzip", "zstd"}:
            raise ValueError('compress must be "gzip", "zstd" or None')
        if self.progress is not None and not callable(self.progress):
            raise TypeError(f"progress must be callable, got {type(self.progress).__name__}")
        if iscoroutinefunction(self.progress):
            raise TypeError("progress must be a plain function: threads call it, and cannot await")
        if self.http_client is not None:
            check_client(self.http_client, httpx.Client)
        compressor(self.compress)

    def trusted(self) -> frozenset[Origin]:
        """Return the origins that may have the token.

        Raises:
            TypeError: they are a text, or no texts.
            ValueError: one is no https origin.
        """
        if isinstance(self.trusted_origins, str):
            raise TypeError("trusted_origins must be a list of origins")
        return frozenset(_trusted(each) for each in self.trusted_origins)


def download_export(
    state: ExportState, folder: str | PathLike[str], deadline: float | datetime, wishes: Wishes
) -> Flow[ExportedFiles]:
    """Wait for the export, then bring all of its files into a folder.

    Raises:
        BulkExportError: the export failed, or files could not be had; what is whole stays.
        AsyncJobTimeoutError: the export did not end before the deadline.
        MedplumError: the server does not let us ask.
        TypeError: an argument is of another type.
        ValueError: an argument is out of range.
        ImportError: `compress="zstd"` needs the extra `data`.
    """
    wishes.check()
    access = Access(state.session.server.origin, wishes.trusted())
    place = ExportFolder(Path(folder), wishes.compress)
    manifest = yield from wait_for_export(state, deadline)
    if manifest.requires_access_token:
        for each in manifest.files:
            access.check(each.url)
    try:
        plan: tuple[PlannedFile, ...] = yield Work(place.open, (manifest,))
        yield from _fetched(state, place, Links(state, manifest, plan, access), plan, wishes)
        written: dict[str, Written] = yield Work(place.complete)
        return _exported(place, plan, written)
    finally:
        place.close()


def _fetched(
    state: ExportState,
    place: ExportFolder,
    links: Links,
    plan: tuple[PlannedFile, ...],
    wishes: Wishes,
) -> Flow[None]:
    finished: dict[str, Written] = yield Work(finished_before, (place, plan))
    left = deque(each for each in plan if each.name not in finished)
    if not left:
        return
    session, size = state.session, min(wishes.concurrency, len(left))
    manifest: Manifest = state.completed()
    timeout = session.timeout if state.options.timeout is None else seconds(state.options.timeout)
    http: httpx.Client = wishes.http_client or (yield Work(_bare_client, (size,)))
    crew = Crew(size, session.clock)
    fetcher = Fetcher(http, timeout, crew, links.access)
    meter = Meter(manifest, wishes.progress, crew, finished.values())
    files = Downloads(state, place, links, fetcher, crew, meter, wishes.check_counts, left)
    try:
        crew.start(files.next)
        yield from crew.serve()
    finally:
        if wishes.http_client is None:
            http.close()
    if files.failed:
        raise _failure(place, plan, files.failed)


def _bare_client(size: int) -> httpx.Client:
    """Return a client that knows nothing of ours: no token, no cookies, no headers."""
    return httpx.Client(
        follow_redirects=False,
        limits=httpx.Limits(max_connections=size, max_keepalive_connections=size),
    )


def _failure(
    place: ExportFolder, plan: Sequence[PlannedFile], failed: dict[str, MedplumError]
) -> BulkExportError:
    reasons = [f"{each.name}: {failed[each.name]}" for each in plan if each.name in failed]
    more = f"; and {len(reasons) - _MOST_NAMED} more" if len(reasons) > _MOST_NAMED else ""
    others = "the others are there, and the next download goes on after them"
    kept = others if len(reasons) < len(plan) else "the next download tries again"
    return BulkExportError(
        f"{len(reasons)} of {len(plan)} files could not be downloaded into {place.path}; {kept}: "
        f"{'; '.join(reasons[:_MOST_NAMED])}{more}"
    )


def _exported(
    place: ExportFolder, plan: Sequence[PlannedFile], written: dict[str, Written]
) -> ExportedFiles:
    files = [
        ExportedFile(
            place.place(each),
            each.kind,
            each.type,
            written[each.name].lines,
            written[each.name].bytes,
        )
        for each in plan
    ]
    return ExportedFiles(place.path, tuple(files))


def _trusted(given: object) -> Origin:
    if not isinstance(given, str):
        raise TypeError(f"trusted_origins must be texts, got {type(given).__name__}")
    try:
        found = origin_of(given)
    except MedplumError:
        found = None
    if found is None or given.rstrip("/").count("/") != 2:  # noqa: PLR2004 - those of ://
        raise ValueError("trusted_origins must be origins such as https://files.example.com")
    return found
