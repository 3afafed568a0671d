"""Tables by both engines over files, for comparing them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.tables.duckdb.functions import LineFunction
from pymedplum_runtime.tables.views.definition import Column, Select
from pymedplum_runtime.tables.views.view import View

OBSERVATIONS = View(
    "Observation",
    name="observations",
    select=[
        Select([
            Column("id", "getResourceKey()"),
            Column("patient", "subject.getReferenceKey(Patient)"),
            Column("at", "effective.ofType(dateTime)"),
            Column("issued", "issued"),
            Column("status", "status"),
            Column("value", "value.ofType(Quantity).value"),
            Column("whole", "value.ofType(integer)"),
            Column("yes", "value.ofType(boolean)"),
            Column("codes", "code.coding.code", collection=True),
            Column("categories", "category.coding", type="Coding", collection=True),
        ]),
        Select(
            for_each_or_null="component",
            column=[
                Column("n", "%rowIndex"),
                Column("part", "value.ofType(Quantity).value"),
                Column("label", "code.text"),
            ],
        ),
    ],
)  # fmt: skip


def observation(**members: Any) -> dict[str, Any]:
    """An Observation."""
    return {"resourceType": "Observation", "id": "o1", "status": "final", **members}


def ndjson(path: Path, *resources: Any) -> Path:
    """A file of resources, or of lines that are texts already."""
    lines = [each if isinstance(each, str) else json.dumps(each) for each in resources]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def made(view: View, source: Any, engine: Any, **options: Any) -> pa.Table | str:
    """The table that an engine makes, or the error."""
    try:
        return view.to_arrow(source, engine=engine, **options)
    except (MedplumError, OSError) as error:
        return f"{type(error).__name__}: {error}"


def agreed(view: View, source: Any, **options: Any) -> pa.Table | str:
    """What both engines make of a source; they make the same, errors included."""
    by_sql = made(view, source, "duckdb", **options)
    by_python = made(view, source, "python", **options)
    if isinstance(by_sql, str) or isinstance(by_python, str):
        assert by_sql == by_python
    else:
        assert by_sql.schema == by_python.schema
        assert by_sql.to_pylist() == by_python.to_pylist()
    return by_sql


def rows(view: View, source: Any, **options: Any) -> list[dict[str, Any]]:
    """The rows that both engines make of a source."""
    found = agreed(view, source, **options)
    assert not isinstance(found, str), found
    return found.to_pylist()


class CountedLines:
    """Counts the lines that SQL leaves to Python."""

    def __init__(self, monkeypatch: Any) -> None:
        self.lines: list[str] = []
        call = LineFunction.__call__

        def counted(function: LineFunction, lines: Any, named: Any) -> Any:
            self.lines += lines.to_pylist()
            return call(function, lines, named)

        monkeypatch.setattr(LineFunction, "__call__", counted)

    def ids(self) -> Sequence[str]:
        """Their ids."""
        return [json.loads(line)["id"] for line in self.lines]
