"""A chunk of lines and a function, in whichever process: results, and failures in their place."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, cast

from pymedplum_runtime.errors import MedplumError, NdjsonError
from pymedplum_runtime.ndjson.lines import Block, Line
from pymedplum_runtime.ndjson.records import LineReader


@dataclass(frozen=True, slots=True)
class Failure:
    """Stands where a result would."""

    error: MedplumError
    cause: BaseException | None
    is_final: bool
    """Whether it is the function that failed, and not the reading."""


class Job(Protocol):
    """What is done with chunks of lines; it can be pickled where other processes are to do it."""

    def done(self, block: Block, is_over: Callable[[], bool]) -> list[Any]:
        """Return results, and a `Failure` where one is missing; it may end early if that is over.

        Results can be pickled, and what a failure holds too.
        """
        ...


@dataclass(frozen=True, slots=True)
class LineJob:
    """A function that is called with what a reader makes of each line."""

    function: Callable[[Any], Any]
    reader: LineReader

    def done(self, block: Block, is_over: Callable[[], bool]) -> list[Any]:
        """Return what the function makes of the lines, up to where it fails itself."""
        results: list[Any] = []
        for line in block.lines():
            if is_over():
                break
            result = applied(self.function, self.reader, line)
            if isinstance(result, Failure):
                result = Failure(result.error, _portable(result.cause), result.is_final)
            results.append(result)
            if isinstance(result, Failure) and result.is_final:
                break
        return results


def failure_of(error: MedplumError) -> Failure:
    """Say that reading failed."""
    return Failure(error, error.__cause__, is_final=False)


def applied(function: Callable[[Any], Any], reader: LineReader, line: Line) -> Any:  # noqa: ANN401 - as the function
    """Return what the function makes of a line, or a `Failure`."""
    try:
        resource = reader.read(line)
    except NdjsonError as error:
        return failure_of(error)
    try:
        return function(resource)
    except Exception as error:  # noqa: BLE001 - the user's function: told with its place
        message = f"the function raised {type(error).__name__}"
        return Failure(NdjsonError(message, line.source, line.number), error, is_final=True)


def pickled(job: Job) -> bytes:
    """Make what `run` takes.

    Raises:
        TypeError: the function or the class cannot be sent to other processes.
    """
    try:
        return pickle.dumps(job)
    except Exception as error:  # noqa: BLE001 - pickling raises whatever an object's methods raise
        kind = type(error).__name__
    raise TypeError(
        f"the function or class cannot be sent to other processes ({kind}): use one that stands "
        "in a module by its name, no lambda and none inside a function; or processes=1"
    )


def run(job: bytes, block: Block, is_over: Any) -> bytes:  # noqa: ANN401 - of a class made by multiprocessing
    """Do a chunk of work in another process, and return the pickled list of results.

    It may end early where the value of `is_over`, which the parent sets, is true.
    """
    try:
        found = _unpickled(job)
    except Exception as error:  # noqa: BLE001 - importing the user's module raises whatever it does
        message = f"another process cannot import the function ({type(error).__name__})"
        problem = NdjsonError(message, block.source, block.first)
        return pickle.dumps([Failure(problem, _portable(error), is_final=True)])
    return _packed(found.done(block, lambda: bool(is_over.value)), block)


@lru_cache(maxsize=1)
def _unpickled(job: bytes) -> Job:
    return cast("Job", pickle.loads(job))  # noqa: S301 - from our parent


def _portable(error: BaseException | None) -> BaseException | None:
    """Return the exception if it survives the way to the other process."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    except Exception:  # noqa: BLE001 - the same as with functions
        return None
    return error


def _packed(results: list[Any], block: Block) -> bytes:
    try:
        return pickle.dumps(results)
    except Exception as error:  # noqa: BLE001 - the same as with functions
        message = f"a result of these lines cannot be pickled ({type(error).__name__})"
        problem = NdjsonError(message, block.source, block.first)
        return pickle.dumps([Failure(problem, None, is_final=True)])
