"""Texts of times as instants: one by one, and whole columns that agree with that."""

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pymedplum_runtime.tables.arrow.instants import (
    precision_column,
    precision_of,
    utc_column,
    utc_of,
)

_BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("2024", "year"),
        ("2024-05", "month"),
        ("2024-05-01", "day"),
        ("2024-05-01T09:30Z", "minute"),
        ("2024-05-01T09:30:00+02:00", "second"),
        ("2024-05-01T09:30:00", "second"),
        ("2016-12-31T23:59:60Z", "second"),
        ("2024-05-01T09:30:00.1-02:00", "millisecond"),
        ("2024-05-01T09:30:00.123Z", "millisecond"),
        ("2024-05-01T09:30:00.1230Z", "microsecond"),
        ("2024-05-01T09:30:00.123456789Z", "microsecond"),
        ("2024-02-30", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_text_has_a_precision(text: str, precision: str | None) -> None:
    assert precision_of(text) == precision
    assert precision_column(pa.array([text])).to_pylist() == [precision]


def test_a_text_without_a_zone_has_no_instant_unless_there_is_a_default() -> None:
    texts = pa.array(["2024-05-01T09:30:00", "2024-05-01", "2024-05-01T09:30:00Z", None])
    assert utc_column(texts).to_pylist() == [
        None,
        None,
        datetime(2024, 5, 1, 9, 30, tzinfo=timezone.utc),
        None,
    ]
    assert utc_column(texts, _BERLIN).to_pylist() == [
        datetime(2024, 5, 1, 7, 30, tzinfo=timezone.utc),
        datetime(2024, 4, 30, 22, tzinfo=timezone.utc),
        datetime(2024, 5, 1, 9, 30, tzinfo=timezone.utc),
        None,
    ]


_DIGIT = st.sampled_from("0123456789")
_PARTS = st.tuples(
    st.integers(0, 9999).map("{:04}".format),
    st.integers(0, 13).map("-{:02}".format),
    st.integers(0, 32).map("-{:02}".format),
    st.tuples(st.integers(0, 24), st.integers(0, 60), st.integers(0, 60)).map(
        lambda time: "T{:02}:{:02}:{:02}".format(*time)
    ),
    st.one_of(st.just(""), st.text("0123456789", min_size=1, max_size=8).map(".{}".format)),
    st.one_of(
        st.sampled_from(["", "Z"]),
        st.tuples(st.sampled_from("+-"), st.integers(0, 15), st.integers(0, 60)).map(
            lambda zone: "{}{:02}:{:02}".format(*zone)
        ),
    ),
)
_TEXTS = st.one_of(
    st.tuples(_PARTS, st.integers(1, 6)).map(lambda drawn: "".join(drawn[0][: drawn[1]])),
    st.datetimes(timezones=st.just(timezone.utc)).map(datetime.isoformat),
)


@given(st.lists(st.none() | _TEXTS, max_size=6), st.sampled_from([None, _BERLIN]))
@example(["2024-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "9998-12-31T23:59:59-14:00"], None)
@example(["0999-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2024-05-01T24:00:00Z"], None)
def test_a_column_is_read_as_each_of_its_texts(
    texts: list[str | None], zone: ZoneInfo | None
) -> None:
    column = pa.array(texts, pa.string())
    assert utc_column(column, zone).to_pylist() == [
        None if text is None else utc_of(text, zone) for text in texts
    ]
    assert precision_column(column).to_pylist() == [
        None if text is None else precision_of(text) for text in texts
    ]
