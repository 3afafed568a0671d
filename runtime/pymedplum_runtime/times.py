"""FHIR's date texts as intervals and instants.

https://hl7.org/fhir/R4/datatypes.html#dateTime: a date is as precise as it is long, so `2024-05`
is the whole month. Errors never quote the text: it may be a date of birth.
"""

import re
from dataclasses import dataclass
from datetime import MINYEAR, datetime, timedelta, timezone, tzinfo

_TEXT = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_UTC = timezone.utc
_FIRST = datetime.min.replace(tzinfo=_UTC)
_LAST = datetime.max.replace(tzinfo=_UTC)
_LEAP_SECOND = 60
_LONGEST_OFFSET = timedelta(hours=14)
_MICROSECOND_DIGITS = 6


@dataclass(frozen=True, slots=True)
class DateInterval:
    """The time that a date text stands for, half-open: `start <= instant < end`."""

    start: datetime
    """The first instant, in UTC."""

    end: datetime
    """The first instant after it, in UTC."""


def date_interval(text: str, *, default_zone: tzinfo | None = None) -> DateInterval:
    """Return the interval that a FHIR date, dateTime or instant stands for.

    A day begins and ends at local midnight, so it can have 23 or 25 hours. A leap second is read
    as the second after it, and digits beyond microseconds are cut off: Python has neither. What
    lies outside Python's calendar is cut off at its ends, so `9999-12-31` works.

    Args:
        text: FHIR's text of any precision, from `2024` to `2024-05-01T09:30:00.123+02:00`.
        default_zone: the time zone of texts that name none, such as `ZoneInfo("Europe/Berlin")`.

    Raises:
        ValueError: the text is no date of FHIR's, or names no time zone and there is no default.

    Example:
        >>> date_interval("2024-05", default_zone=timezone.utc).end.isoformat()
        '2024-06-01T00:00:00+00:00'
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError(
            "expected a FHIR date, dateTime or instant, such as 2024-05-01 or 2024-05-01T09:30:00Z"
        )
    zone = _offset(found["zone"]) if found["zone"] else default_zone
    if zone is None:
        raise ValueError(
            "the text names no time zone: pass default_zone, such as ZoneInfo('Europe/Berlin')"
        )
    first = _local_start(found)
    if found["hour"] is None:
        return DateInterval(_to_utc(first, zone), _next_date(found, first, zone))
    start = _later(_to_utc(first, zone), _leap(found))
    return DateInterval(start, _later(start, _duration(found)))


def to_utc(text: str, *, default_zone: tzinfo | None = None) -> datetime:
    """Return the instant at which a FHIR date, dateTime or instant begins, in UTC.

    Args:
        text: FHIR's text of any precision.
        default_zone: the time zone of texts that name none.

    Raises:
        ValueError: as `date_interval` does.

    Example:
        >>> to_utc("2024-05-01T09:30:00+02:00").isoformat()
        '2024-05-01T07:30:00+00:00'
    """
    return date_interval(text, default_zone=default_zone).start


def _offset(zone: str) -> tzinfo:
    if zone == "Z":
        return _UTC
    minutes = int(zone[4:])
    offset = timedelta(hours=int(zone[1:3]), minutes=minutes)
    if offset > _LONGEST_OFFSET or minutes >= 60:  # noqa: PLR2004 - minutes of an hour
        raise ValueError("the time zone's offset is out of range: FHIR has -14:00 to +14:00")
    return timezone(-offset if zone[0] == "-" else offset)


def _local_start(found: re.Match[str]) -> datetime:
    second = int(found["second"] or 0)
    digits = (found["fraction"] or "")[:_MICROSECOND_DIGITS]
    try:
        return datetime(  # noqa: DTZ001 - the zone is applied where the calendar's ends are known
            int(found["year"]),
            int(found["month"] or 1),
            int(found["day"] or 1),
            int(found["hour"] or 0),
            int(found["minute"] or 0),
            second - 1 if second == _LEAP_SECOND else second,
            int(digits.ljust(_MICROSECOND_DIGITS, "0")),
        )
    except ValueError:  # Python's message may quote a number of the text
        raise ValueError("no such day in the calendar, or no such time of day") from None


def _next_date(found: re.Match[str], first: datetime, zone: tzinfo) -> datetime:
    """Return the local midnight that ends a day, month or year, in UTC."""
    days = 1 if found["day"] else 31 if found["month"] else 366
    try:
        after = first + timedelta(days=days)
    except OverflowError:
        return _LAST
    if not found["day"]:
        after = after.replace(day=1)
    if not found["month"]:
        after = after.replace(month=1)
    return _to_utc(after, zone)


def _to_utc(local: datetime, zone: tzinfo) -> datetime:
    try:
        return local.replace(tzinfo=zone).astimezone(_UTC)
    except OverflowError:
        return _FIRST if local.year == MINYEAR else _LAST


def _later(instant: datetime, duration: timedelta) -> datetime:
    try:
        return instant + duration
    except OverflowError:
        return _LAST


def _leap(found: re.Match[str]) -> timedelta:
    return timedelta(seconds=found["second"] == str(_LEAP_SECOND))


def _duration(found: re.Match[str]) -> timedelta:
    """Return how long a time of the text's precision lasts."""
    if not found["second"]:
        return timedelta(minutes=1)
    digits = min(len(found["fraction"] or ""), _MICROSECOND_DIGITS)
    return timedelta(microseconds=10 ** (_MICROSECOND_DIGITS - digits))
