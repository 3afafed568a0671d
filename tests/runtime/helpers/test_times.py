import itertools
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymedplum_runtime.times import DateInterval, date_interval, to_utc

UTC = timezone.utc
ZONES = [UTC, *map(ZoneInfo, ("Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia"))]
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=OFFSETS)  # noqa: DTZ001 - hypothesis adds the zone


def iso(interval: DateInterval) -> tuple[str, str]:
    start, end = interval.start.isoformat(), interval.end.isoformat()
    return start.removesuffix("+00:00"), end.removesuffix("+00:00")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024", "2024-01-01T00:00:00", "2025-01-01T00:00:00"),
        ("2023", "2023-01-01T00:00:00", "2024-01-01T00:00:00"),
        ("2024-02", "2024-02-01T00:00:00", "2024-03-01T00:00:00"),
        ("2024-12", "2024-12-01T00:00:00", "2025-01-01T00:00:00"),
        ("2024-02-29", "2024-02-29T00:00:00", "2024-03-01T00:00:00"),
        ("2024-05-01T09:30Z", "2024-05-01T09:30:00", "2024-05-01T09:31:00"),
        ("2024-05-01T09:30:15Z", "2024-05-01T09:30:15", "2024-05-01T09:30:16"),
        ("2024-05-01T09:30:15.5Z", "2024-05-01T09:30:15.500000", "2024-05-01T09:30:15.600000"),
        ("2024-05-01T09:30:15+02:00", "2024-05-01T07:30:15", "2024-05-01T07:30:16"),
        ("2024-05-01T09:30:15-14:00", "2024-05-01T23:30:15", "2024-05-01T23:30:16"),
    ],
)
def test_a_text_stands_for_as_much_time_as_it_is_precise(text: str, start: str, end: str) -> None:
    assert iso(date_interval(text, default_zone=UTC)) == (start, end)


@pytest.mark.parametrize(
    ("text", "hours"), [("2024-03-31", 23), ("2024-10-27", 25), ("2024-06-01", 24)]
)
def test_a_day_lasts_from_midnight_to_midnight(text: str, hours: int) -> None:
    interval = date_interval(text, default_zone=ZoneInfo("Europe/Berlin"))
    assert interval.end - interval.start == timedelta(hours=hours)


def test_a_day_that_a_zone_skipped_is_empty() -> None:
    interval = date_interval("2011-12-30", default_zone=ZoneInfo("Pacific/Apia"))
    assert interval.start == interval.end


def test_a_zone_in_the_text_wins() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert to_utc("2024-05-01T09:30:00Z", default_zone=berlin).hour == 9
    assert to_utc("2024-05-01T09:30:00", default_zone=berlin).hour == 7


@pytest.mark.parametrize("text", ["2024", "2024-05", "2024-05-01", "2024-05-01T09:30:00"])
def test_a_text_without_a_zone_needs_one(text: str) -> None:
    with pytest.raises(ValueError, match="no time zone: pass default_zone"):
        to_utc(text)


def test_a_leap_second_is_the_second_after_it() -> None:
    assert iso(date_interval("2016-12-31T23:59:60Z")) == (
        "2017-01-01T00:00:00",
        "2017-01-01T00:00:01",
    )
    assert to_utc("2016-12-31T23:59:60.25Z").microsecond == 250_000
    assert to_utc("2017-01-01T01:59:60+02:00") == datetime(2017, 1, 1, tzinfo=UTC)


def test_digits_beyond_microseconds_are_cut_off() -> None:
    interval = date_interval("2024-05-01T09:30:15.123456999Z")
    assert interval.start.microsecond == 123_456
    assert interval.end - interval.start == timedelta(microseconds=1)


@pytest.mark.parametrize("text", ["9999", "9999-12", "9999-12-31", "9999-12-31T23:59:60Z"])
def test_the_end_of_the_calendar_is_the_end(text: str) -> None:
    assert date_interval(text, default_zone=UTC).end == datetime.max.replace(tzinfo=UTC)


def test_what_lies_outside_the_calendar_is_cut_off() -> None:
    assert to_utc("0001-01-01T00:00:00+14:00") == datetime.min.replace(tzinfo=UTC)
    assert to_utc("9999-12-31T23:00:00-14:00") == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1987-1-2",
        "01/15/1987",
        "1987-13",
        "1987-02-29",
        "0000",
        "1987-02-03 ",
        "1987-02-03\n",
        "1987-02-03T",
        "1987-02-03T04",
        "1987-02-03T24:00:00Z",
        "1987-02-03T04:60:00Z",
        "1987-02-03T04:05:61Z",
        "1987-02-03T04:05:06.Z",
        "1987-02-03T04:05:06z",
        "1987-02-03T04:05:06+1500",
        "1987-02-03T04:05:06+15:00",
        "1987-02-03T04:05:06+14:01",
        "1987-02-03T04:05:06+01:60",
        "1987-02-03Z",
        "\u0661\u0669\u0668\u0667",
    ],
)
def test_bad_text_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=r"FHIR|calendar") as refusal:
        date_interval(text, default_zone=UTC)
    assert "1987" not in str(refusal.value)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


@given(MOMENTS)
def test_what_python_writes_is_read_as_the_same_instant(moment: datetime) -> None:
    assert to_utc(moment.isoformat()) == moment
    assert to_utc(moment.isoformat()).tzinfo is UTC


@given(MOMENTS, st.sampled_from([4, 7, 10]), st.sampled_from(ZONES))
def test_a_local_moment_lies_in_its_day_month_and_year(
    moment: datetime, length: int, zone: tzinfo
) -> None:
    local = moment.astimezone(zone)
    interval = date_interval(local.isoformat()[:length], default_zone=zone)
    assert interval.start <= moment < interval.end


@given(MOMENTS, st.sampled_from(ZONES))
def test_a_shorter_text_contains_the_longer_one(moment: datetime, zone: tzinfo) -> None:
    text = moment.replace(tzinfo=None).isoformat(timespec="microseconds")
    lengths = [4, 7, 10]
    outer = [date_interval(text[:length], default_zone=zone) for length in lengths]
    for wide, narrow in itertools.pairwise(outer):
        assert wide.start <= narrow.start <= narrow.end <= wide.end


@given(st.text(max_size=30), st.sampled_from([None, UTC]))
def test_any_text_is_read_or_a_value_error(text: str, zone: tzinfo | None) -> None:
    try:
        interval = date_interval(text, default_zone=zone)
    except ValueError:
        return
    assert interval.start <= interval.end


@given(st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?[+-]1\d:\d\d", fullmatch=True))
def test_almost_dates_are_read_or_a_value_error(text: str) -> None:
    try:
        interval = date_interval(text)
    except ValueError:
        return
    assert interval.start <= interval.end
