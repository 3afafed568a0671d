"""Seconds of one way of making a Parquet file of the components of blood pressures.

Usage: table_run.py WAY NUMBER NDJSON_FILE FOLDER; the number is of threads or processes. Prints a
JSON object with the seconds, imports included, and the rows.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path


def loop(_: int, source: str, target: Path) -> int:
    """Row by row into a list of dicts, and from there into pandas, as scripts do it."""
    import pandas as pd  # noqa: PLC0415 - measured

    rows = []
    with Path(source).open(encoding="utf-8") as lines:
        for line in lines:
            obs = json.loads(line)
            for part in obs.get("component", []):
                row = {
                    "id": obs["id"],
                    "patient_id": obs.get("subject", {}).get("reference", "").split("/")[-1],
                    "code": part.get("code", {}).get("coding", [{}])[0].get("code"),
                    "display": part.get("code", {}).get("coding", [{}])[0].get("display"),
                    "value": part.get("valueQuantity", {}).get("value"),
                    "unit": part.get("valueQuantity", {}).get("unit"),
                    "date": obs.get("effectiveDateTime"),
                    "status": obs.get("status"),
                }
                rows.append(row)
    pd.DataFrame(rows).to_parquet(target)
    return len(rows)


def default(_: int, source: str, target: Path) -> int:
    """As users call it who choose nothing."""
    return _view_rows(source, target, {})


def duckdb(threads: int, source: str, target: Path) -> int:
    """In DuckDB."""
    return _view_rows(source, target, {"engine": "duckdb", "threads": threads})


def python(processes: int, source: str, target: Path) -> int:
    """In Python."""
    return _view_rows(source, target, {"engine": "python", "processes": processes})


def _view_rows(source: str, target: Path, options: dict[str, object]) -> int:
    from pymedplum.tables import Column, Select, View  # noqa: PLC0415 - measured

    quantity = "value.ofType(Quantity)"
    view = View(
        "Observation",
        name="blood_pressure",
        select=[
            Select(
                [
                    Column("id", "getResourceKey()"),
                    Column("patient_id", "subject.getReferenceKey(Patient)"),
                    Column("status", "status"),
                    Column("date", "effective.ofType(dateTime)"),
                ]
            ),
            Select(
                for_each="component",
                column=[
                    Column("code", "code.coding.where(system = 'http://loinc.org').code.first()"),
                    Column("display", "code.coding.first().display"),
                    Column("value", f"{quantity}.value"),
                    Column("unit", f"{quantity}.unit"),
                ],
            ),
        ],
    )
    report = view.to_parquet(source, target, **options)  # type: ignore[arg-type]
    if report.engine != options.get("engine", "duckdb"):
        raise SystemExit(f"it ran in {report.engine}")
    return report.rows


WAYS: dict[str, Callable[[int, str, Path], int]] = {
    each.__name__: each for each in (loop, default, duckdb, python)
}


def main(way: str, number: str, source: str, folder: str) -> None:
    """Run one way and print its numbers."""
    start = time.perf_counter()
    rows = WAYS[way](int(number), source, Path(folder) / "table.parquet")
    print(json.dumps({"seconds": time.perf_counter() - start, "rows": rows}))


if __name__ == "__main__":
    main(*sys.argv[1:])
