"""A function over the resources of NDJSON files, in several processes."""

import os
import pickle
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from pymedplum_runtime.errors import NdjsonError
from pymedplum_runtime.ndjson.lines import MAX_LINE_BYTES, Block
from pymedplum_runtime.ndjson.reader import (
    NdjsonReader,
    OnNdjsonError,
    Problems,
    blocks_or_errors,
)
from pymedplum_runtime.ndjson.records import LineReader
from pymedplum_runtime.ndjson.sources import NamedFile, NdjsonSource, files_of
from pymedplum_runtime.ndjson.work import Failure, Job, LineJob, applied, failure_of, pickled

if TYPE_CHECKING:
    from concurrent.futures import Future

    from pymedplum_runtime.models.resource import ResourceModel

T = TypeVar("T")
R = TypeVar("R", bound="ResourceModel")

CHUNK_BYTES = 1024 * 1024
_CHUNKS_PER_PROCESS = 3  # in flight: one at work, others so that nobody waits


@overload
def map_ndjson(
    function: Callable[[dict[str, Any]], T],
    source: NdjsonSource,
    *,
    as_fhir: None = None,
    processes: int | None = None,
    on_error: OnNdjsonError = "raise",
    exact_decimals: bool = False,
    chunk_bytes: int = CHUNK_BYTES,
) -> NdjsonReader[T]: ...
@overload
def map_ndjson(
    function: Callable[[R], T],
    source: NdjsonSource,
    *,
    as_fhir: type[R],
    processes: int | None = None,
    on_error: OnNdjsonError = "raise",
    chunk_bytes: int = CHUNK_BYTES,
) -> NdjsonReader[T]: ...
def map_ndjson(  # noqa: PLR0913 - one argument a choice
    function: Callable[[Any], T],
    source: NdjsonSource,
    *,
    as_fhir: "type[ResourceModel] | None" = None,
    processes: int | None = None,
    on_error: OnNdjsonError = "raise",
    exact_decimals: bool = False,
    chunk_bytes: int = CHUNK_BYTES,
) -> NdjsonReader[T]:
    """Call a function with every resource, in several processes, and give what it returns.

    Lines are read in the processes too, so that only results come back: in the order of the
    lines, a bounded number of chunks ahead. A script that calls this needs Python's
    `if __name__ == "__main__":`, because new processes import it.

    Args:
        function: a function of a module, or something else that can be pickled; what it returns
            is pickled too. With `processes=1` any function.
        source: as `read_ndjson` takes it.
        as_fhir: as `read_ndjson` takes it.
        processes: how many; as many as there are processors where absent. 1 stays in this one.
        on_error: as `read_ndjson` takes it, for lines that are no such resource.
        exact_decimals: as `read_ndjson` takes it.
        chunk_bytes: how much a process gets at a time; at least a line.

    Raises:
        NdjsonError: while iterating: as `read_ndjson`; or the function failed, whatever
            `on_error` says: its exception is the cause, where that can be pickled. Or a process
            died.
        TypeError: the function cannot be sent to other processes.
        ValueError: a number is not 1 or more.

    Example:
        >>> def year(patient: Patient) -> str:
        ...     return (patient.birth_date or "")[:4]
        >>> Counter(map_ndjson(year, "export", as_fhir=Patient, processes=4))
    """
    wanted = _processors() if processes is None else processes
    for name, number in (("processes", wanted), ("chunk_bytes", chunk_bytes)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"{name} must be a whole number, 1 or more")
    if not callable(function):
        raise TypeError(f"expected a function, got {type(function).__name__}")
    reader = LineReader(as_fhir, exact_decimals=exact_decimals)
    return mapped(function, source, reader, Problems(on_error), wanted, chunk_bytes)


def mapped(  # noqa: PLR0913, PLR0917 - what `map_ndjson` was given
    function: Callable[[Any], T],
    source: NdjsonSource,
    reader: LineReader,
    problems: Problems,
    processes: int,
    chunk_bytes: int = CHUNK_BYTES,
) -> NdjsonReader[T]:
    """Do what `map_ndjson` does, with a reader that may make something else of a line."""
    found = blocks_or_errors(files_of(source), MAX_LINE_BYTES)
    if processes == 1:
        done = _done_here(function, reader, found)
    else:
        done = _done_elsewhere(
            pickled(LineJob(function, reader)), _chunks(found, chunk_bytes), processes
        )
    return NdjsonReader(_results(done, problems), problems.found)


