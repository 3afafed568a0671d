"""What DuckDB reads lines from: files, as they are or through our own decompression.

DuckDB takes a zstd file that is cut off for an empty one and checks no sum of gzip files, so what
does not begin like JSON is read here and handed over line by line.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pymedplum_runtime.ndjson.lines import blocks_in
from pymedplum_runtime.tables.duckdb.sql.spelling import identifier, text_literal
from pymedplum_runtime.tables.extra import pyarrow
from pymedplum_runtime.tables.plan import Plan
from pymedplum_runtime.tables.python.sources import Files, TableFile, source_of

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_MAGIC = re.compile(r"([*?[])")
_BEGINNINGS = (b"{", b"[", b" ", b"\t", b"\r", b"\n")
_GZIP = b"\x1f"


@dataclass(frozen=True, slots=True)
class Group:
    """Files that follow each other and are read alike."""

    files: tuple[TableFile, ...]
    is_named: bool
    """Whether they are said to hold resources of the view's type alone."""
    beginning: bytes
    """The first byte, if it says how they are read; empty for JSON."""


def groups_of(source: object, plan: Plan) -> list[Group] | None:
    """Return the files of a source; None where it is none, or where one can be read only once.

    Raises:
        MedplumError: as `source_of` says.
        OSError: a file cannot be read.
    """
    if not _is_lasting(source):
        return None
    found = source_of(source, plan)
    if not isinstance(found, Files) or not found.files:
        return None
    if not all(each.path is not None and each.path.is_file() for each in found.files):
        return None
    keyed = groupby(found.files, lambda each: (bool(each.expected), _beginning(each)))
    return [Group(tuple(files), named, first) for (named, first), files in keyed]


def lines_of_groups(groups: Sequence[Group], connection: "duckdb.DuckDBPyConnection") -> str:
    """Return a SELECT of all lines; what DuckDB is not to read itself comes from this process."""
    parts: list[str] = []
    for number, group in enumerate(groups):
        name = f"lines{number}"
        if group.beginning:
            connection.register(name, _reader(group))
            parts.append(_lines(identifier(name), group))
        else:
            parts.append(_lines(_table(group), group))
    return " UNION ALL ".join(parts)


def lasting_lines(groups: Sequence[Group]) -> str | None:
    """Return a SELECT of all lines for any connection and time; None where DuckDB cannot."""
    if any(group.beginning not in (b"", _GZIP) for group in groups):
        return None
    return " UNION ALL ".join(_lines(_table(group), group) for group in groups)


def _is_lasting(source: object) -> bool:
    """Tell whether looking at a source takes nothing away from it."""
    if isinstance(source, list | tuple):
        return all(map(_is_lasting, cast("Sequence[object]", source)))
    is_export = isinstance(getattr(source, "folder", None), Path) and hasattr(source, "files")
    return isinstance(source, str | os.PathLike) or is_export


def _beginning(file: TableFile) -> bytes:
    path = str(file.path)
    with Path(path).open("rb") as opened:
        first = opened.read(1)
    is_odd = os.sep != "\\" and "\\" in path
    return b"" if first.startswith(_BEGINNINGS) and not is_odd else first or b"{"


def _lines(table: str, group: Group) -> str:
    named = "true" if group.is_named else "false"
    return f"SELECT json, {named} AS named FROM {table}"  # noqa: S608 - both are spelled here


def _table(group: Group) -> str:
    paths = ", ".join(text_literal(_escaped(each)) for each in group.files)
    compression = "gzip" if group.beginning == _GZIP else "uncompressed"
    return (
        f"read_ndjson_objects([{paths}], format = 'newline_delimited',"
        f" compression = '{compression}', hive_partitioning = false)"
    )


def _escaped(file: TableFile) -> str:
    return _MAGIC.sub(r"[\1]", str(Path(str(file.path)).absolute()))


def _reader(group: Group) -> "pa.RecordBatchReader":
    arrow = pyarrow()
    schema = arrow.schema([("json", arrow.string())])
    reader: pa.RecordBatchReader = arrow.RecordBatchReader.from_batches(schema, _batches(group))
    return reader


def _batches(group: Group) -> "Iterator[pa.RecordBatch]":
    arrow = pyarrow()
    for each in group.files:
        for block in blocks_in(each.file):
            lines = [line.content for line in block.lines()]
            column = arrow.array(lines, arrow.string())
            yield arrow.RecordBatch.from_arrays([column], names=["json"])
