"""Validation of files: what is wrong, where and by which rule, and never a value."""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pymedplum_runtime.cli.exits import CommandError, UsageError, tell
from pymedplum_runtime.cli.output import write_ndjson
from pymedplum_runtime.cli.screen import has_colours, is_terminal, without_control
from pymedplum_runtime.cli.tables import counted, write_table
from pymedplum_runtime.errors import ProfileError

if TYPE_CHECKING:
    from rich.console import Console

    from pymedplum_runtime.cli.resource_files import Checked

_COLUMNS = ("source", "line", "type", "severity", "path", "rule", "message")
_COLOURS = {"fatal": "bold red", "error": "red", "warning": "yellow", "unchecked": "blue"}
_TYPE = re.compile(r"[A-Z][A-Za-z]{0,63}")
_MOST_PROCESSES = 256


def validate(  # noqa: PLR0913 - one for each option
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="JSON or NDJSON, or a folder; - reads stdin."),
    ],
    *,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            help="Apply this profile to the resources of its type; may be repeated.",
            metavar="CANONICAL",
        ),
    ] = None,
    load: Annotated[
        list[str] | None,
        typer.Option(
            help="Profiles to load first: an npm package (.tgz), a folder, a JSON file, or a "
            "module that `profile` wrote; may be repeated.",
            metavar="WHERE",
        ),
    ] = None,
    level: Annotated[
        Literal["structure", "base", "profile"],
        typer.Option(help="How far: types and cardinality; FHIR's rules; profiles, too."),
    ] = "profile",
    output: Annotated[
        Literal["text", "json"],
        typer.Option(help="json is a line with an OperationOutcome for each resource with issues."),
    ] = "text",
    fail_on: Annotated[
        Literal["error", "warning"], typer.Option(help="What makes the exit code 1.")
    ] = "error",
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="List what could not be checked, too.")
    ] = False,
    processes: Annotated[
        int, typer.Option(help="How many share the work of NDJSON.", min=1, max=_MOST_PROCESSES)
    ] = 1,
) -> None:
    """Validate resources against FHIR's rules and profiles, without a server."""
    from pymedplum_runtime.cli.resource_files import (  # noqa: PLC0415 - for this command alone
        Rules,
        checked,
        files_at,
    )

    if profile and level != "profile":
        raise UsageError(f"--level {level} leaves out the profiles that --profile asks for")
    rules = Rules(tuple(profile or ()), tuple(load or ()), level)
    try:
        rules.prepare()
    except ProfileError as error:
        raise UsageError(str(error)) from None
    found = files_at(files)
    tally = Tally(len(found))
    results = tally.counting(checked(found, rules, processes))
    if output == "json":
        write_ndjson(_outcome(each) for each in results if _has_issues(each, unchecked=unchecked))
    elif is_terminal(sys.stdout):
        _draw(results, unchecked=unchecked)
    else:
        rows = (
            [each.source, *map(_text, (each.line, _type_of(each))), *row]
            for each in results
            for row in _rows(each, unchecked=unchecked)
        )
        first = next(rows, None)
        if first is not None:
            write_table(_COLUMNS, chain([first], rows))
    tell(str(tally))
    tally.judge(warnings=fail_on == "warning")


@dataclass(slots=True)
class Tally:
    """What was found, in numbers."""

    files: int
    resources: int = 0
    errors: int = 0
    warnings: int = 0
    unchecked: int = 0
    invalid: int = 0
    """Resources with errors."""
    doubtful: int = 0
    """Resources with warnings alone."""

    def counting(self, results: "Iterable[Checked]") -> "Iterator[Checked]":
        """Give results, each once it is counted."""
        for each in results:
            self.resources += 1
            report = each.report
            errors = len(report.errors) if report else 1
            warnings = len(report.warnings) if report else 0
            self.errors += errors
            self.warnings += warnings
            self.unchecked += len(report.unchecked) if report else 0
            self.invalid += bool(errors)
            self.doubtful += bool(warnings and not errors)
            yield each

    def judge(self, *, warnings: bool) -> None:
        """End the command as its findings demand.

        Raises:
            CommandError: there are errors, or warnings that count as much.
        """
        bad = self.invalid + (self.doubtful if warnings else 0)
        if bad:
            verbs = ("has", "have") if warnings else ("is", "are")
            state = "errors or warnings" if warnings else "invalid"
            verb = verbs[bad > 1 or self.resources > 1]
            raise CommandError(f"{bad} of {counted(self.resources, 'resource')} {verb} {state}")

    def __str__(self) -> str:
        return (
            f"{counted(self.files, 'file')}, {counted(self.resources, 'resource')}: "
            f"{counted(self.errors, 'error')}, {counted(self.warnings, 'warning')}, "
            f"{self.unchecked} unchecked"
        )


def _has_issues(each: "Checked", *, unchecked: bool) -> bool:
    return each.report is None or bool(each.report.issues or (unchecked and each.report.unchecked))


def _rows(each: "Checked", *, unchecked: bool) -> Iterator[list[str]]:
    """Give severity, path, rule and message of each issue."""
    if each.report is None:
        yield ["fatal", "", "", each.problem]
        return
    for issue in each.report.issues:
        yield [issue.severity, issue.expression, issue.rule, issue.message]
    for row in each.report.unchecked if unchecked else ():
        yield ["unchecked", row.expression, row.canonical, row.reason]


def _outcome(each: "Checked") -> dict[str, Any]:
    """Return an OperationOutcome with its place."""
    if each.report is not None:
        outcome = each.report.to_operation_outcome()
    else:
        issue = {"severity": "fatal", "code": "structure", "details": {"text": each.problem}}
        outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    place = {"source": each.source, "line": each.line, "resourceType": _type_of(each)}
    return {key: value for key, value in place.items() if value is not None} | {"outcome": outcome}


def _type_of(each: "Checked") -> str | None:
    """Return the type of a resource, unless something else stands in its place."""
    found = each.report.resource_type if each.report else None
    return found if found and _TYPE.fullmatch(found) else None


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _draw(results: "Iterable[Checked]", *, unchecked: bool) -> None:
    from rich.console import Console  # noqa: PLC0415 - needed in terminals alone

    console = Console(no_color=not has_colours(), highlight=False, soft_wrap=True)
    for each in results:
        rows = list(_rows(each, unchecked=unchecked))
        if rows:
            _draw_one(console, each, rows)


def _draw_one(console: "Console", each: "Checked", rows: list[list[str]]) -> None:
    from rich.text import Text  # noqa: PLC0415 - the same

    line = "" if each.line is None else f", line {each.line}"
    kind = _type_of(each)
    place = without_control(f"{each.source}{line}{f': {kind}' if kind else ''}")
    console.print(Text(place, style="bold"))
    for severity, path, rule, message in rows:
        words = without_control(": ".join(part for part in (path, message) if part))
        shown = Text.assemble("  ", (f"{severity:<9}", _COLOURS.get(severity, "")), " ", words)
        console.print(shown.append(f"  [{without_control(rule)}]" if rule else "", "dim"))
