"""Record batches from the Python engine."""

from typing import TYPE_CHECKING, cast

from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.tables.options import TableOptions
from pymedplum_runtime.tables.plan import Plan
from pymedplum_runtime.tables.python.made import tables
from pymedplum_runtime.tables.python.table_jobs import ArrowTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa


def batches(
    plan: Plan, source: object, options: TableOptions, problems: list[MedplumError]
) -> "Iterator[pa.RecordBatch]":
    """Give the table as record batches of various lengths, in the order of the source.

    Closing the generator closes the files and ends the processes.

    Args:
        plan: what the view is compiled to.
        source: as `source_of` takes it.
        options: of which `decimals`, `default_zone`, `on_error` and `processes` count.
        problems: receives what is collected.

    Raises:
        MedplumError: as `source_of` says, and what the options do not want collected.
        TypeError: the source is none.
    """
    table = ArrowTable(plan, options.get("decimals", "decimal"), options.get("default_zone"))
    return cast("Iterator[pa.RecordBatch]", tables(plan, source, options, problems, table))
