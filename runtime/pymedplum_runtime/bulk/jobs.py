"""An export as a user holds it: one class for each client, over the same flows."""

from collections.abc import Sequence
from datetime import datetime
from os import PathLike

import httpx

from pymedplum_runtime.bulk.download import ExportedFiles, Wishes, download_export
from pymedplum_runtime.bulk.manifest import Manifest
from pymedplum_runtime.bulk.meter import ProgressCallback
from pymedplum_runtime.bulk.polling import (
    DAY,
    StatusCallback,
    cancel_export,
    export_status,
    wait_for_export,
)
from pymedplum_runtime.bulk.state import ExportState, ExportStatus
from pymedplum_runtime.client.drivers import AsyncDriver, SyncDriver
from pymedplum_runtime.ndjson.compression import Compression


class _Job:
    """What both kinds of jobs tell without asking the server."""

    _state: ExportState

    @property
    def status_url(self) -> str:
        """Where the server tells of the export; `attach_bulk_export` comes back to it."""
        return self._state.status_url

    @property
    def progress(self) -> str | None:
        """The server's last words on how far it is (`X-Progress`), where it said so."""
        return self._state.progress

    @property
    def manifest(self) -> Manifest:
        """Which files there are.

        Raises:
            BulkExportError: the export has not ended, as far as is known, or was cancelled.
        """
        return self._state.completed()

    def __repr__(self) -> str:
        state = "cancelled" if self._state.is_cancelled else "completed"
        known = self._state.is_cancelled or self._state.manifest is not None
        return f"{type(self).__name__}({state if known else 'in-progress'})"


class ExportJob(_Job):
    """A bulk export on the server, as `MedplumClient.bulk_export` gives it.

    Example:
        >>> job = client.bulk_export(types=["Patient", "Observation"])
        >>> files = job.download("export")
    """

    def __init__(self, driver: SyncDriver, state: ExportState) -> None:
        self._driver = driver
        self._state = state

    def status(self) -> ExportStatus:
        """Ask the server once.

        Raises:
            MedplumError: the server does not say how the export is.

        Example:
            >>> job.status().state
            'in-progress'
        """
        return self._driver.run(export_status(self._state))

    def wait(
        self, deadline: float | datetime = DAY, *, progress: StatusCallback | None = None
    ) -> Manifest:
        """Ask the server again and again until the export has ended.

        As often as the server wishes (`Retry-After`), else first every second, then less and
        less often, at last every minute. Failures that pass (no answer, 429, 5xx) are survived.

        Args:
            deadline: seconds from now, or a datetime with a time zone. A failing export may
                never end, so there always is one: a day, where nothing is said.
            progress: receives an `ExportStatus` each time that the server answered.

        Raises:
            AsyncJobTimeoutError: the deadline is over; the export goes on.
            BulkExportError: the export failed or was cancelled, or its manifest is wrong.
            MedplumError: the server does not let us ask.
            TypeError: the deadline is neither a number nor a datetime, or progress is no function.
            ValueError: the deadline is negative, too far away, or has no time zone.

        Example:
            >>> manifest = job.wait(deadline=3600)
        """
        return self._driver.run(wait_for_export(self._state, deadline, progress=progress))

    def cancel(self) -> None:
        """End the export on the server; one that has ended or is unknown there is no error.

        Raises:
            MedplumError: the server refuses.

        Example:
            >>> job.cancel()
        """
        self._driver.run(cancel_export(self._state))

    def download(  # noqa: PLR0913 - each of them is a choice of its own
        self,
        folder: str | PathLike[str],
        *,
        concurrency: int = 4,
        compress: Compression | None = None,
        progress: ProgressCallback | None = None,
        deadline: float | datetime = DAY,
        check_counts: bool = True,
        trusted_origins: Sequence[str] = (),
        http_client: httpx.Client | None = None,
    ) -> ExportedFiles:
        """Wait for the export, then bring all of its files into a folder.

        Files are called `Patient.000.ndjson`; those that tell of deletions and of errors lie in
        `deleted/` and `error/`, and `export.json` says which export it is. A file has its name
        once it is whole. Interrupted, even killed, the same call on the same export goes on
        after the last whole file.

        Args:
            folder: made where it is not there; it holds this export, or nothing.
            concurrency: how many files are fetched at once, 1 to 64; each in a thread.
            compress: `"gzip"`, or `"zstd"` with the extra `data`.
            progress: a plain function; receives a `DownloadProgress` now and then, from any
                thread, one call at a time. What it raises ends the download.
            deadline: for the export to end, as `wait` takes it.
            check_counts: whether a file must have as many lines as the manifest says, where it
                does.
            trusted_origins: other origins that may have the client's token, such as
                `https://files.example.com`, for servers that keep protected files elsewhere.
            http_client: fetches the files, with proxies or certificates of your own.

        Raises:
            BulkExportError: the export failed, files cannot be had or written, or the folder
                holds something else. What is whole stays.
            AsyncJobTimeoutError: the export did not end before the deadline.
            MedplumError: the server does not let us ask.
            TypeError: an argument is of another type.
            ValueError: an argument is out of range.
            ImportError: `compress="zstd"` needs the extra `data`.

        Example:
            >>> files = job.download("export", compress="gzip")
        """
        return self._driver.run(
            download_export(
                self._state,
                folder,
                deadline,
                Wishes(
                    concurrency=concurrency,
                    compress=compress,
                    progress=progress,
                    check_counts=check_counts,
                    trusted_origins=trusted_origins,
                    http_client=http_client,
                ),
            )
        )


