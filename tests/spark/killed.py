"""A worker that is killed at its work, once: after rows of it have gone out."""

import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyspark import TaskContext

from pymedplum_runtime.tables.spark_partitions import PartitionRows

BATCHES = 3  # that go out before


@dataclass(frozen=True)
class KilledOnce:
    """Does what `PartitionRows` does; the first process that comes far enough is killed.

    Each attempt at a task leaves a file in `folder`, so that a test sees that there were several.
    """

    rows: PartitionRows
    folder: Path

    @property
    def collects(self) -> bool:
        return self.rows.collects

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        context = TaskContext.get()
        assert context is not None
        name = f"task-{context.partitionId()}-attempt-{context.attemptNumber()}"
        (self.folder / name).touch()
        for number, batch in enumerate(self.rows(batches), 1):
            yield batch
            if number == BATCHES and self._is_first():
                os.kill(os.getpid(), signal.SIGKILL)

    def _is_first(self) -> bool:
        try:
            (self.folder / "killed").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True
