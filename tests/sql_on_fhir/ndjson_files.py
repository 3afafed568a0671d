"""A case's resources as a file, and a table's rows as the case has them."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from pymedplum_runtime.tables.views.view import View
from tests.sql_on_fhir.cases import Case

_ENCODER = msgspec.json.Encoder(decimal_format="number")


@contextmanager
def ndjson_file(case: Case) -> Iterator[Path]:
    """Yield a file with the resources of a case, a line each, every digit kept."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "resources.ndjson"
        path.write_bytes(_ENCODER.encode_lines(case.resources))
        yield path


def names(view: View) -> list[str]:
    """Return the names of the view's columns, in their order."""
    return [column.name for column in view.columns]


def own_columns(view: View, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows without the columns that a table adds for instants and precisions."""
    return [{name: row[name] for name in names(view)} for row in rows]
