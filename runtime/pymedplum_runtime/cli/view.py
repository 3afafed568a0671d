"""Tables from files of resources, by SQL on FHIR views."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from pymedplum_runtime.cli.exits import CommandError, UsageError, tell
from pymedplum_runtime.cli.output import write_ndjson
from pymedplum_runtime.cli.tables import counted
from pymedplum_runtime.errors import ViewError
from pymedplum_runtime.lazy import did_you_mean

if TYPE_CHECKING:
    from pymedplum_runtime.tables.options import TableOptions
    from pymedplum_runtime.tables.views.view import View

_MOST_PROCESSES = 256


def table(  # noqa: PLR0913 - one for each option
    view: Annotated[
        str,
        typer.Argument(
            help="A ready view, such as observations, or the file of a ViewDefinition.",
            metavar="VIEW",
        ),
    ],
    files: Annotated[
        list[str],
        typer.Argument(help="NDJSON files, patterns, or folders of an export.", metavar="FILE"),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Write Parquet; without it, rows as JSON lines on stdout."
        ),
    ] = None,
    default_zone: Annotated[
        str | None,
        typer.Option(help="The zone of times that name none, such as Europe/Berlin."),
    ] = None,
    decimals: Annotated[
        Literal["decimal", "text"],
        typer.Option(help="Decimals in Parquet: DECIMAL(38, 18), or as they were written."),
    ] = "decimal",
    engine: Annotated[
        Literal["auto", "duckdb", "python"], typer.Option(help="What makes Parquet.")
    ] = "auto",
    processes: Annotated[
        int, typer.Option(help="How many share Python's work.", min=1, max=_MOST_PROCESSES)
    ] = 1,
    skip_errors: Annotated[
        bool, typer.Option("--skip-errors", help="Leave out what cannot be read; exit code 1.")
    ] = False,
) -> None:
    """Make a table of resources in files, without a server."""
    chosen = _view(view)
    options: TableOptions = {
        "engine": engine,
        "processes": processes,
        "decimals": decimals,
        "default_zone": _zone(default_zone),
        "on_error": "collect" if skip_errors else "raise",
    }
    if output is None:
        with chosen.rows(files, **options) as rows:
            write_ndjson(rows)
        errors = rows.errors
    else:
        if output.suffix != ".parquet":
            raise UsageError("--output: expected the name of a Parquet file, such as bp.parquet")
        report = chosen.to_parquet(files, output, **options)
        errors = list(report.errors)
        tell(f"{output}: {counted(report.rows, 'row')}")
    for error in errors:
        tell(str(error))
    if errors:
        raise CommandError(f"{counted(len(errors), 'error')}: what they name was left out")


def _view(name: str) -> "View":
    from pymedplum_runtime.tables.ready.views import ready  # noqa: PLC0415 - for this command alone
    from pymedplum_runtime.tables.views.view import View  # noqa: PLC0415 - the same

    if Path(name).suffix == ".json" or Path(name).is_file():
        try:
            return View.from_definition(Path(name))
        except ViewError as error:
            raise UsageError("\n".join(map(str, error.problems or [error]))) from None
    names = [each for each in dir(ready) if not each.startswith("_")]
    if name not in names:
        hint = did_you_mean(name, set(names))
        raise UsageError(
            f"'{name}' is no file of a ViewDefinition and none of the ready views "
            f"({', '.join(names)}){hint}"
        )
    found: View = getattr(ready, name)
    return found


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"--default-zone: '{name}' is no time zone; expected one such as Europe/Berlin"
        ) from None
