"""Tables of resources: framed in a terminal, values between tabs in a pipe."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, cast

from pymedplum_runtime.cli.output import json_text, write
from pymedplum_runtime.cli.screen import has_colours, is_terminal, without_control

# What tells a person most about a resource, in this order, where it has it.
_TELLING = (
    *("name", "title", "code", "type", "status", "subject", "patient", "birthDate", "gender"),
    *("effectiveDateTime", "onsetDateTime", "authoredOn", "date", "meta.lastUpdated"),
)
MOST_COLUMNS = 6


def columns_of(resources: Sequence[Mapping[str, Any]]) -> list[str]:
    """Choose columns for resources: the id, and what tells most."""
    mixed = len({resource.get("resourceType") for resource in resources}) > 1
    first = ["resourceType", "id"] if mixed else ["id"]
    found = [path for path in _TELLING if any(cell(each, path) for each in resources)]
    return (first + found)[:MOST_COLUMNS]


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write rows of cells below a line of headings."""
    if is_terminal(sys.stdout):
        _draw(columns, rows)
        return
    for row in chain([columns], rows):
        write("\t".join(map(_plain, row)) + "\n")


def counted(number: int, noun: str) -> str:
    """Return a number with a noun that takes an s, such as `1 file` or `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def cell(resource: Mapping[str, Any], path: str) -> str:
    """Return what a resource has at a path such as `name` or `meta.lastUpdated`, for people."""
    found: list[Any] = [resource]
    for name in path.split("."):
        found = [each for value in found for each in _members(value, name)]
    return ", ".join(text for text in map(_text, found) if text)


def _members(value: object, name: str) -> list[Any]:
    if not isinstance(value, Mapping):
        return []
    member = cast("Mapping[str, Any]", value).get(name)
    if member is None:
        return []
    return cast("list[object]", member) if isinstance(member, list) else [member]


def _text(value: object) -> str:
    """Return a short text of an element, by the members that FHIR's data types have."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, Mapping):
        return str(value)
    element = cast("Mapping[str, Any]", value)
    for shorten in (_label, _human_name, _coding, _quantity, _period):
        text = shorten(element)
        if text:
            return text
    return json_text(element)


def _label(element: Mapping[str, Any]) -> str:
    return next(
        (
            str(element[k])
            for k in ("text", "display", "reference", "value")
            if _is_label(element, k)
        ),
        "",
    )


def _is_label(element: Mapping[str, Any], name: str) -> bool:
    return isinstance(element.get(name), str) and bool(element[name])


def _human_name(element: Mapping[str, Any]) -> str:
    given = element.get("given")
    parts = [
        *(cast("list[object]", given) if isinstance(given, list) else []),
        element.get("family"),
    ]
    return " ".join(part for part in parts if isinstance(part, str))


def _coding(element: Mapping[str, Any]) -> str:
    codings = _members(element, "coding")
    first = _text(codings[0]) if codings else element.get("code")
    return first if isinstance(first, str) and "value" not in element else ""


def _quantity(element: Mapping[str, Any]) -> str:
    if "value" not in element:
        return ""
    unit = element.get("unit") or element.get("code") or element.get("currency") or ""
    return f"{element['value']} {unit}".strip()


def _period(element: Mapping[str, Any]) -> str:
    if not element.keys() & {"start", "end"}:
        return ""
    return f"{element.get('start', '')}/{element.get('end', '')}"


def _plain(text: str) -> str:
    return without_control(text.replace("\t", " ").replace("\n", " "))


def _draw(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - needed in terminals alone
    from rich.table import Table  # noqa: PLC0415 - the same
    from rich.text import Text  # noqa: PLC0415 - the same

    table = Table()
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_plain(text)) for text in row))
    Console(no_color=not has_colours()).print(table)
