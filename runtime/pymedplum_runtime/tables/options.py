"""The choices that all ways of running a view share, with their names and defaults."""

import re
from collections.abc import Callable
from datetime import tzinfo
from typing import Literal, TypeAlias, TypedDict

from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.lazy import did_you_mean

Engine: TypeAlias = Literal["auto", "duckdb", "python"]
Decimals: TypeAlias = Literal["decimal", "text"]
OnTableError: TypeAlias = Literal["raise", "collect"] | Callable[[MedplumError], object]

_MEMORY = re.compile(r"(?=.*[1-9])[0-9]+([.][0-9]+)? ?[KMGT]i?B", re.IGNORECASE)


class TableOptions(TypedDict, total=False):
    """How a view is run over its source; everything may be left out.

    Args:
        engine: `"duckdb"` runs the view as SQL inside DuckDB, `"python"` here; `"auto"` takes
            DuckDB for files where it is installed and the view can be said in SQL.
        processes: how many processes the Python engine takes; 1 stays in this one.
        threads: how many threads DuckDB takes; as many as there are processors where absent.
        decimals: `"decimal"` gives DECIMAL(38, 18), `"text"` the digits as they were written.
        default_zone: the time zone of dates and times that name none, for the UTC columns.
        on_error: `"raise"`; `"collect"`, which leaves out resources that cannot be read or put
            into rows; or a function that is told of each error.
        memory_limit: what DuckDB may take, in its spelling, such as `"400MB"`.
    """

    engine: Engine
    processes: int
    threads: int
    decimals: Decimals
    default_zone: tzinfo | None
    on_error: OnTableError
    memory_limit: str


_MOST = 1024  # processes or threads; more would only keep the machine from its work


def checked_options(options: TableOptions) -> TableOptions:
    """Return the options, where each is known and of its kind.

    Raises:
        TypeError: there is no such option, or its value is of another kind.
        ValueError: the value is none of those that it can have.
    """
    for name, value in options.items():
        check = _CHECKS.get(name)
        if check is None:
            raise TypeError(f"no option is called {name!r}{did_you_mean(name, {*_CHECKS})}")
        check(name, value)
    return options


def _one_of(*words: str) -> Callable[[str, object], None]:
    def check(name: str, value: object) -> None:
        if value not in words:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, words))}")

    return check


def _count(name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number of them, got {type(value).__name__}")
    if not 1 <= value <= _MOST:
        raise ValueError(f"{name} must be 1 or more, up to {_MOST}")


def _on_error(name: str, value: object) -> None:
    is_word = isinstance(value, str) and value in {"raise", "collect"}
    if not is_word and not callable(value):
        raise ValueError(f"{name} must be 'raise', 'collect' or a function")


def _zone(name: str, value: object) -> None:
    if value is not None and not isinstance(value, tzinfo):
        raise TypeError(
            f"{name} must be a time zone such as ZoneInfo('Europe/Berlin'), "
            f"got {type(value).__name__}"
        )


def _memory(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text such as '400MB', got {type(value).__name__}")
    if _MEMORY.fullmatch(value) is None:
        raise ValueError(f"{name} must be a number with KB, MB, GB or TB, such as '400MB'")


_CHECKS: dict[str, Callable[[str, object], None]] = {
    "engine": _one_of("auto", "duckdb", "python"),
    "processes": _count,
    "threads": _count,
    "decimals": _one_of("decimal", "text"),
    "default_zone": _zone,
    "on_error": _on_error,
    "memory_limit": _memory,
}
