"""Whether the table that a runner made of a case is the one that the case expects."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pymedplum_runtime.errors import ViewError
from tests.sql_on_fhir.cases import Case, Json


@dataclass(frozen=True)
class Table:
    """What a runner made: the view's columns in their order, and the rows in any.

    `note` says how it was made, where the runner has several ways.
    """

    columns: Sequence[str]
    rows: Sequence[Mapping[str, Json]]
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """Of one case: nothing wrong, or what."""

    case: str
    failure: str | None
    note: str = ""


def judge(case: Case, run: Callable[[Case], Table]) -> Verdict:
    """Run a case and compare; any error but the one that is expected is a failure."""
    try:
        table = run(case)
    except ViewError as error:
        return Verdict(case.name, None if case.error else f"ViewError: {error}")
    except Exception as error:  # noqa: BLE001 - one broken case must not hide the others
        return Verdict(case.name, f"{type(error).__name__}: {error}")
    return Verdict(case.name, _difference(case, table), table.note)


def _difference(case: Case, table: Table) -> str | None:
    if case.error:
        return "no error, but one is expected"
    if case.columns is not None and list(table.columns) != list(case.columns):
        return f"columns {list(table.columns)} instead of {list(case.columns)}"
    if case.count is not None and len(table.rows) != case.count:
        return f"{len(table.rows)} rows instead of {case.count}"
    if case.rows is not None:
        return _differing_rows(case.rows, table.rows)
    return None


def _differing_rows(
    expected: Sequence[Mapping[str, Json]], actual: Sequence[Mapping[str, Json]]
) -> str | None:
    wanted, found = Counter(map(_text, expected)), Counter(map(_text, actual))
    missing, surplus = wanted - found, found - wanted
    if not missing and not surplus:
        return None
    return f"missing {sorted(missing.elements())}, not expected {sorted(surplus.elements())}"


def _text(row: Mapping[str, Json]) -> str:
    return json.dumps(_plain(row), sort_keys=True, ensure_ascii=False)


def _plain(value: Json) -> Json:
    """The value, with numbers that are equal written alike: 1, 1.0 and Decimal("1.00")."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return {"number": format(Decimal(str(value)).normalize(), "f")}
    return value
