"""Bulk import: resources from NDJSON into the server, each once."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pymedplum_runtime.cli.client import invocation
from pymedplum_runtime.cli.exits import CommandError, UsageError, tell
from pymedplum_runtime.cli.input import STDIN, stdin
from pymedplum_runtime.cli.progress import Progress, progress
from pymedplum_runtime.cli.tables import write_table

if TYPE_CHECKING:
    from pymedplum_runtime.loading import LoadFailure, LoadProgress, LoadReport

_MOST_TOLD = 20  # failures on stderr; the result has all


def load(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE", help="NDJSON files or a folder; - reads stdin."),
    ],
    *,
    journal: Annotated[
        Path | None,
        typer.Option(help="Remembers the import, so that the same command goes on with it."),
    ] = None,
    match: Annotated[
        Literal["tag", "identifier"],
        typer.Option(help="What tells that a resource is stored already."),
    ] = "tag",
    write: Annotated[
        Literal["create", "update"],
        typer.Option(help="update writes under the ids of the source, where the server allows it."),
    ] = "create",
    skip: Annotated[
        bool,
        typer.Option("--skip-bad-lines", help="Report lines that are no resource; load the rest."),
    ] = False,
    retry: Annotated[
        bool, typer.Option("--retry-failed", help="Send what the server refused before, too.")
    ] = False,
) -> None:
    """Import resources from NDJSON, with a journal each once; the result lists what failed."""
    if STDIN in sources and len(sources) > 1:
        raise UsageError("- goes with no other source")
    if journal is None:
        tell("no --journal: run again, this stores everything a second time")
    with invocation(context).client() as client, _resumable(journal), progress() as shown:
        report = client.load(
            stdin() if sources == [STDIN] else sources,
            journal=None if journal is None else str(journal),
            match=match,
            write=write,
            on_error="collect" if skip else "raise",
            retry_failed=retry,
            progress=lambda far: _loading(shown, far),
        )
    _write_report(report, is_verbose=invocation(context).is_verbose)


@contextmanager
def _resumable(journal: Path | None) -> Generator[None, None, None]:
    """Say, where an import is interrupted, what became of it and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        goes_on = "" if journal is None else "; the same command goes on"
        tell(f"interrupted: what is stored stays{goes_on}")
        raise


def _loading(shown: Progress, far: "LoadProgress") -> None:
    shown.show("resources", far.done, far.total, f"{far.failed} failed" if far.failed else "")


def _write_report(report: "LoadReport", *, is_verbose: bool) -> None:
    """Write a row for each failure, and the sums.

    Raises:
        CommandError: something failed.
    """
    tell(
        f"{report.created} created, {report.existed} there before, {report.updated} updated, "
        f"{len(report.failed)} failed"
    )
    if report.ok:
        return
    columns = ["source", "line", "resource", "status", "reason"]
    write_table(columns, (_row(failure) for failure in report.failed))
    if is_verbose:
        for failure in report.failed[:_MOST_TOLD]:
            tell(f"{failure.source}, line {failure.line}: {failure.detail or failure.reason}")
    raise CommandError(f"{len(report.failed)} of {report.total} resources failed")


def _row(failure: "LoadFailure") -> list[str]:
    named = "/".join(part for part in (failure.resource_type, failure.resource_id) if part)
    status = "" if failure.status_code is None else str(failure.status_code)
    where = ", ".join(failure.expressions)
    reason = f"{failure.reason} ({where})" if where else failure.reason
    return [failure.source, str(failure.line), named, status, reason]