class AsyncExportJob(_Job):
    """A bulk export on the server, as `AsyncMedplumClient.bulk_export` gives it.

    Example:
        >>> job = await client.bulk_export(types=["Patient", "Observation"])
        >>> files = await job.download("export")
    """

    def __init__(self, driver: AsyncDriver, state: ExportState) -> None:
        self._driver = driver
        self._state = state

    async def status(self) -> ExportStatus:
        """Ask the server once.

        Raises:
            MedplumError: the server does not say how the export is.

        Example:
            >>> (await job.status()).state
            'in-progress'
        """
        return await self._driver.run(export_status(self._state))

    async def wait(
        self, deadline: float | datetime = DAY, *, progress: StatusCallback | None = None
    ) -> Manifest:
        """Ask the server again and again until the export has ended.

        As often as the server wishes (`Retry-After`), else first every second, then less and
        less often, at last every minute. Failures that pass (no answer, 429, 5xx) are survived.

        Args:
            deadline: seconds from now, or a datetime with a time zone. A failing export may
                never end, so there always is one: a day, where nothing is said.
            progress: receives an `ExportStatus` each time that the server answered; it may be
                async.

        Raises:
            AsyncJobTimeoutError: the deadline is over; the export goes on.
            BulkExportError: the export failed or was cancelled, or its manifest is wrong.
            MedplumError: the server does not let us ask.
            TypeError: the deadline is neither a number nor a datetime, or progress is no function.
            ValueError: the deadline is negative, too far away, or has no time zone.

        Example:
            >>> manifest = await job.wait(deadline=3600)
        """
        return await self._driver.run(wait_for_export(self._state, deadline, progress=progress))

    async def cancel(self) -> None:
        """End the export on the server; one that has ended or is unknown there is no error.

        Raises:
            MedplumError: the server refuses.

        Example:
            >>> await job.cancel()
        """
        await self._driver.run(cancel_export(self._state))

    async def download(  # noqa: PLR0913 - each of them is a choice of its own
        self,
        folder: str | PathLike[str],
        *,
        concurrency: int = 4,
        compress: Compression | None = None,
        progress: ProgressCallback | None = None,
        deadline: float | datetime = DAY,
        check_counts: bool = True,
        trusted_origins: Sequence[str] = (),
        http_client: httpx.Client | None = None,
    ) -> ExportedFiles:
        """Wait for the export, then bring all of its files into a folder.

        Files are called `Patient.000.ndjson`; those that tell of deletions and of errors lie in
        `deleted/` and `error/`, and `export.json` says which export it is. A file has its name
        once it is whole. Interrupted, even killed, the same call on the same export goes on
        after the last whole file.

        Args:
            folder: made where it is not there; it holds this export, or nothing.
            concurrency: how many files are fetched at once, 1 to 64; each in a thread.
            compress: `"gzip"`, or `"zstd"` with the extra `data`.
            progress: a plain function; receives a `DownloadProgress` now and then, from any
                thread, one call at a time. What it raises ends the download.
            deadline: for the export to end, as `wait` takes it.
            check_counts: whether a file must have as many lines as the manifest says, where it
                does.
            trusted_origins: other origins that may have the client's token, such as
                `https://files.example.com`, for servers that keep protected files elsewhere.
            http_client: fetches the files, with proxies or certificates of your own.

        Raises:
            BulkExportError: the export failed, files cannot be had or written, or the folder
                holds something else. What is whole stays.
            AsyncJobTimeoutError: the export did not end before the deadline.
            MedplumError: the server does not let us ask.
            TypeError: an argument is of another type.
            ValueError: an argument is out of range.
            ImportError: `compress="zstd"` needs the extra `data`.

        Example:
            >>> files = await job.download("export", compress="gzip")
        """
        return await self._driver.run(
            download_export(
                self._state,
                folder,
                deadline,
                Wishes(
                    concurrency=concurrency,
                    compress=compress,
                    progress=progress,
                    check_counts=check_counts,
                    trusted_origins=trusted_origins,
                    http_client=http_client,
                ),
            )
        )
