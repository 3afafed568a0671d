"""Prints the reports as one table."""

from rich.console import Console
from rich.table import Table

from tests.benchmarks.contestants import FHIR_RESOURCES, FHIRCRAFT, OURS, PYMEDPLUM
from tests.benchmarks.rows import CountRow, Report, Row

DIGITS = {"ms": 0, "s": 2, "us": 1, "MiB": 0, "files": 0}
SHOWN = (PYMEDPLUM.name, FHIR_RESOURCES.name, FHIRCRAFT.name, OURS.name)
VERDICTS = {True: "[green]yes", False: "[red]no", None: ""}
PRINTED_BELOW = 10.0  # ms: small values keep a decimal
WIDE = 230  # columns, where no terminal says how many


def print_reports(reports: list[Report], title: str) -> None:
    """Print every row, then what could not be measured."""
    table = Table(title=title, title_justify="left")
    table.add_column("measure", no_wrap=True)
    for heading in ("floor", *SHOWN):
        table.add_column(heading.replace("-", " "), justify="right")
    table.add_column("ours / floor", justify="right")
    table.add_column("ours / pymedplum", justify="right")
    table.add_column("target")
    table.add_column("met")
    for report in reports:
        for row in report.rows:
            table.add_row(*_cells(row))
        table.add_section()
    console = Console(width=None if Console().is_terminal else WIDE)
    console.print(table)
    for note in (note for report in reports for note in report.notes):
        console.print(f"not measured: {note}", markup=False)


def _cells(row: Row | CountRow) -> list[str]:
    values = [_value(row, name) for name in SHOWN]
    floor = "" if row.floor is None else _number(row.floor, row.unit)
    ratios = [_ratio(row.to_floor), _ratio(row.to_peer)]
    return [row.measure, floor, *values, *ratios, row.goal, VERDICTS[row.is_met]]


def _value(row: Row | CountRow, name: str) -> str:
    if name not in row.values:
        return "-"
    text = _number(row.values[name], row.unit)
    return f"{text} ({row.counts[name]})" if name in row.counts else text


def _number(value: float, unit: str) -> str:
    digits = 1 if unit == "ms" and value < PRINTED_BELOW else DIGITS[unit]
    return f"{value:,.{digits}f}" + ("" if unit == "files" else f" {unit}")


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"
