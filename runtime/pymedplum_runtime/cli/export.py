"""Bulk export into a folder, and coming back to one that was interrupted."""

import json
import shlex
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from pymedplum_runtime.cli.client import Client, invocation
from pymedplum_runtime.cli.exits import UsageError, tell
from pymedplum_runtime.cli.progress import Progress, progress
from pymedplum_runtime.cli.tables import counted, write_table
from pymedplum_runtime.errors import BulkExportError

if TYPE_CHECKING:
    from pymedplum_runtime.bulk import DownloadProgress, ExportedFiles, ExportJob, ExportStatus

DAY = 24 * 3600.0
_RUNNING = ".export.running"
"""In the folder until all is there: the status URL, and what was asked for."""
_COMPLETE = "export.json"
_MEGABYTE = 1_000_000


def export(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go.")],
    *,
    level: Annotated[
        str, typer.Option(help="system, Patient or Group/<id>.", metavar="LEVEL")
    ] = "system",
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help="Only this type; may be repeated.", metavar="TYPE"),
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only what changed since this instant.", metavar="INSTANT")
    ] = None,
    type_filter: Annotated[
        list[str] | None,
        typer.Option(help="Such as Observation?status=final; may be repeated.", metavar="SEARCH"),
    ] = None,
    elements: Annotated[
        list[str] | None,
        typer.Option(help="Only this element; may be repeated.", metavar="ELEMENT"),
    ] = None,
    compress: Annotated[
        Literal["gzip", "zstd"] | None, typer.Option(help="Of the files on disk.")
    ] = None,
    concurrency: Annotated[
        int, typer.Option(help="How many files are fetched at once.", min=1, max=64)
    ] = 4,
    attach: Annotated[
        str | None,
        typer.Option(help="Go on with the export of this status URL.", metavar="URL"),
    ] = None,
    deadline: Annotated[
        float,
        typer.Option(
            help="How long the export may take.", min=0.001, max=366 * DAY, metavar="SECONDS"
        ),
    ] = DAY,
) -> None:
    """Export a population into NDJSON files; interrupted, the same command goes on."""
    asked: dict[str, Any] = {
        "level": level,
        "types": types,
        "since": since,
        "type_filter": type_filter,
        "elements": elements,
    }
    run = invocation(context)
    with run.client() as client, _resumable(folder), run.checked():
        job = _job(client, folder, asked, attach)
        with progress() as shown:
            _wait(job, shown, folder, deadline)
            files = job.download(
                folder,
                concurrency=concurrency,
                compress=compress,
                progress=lambda far: _downloading(shown, far),
            )
    (folder / _RUNNING).unlink(missing_ok=True)
    _write_files(files)


def _job(
    client: Client, folder: Path, asked: Mapping[str, Any], status_url: str | None
) -> "ExportJob":
    """Start an export, or come back to the one that the folder or the caller names."""
    running = folder / _RUNNING
    begun = _begun(running)
    if status_url is not None:
        job = client.attach_bulk_export(status_url)
        if begun and begun.get("status_url") not in {None, job.status_url}:
            raise _another(running)
    elif begun is not None:
        if begun.get("asked") != asked or not isinstance(begun.get("status_url"), str):
            raise _another(running)
        job = client.attach_bulk_export(begun["status_url"])
    elif (folder / _COMPLETE).exists():
        raise UsageError(
            f"{folder} holds an export already; name another folder, or --attach its status URL"
        )
    else:
        job = client.bulk_export(**asked)
    folder.mkdir(parents=True, exist_ok=True)
    running.write_text(json.dumps({"status_url": job.status_url, "asked": asked}), encoding="utf-8")
    is_known = status_url is not None or begun is not None
    tell(f"export {'goes on' if is_known else 'started'}: {job.status_url}")
    return job


def _begun(running: Path) -> dict[str, Any] | None:
    """Return what is known of the export that was begun into this folder, if one was."""
    try:
        known: object = json.loads(running.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        known = None
    return cast("dict[str, Any]", known) if isinstance(known, dict) else {}


def _another(running: Path) -> UsageError:
    return UsageError(
        f"{running} tells of another export that was begun there; name another folder, or "
        "remove that file where it is not wanted any more"
    )


@contextmanager
def _resumable(folder: Path) -> Generator[None, None, None]:
    """Say, where an export is interrupted, how to go on."""
    try:
        yield
    except UsageError:
        raise
    except BaseException:
        with suppress(OSError, ValueError, KeyError):
            url = json.loads((folder / _RUNNING).read_text(encoding="utf-8"))["status_url"]
            tell(
                "what is whole stays; the same command goes on, or: "
                f"pymedplum export {shlex.quote(str(folder))} --attach {shlex.quote(url)}"
            )
        raise


def _wait(job: "ExportJob", shown: Progress, folder: Path, deadline: float) -> None:
    """Wait for the end; an export that failed is not to be gone on with."""

    def tell_status(status: "ExportStatus") -> None:
        shown.show(f"waiting for the server{f': {status.progress}' if status.progress else ''}")

    shown.show("waiting for the server")
    try:
        job.wait(deadline, progress=tell_status)
    except BulkExportError:
        (folder / _RUNNING).unlink(missing_ok=True)
        raise


def _downloading(shown: Progress, far: "DownloadProgress") -> None:
    amount = f"{far.bytes / _MEGABYTE:.1f} MB, {far.lines} resources"
    shown.show("files", far.files_done, far.files, amount)


def _write_files(files: "ExportedFiles") -> None:
    if files.error:
        tell(f"{counted(len(files.error), 'file')} in error/: what could not be exported")
    rows = [[str(e.path), e.kind, e.type, str(e.lines), str(e.bytes)] for e in files.files]
    write_table(["path", "kind", "type", "lines", "bytes"], rows)
    if not rows:
        tell("the export gave no files: nothing matches, or nothing may be read")