def done_in_chunks(
    job: Job, files: Iterable[NamedFile], processes: int, chunk_bytes: int = CHUNK_BYTES
) -> Generator[Any]:
    """Give what a job makes of files a chunk at a time: results, and `Failure`s in their place.

    In the order of the lines, from this process where `processes` is 1. The caller closes it.
    """
    chunks = _chunks(blocks_or_errors(iter(files), MAX_LINE_BYTES), chunk_bytes)
    return (
        _chunks_done_here(job, chunks)
        if processes == 1
        else _done_elsewhere(pickled(job), chunks, processes)
    )


def _chunks_done_here(job: Job, chunks: Iterator[Block | NdjsonError]) -> Generator[Any]:
    for chunk in chunks:
        if isinstance(chunk, NdjsonError):
            yield failure_of(chunk)
        else:
            yield from job.done(chunk, lambda: False)


def _results(done: Generator[Any], problems: Problems) -> Iterator[Any]:
    with closing(done):  # an exception that is kept keeps this frame, but no processes
        for result in done:
            if not isinstance(result, Failure):
                yield result
            elif result.is_final:
                raise result.error from result.cause
            else:
                result.error.__cause__ = result.cause
                problems.handle(cast("NdjsonError", result.error))


def _done_here(
    function: Callable[[Any], Any], reader: LineReader, found: Iterator[Block | NdjsonError]
) -> Generator[Any]:
    for block in found:
        if isinstance(block, NdjsonError):
            yield failure_of(block)
        else:
            yield from (applied(function, reader, line) for line in block.lines())


def _chunks(
    found: Iterator[Block | NdjsonError], chunk_bytes: int
) -> Iterator[Block | NdjsonError]:
    """Join neighbours until there is work enough for a process."""
    held: list[Block] = []
    size = 0
    try:
        for block in found:
            is_full = size >= chunk_bytes
            if held and (is_full or block.source != held[0].source or not isinstance(block, Block)):
                yield _joined(held)
                held, size = [], 0
            if isinstance(block, NdjsonError):
                yield block
            else:
                held.append(block)
                size += len(block.content)
    except Exception:
        if held:
            yield _joined(held)
        raise
    if held:
        yield _joined(held)


def _joined(held: list[Block]) -> Block:
    return Block(held[0].source, held[0].first, b"".join(block.content for block in held))


def _done_elsewhere(
    job: bytes, chunks: Iterator[Block | NdjsonError], count: int
) -> Generator[Any]:
    from pymedplum_runtime.ndjson.processes import Processes  # noqa: PLC0415 - slow to import

    ahead: deque[tuple[Block, Future[bytes]] | NdjsonError] = deque()
    with closing(Processes(count, job)) as processes:
        try:
            for chunk in chunks:
                if isinstance(chunk, NdjsonError):
                    ahead.append(chunk)
                else:
                    ahead.append((chunk, processes.submit(chunk)))
                if len(ahead) >= count * _CHUNKS_PER_PROCESS:
                    yield from _awaited(ahead.popleft())
        except Exception:  # no further file can be read
            while ahead:
                yield from _awaited(ahead.popleft())
            raise
        else:
            while ahead:
                yield from _awaited(ahead.popleft())


def _awaited(entry: "tuple[Block, Future[bytes]] | NdjsonError") -> Iterable[Any]:
    from pymedplum_runtime.ndjson.processes import ProcessDiedError  # noqa: PLC0415 - the same

    if isinstance(entry, NdjsonError):
        return [failure_of(entry)]
    block, future = entry
    try:
        return cast("list[Any]", pickle.loads(future.result()))  # noqa: S301 - our own process's
    except ProcessDiedError:
        message = (
            "a process died at work on the lines from here on; where the function is sound and "
            "memory is enough, the script lacks 'if __name__ == \"__main__\":'"
        )
    return [Failure(NdjsonError(message, block.source, block.first), None, is_final=True)]


def _processors() -> int:
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1
