"""The instants and precisions of texts of dates and times, as SQL.

A complete time with an offset is read by DuckDB, all others by functions: those of `instants`,
or, where no function is at hand, by SQL that takes the same texts.
"""

from dataclasses import dataclass

from pymedplum_runtime.tables.arrow.instants import PLAIN
from pymedplum_runtime.tables.duckdb.sql.spelling import identifier, text_literal

_PRECISION = (
    "CASE len({0}) - CASE WHEN ends_with({0}, 'Z') THEN 1 ELSE 6 END"
    " WHEN 19 THEN 'second' WHEN 21 THEN 'millisecond' WHEN 22 THEN 'millisecond'"
    " WHEN 23 THEN 'millisecond' ELSE 'microsecond' END"
)
_HAS_ZONE = ".+T.+(Z|[+-][0-9]{2}:[0-9]{2})"
_PRECISIONS = (
    ("[0-9]{4}", "year", "-01-01"),
    ("[0-9]{4}-[0-9]{2}", "month", "-01"),
    ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "day", ""),
    (".+T[0-9]{2}:[0-9]{2}(Z|[+-].{5})?", "minute", None),
    (".+T[0-9:]{8}(Z|[+-].{5})?", "second", None),
    (".+T[0-9:]{8}[.][0-9]{1,3}(Z|[+-].{5})?", "millisecond", None),
    (".+T[0-9:]{8}[.][0-9]{4,}(Z|[+-].{5})?", "microsecond", None),
)


@dataclass(frozen=True, slots=True)
class TimeFunctions:
    """The names of the functions that read what DuckDB does not."""

    utc: str
    precision: str


def is_plain(text: str) -> str:
    """Return the expression that tells whether DuckDB reads a text."""
    return f"regexp_matches({text}, {text_literal(PLAIN)})"


def utc(text: str, plain: str, functions: TimeFunctions | None) -> str:
    """Return the expression for the instant of a text; without functions, of those with a zone."""
    if functions is not None:
        other = f"{identifier(functions.utc)}({text})"
    else:
        other = (
            f"CASE WHEN regexp_full_match({text}, '{_HAS_ZONE}') THEN"
            f" TRY_CAST({text} AS TIMESTAMPTZ) END"
        )
    return (
        f"CASE WHEN {plain} THEN TRY_CAST({text} AS TIMESTAMPTZ)"
        f" WHEN {text} IS NOT NULL THEN {other} END"
    )


def precision(text: str, plain: str, functions: TimeFunctions | None) -> str:
    """Return the expression for the precision of a text."""
    if functions is not None:
        other = f"{identifier(functions.precision)}({text})"
    else:
        whens = " ".join(_when(text, *each) for each in _PRECISIONS)
        other = f"CASE {whens} END"
    return (
        f"CASE WHEN {plain} THEN {_PRECISION.format(text)} WHEN {text} IS NOT NULL THEN {other} END"
    )


def _when(text: str, pattern: str, word: str, rest: str | None) -> str:
    whole = text if rest is None else f"({text} || '{rest}')"
    is_there = f"TRY_CAST({whole} AS TIMESTAMP{'TZ' if rest is None else ''}) IS NOT NULL"
    return f"WHEN regexp_full_match({text}, '{pattern}') AND {is_there} THEN '{word}'"
