"""Texts of FHIR dates and times as instants in UTC, one by one and whole columns.

Most texts are complete times with an offset, which Arrow reads itself; the rest is read here.
"""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Literal, TypeAlias

from pymedplum_runtime.tables.extra import ArrowArray, ArrowType, pyarrow
from pymedplum_runtime.times import to_utc

Precision: TypeAlias = Literal[
    "year", "month", "day", "minute", "second", "millisecond", "microsecond"
]
"""How far a text goes. Of more than six digits of a second only six are kept, as in UTC columns."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_PRECISIONS: dict[int, Precision] = {4: "year", 7: "month", 10: "day", 16: "minute", 19: "second"}
_PRECISIONS.update(dict.fromkeys(range(21, 24), "millisecond"))
_PRECISIONS.update(dict.fromkeys(range(24, 27), "microsecond"))
_LONGEST = 26  # 2024-05-01T09:30:00.123456
_DATE_LENGTH = 10
_OFFSET_LENGTH = 6

# What Arrow reads just as `to_utc` does: not 24:00, leap days and seconds, wrong days, years at
# the ends of the calendar, and more digits than microseconds have.
PLAIN = (
    r"^(?:[1-8]\d{3}|9[0-8]\d\d)-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?"
    r"(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)$"
)


def utc_of(text: str, default_zone: tzinfo | None = None) -> datetime | None:
    """Return when a FHIR date, dateTime or instant begins, in UTC.

    Nothing where the text names no time zone and there is no default, or is none of these.

    Example:
        >>> utc_of("2024-05-01T09:30:00+02:00").isoformat()
        '2024-05-01T07:30:00+00:00'
    """
    try:
        return to_utc(text, default_zone=default_zone)
    except ValueError:
        return None


def precision_of(text: str) -> Precision | None:
    """Return how precise a FHIR date, dateTime or instant is; nothing where the text is none.

    Example:
        >>> precision_of("2024-05")
        'month'
    """
    if utc_of(text, timezone.utc) is None:
        return None
    end = len(text)
    if text.endswith("Z"):
        end -= 1
    elif end > _DATE_LENGTH and text[-_OFFSET_LENGTH] in "+-":
        end -= _OFFSET_LENGTH
    return _PRECISIONS[min(end, _LONGEST)]


def utc_column(texts: ArrowArray, default_zone: tzinfo | None = None) -> ArrowArray:
    """Return `utc_of` for a column of texts, as `timestamp[us, UTC]`."""
    arrow = pyarrow()
    wanted = arrow.timestamp("us", "UTC")
    plain, others = _plain_and_others(texts)
    read = plain.cast(wanted)
    if others is None:
        return read

    def microseconds(text: str) -> int | None:
        instant = utc_of(text, default_zone)
        return None if instant is None else (instant - _EPOCH) // _MICROSECOND

    return _filled(read, _each_distinct(others, microseconds, arrow.int64()).cast(wanted))


def precision_column(texts: ArrowArray) -> ArrowArray:
    """Return `precision_of` for a column of texts."""
    arrow = pyarrow()
    plain, others = _plain_and_others(texts)
    zone = arrow.compute.if_else(arrow.compute.ends_with(plain, "Z"), 1, _OFFSET_LENGTH)
    words = arrow.array([_PRECISIONS.get(length) for length in range(_LONGEST + 1)], arrow.string())
    read = words.take(arrow.compute.subtract(arrow.compute.binary_length(plain), zone))
    if others is None:
        return read
    return _filled(read, _each_distinct(others, precision_of, arrow.string()))


def _plain_and_others(
    texts: ArrowArray,
) -> tuple[ArrowArray, ArrowArray | None]:
    """Return the texts that Arrow reads, and those that it does not, each with nulls between."""
    arrow = pyarrow()
    is_plain = arrow.compute.match_substring_regex(texts, PLAIN)
    if arrow.compute.all(is_plain).as_py() in {True, None}:
        return texts, None
    nothing = arrow.scalar(None, arrow.string())
    choose = arrow.compute.if_else
    return choose(is_plain, texts, nothing), choose(is_plain, nothing, texts)


def _each_distinct(
    texts: ArrowArray, function: Callable[[str], object], kind: ArrowType
) -> ArrowArray:
    arrow = pyarrow()
    distinct = texts.dictionary_encode()
    values = [function(text) for text in distinct.dictionary.to_pylist()]
    return arrow.array(values, kind).take(distinct.indices)


def _filled(first: ArrowArray, second: ArrowArray) -> ArrowArray:
    return pyarrow().compute.coalesce(first, second)
