"""Fixed values, patterns and bounds, compared with what stands in a resource."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pymedplum_runtime.profiles.ordering import compare
from pymedplum_runtime.validation.profile_values import equals, matches

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.decimals(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(values)
def test_a_value_equals_and_matches_itself(value: Any) -> None:
    assert equals(value, value)
    assert matches(value, value)


@given(values, values)
def test_what_equals_matches(value: Any, fixed: Any) -> None:
    if equals(value, fixed):
        assert matches(value, fixed)


@given(st.dictionaries(st.text(max_size=3), values, max_size=4), st.data())
def test_an_object_matches_a_part_of_itself(value: dict[str, Any], data: st.DataObject) -> None:
    names = data.draw(st.sets(st.sampled_from(sorted(value)))) if value else set()
    assert matches(value, {name: value[name] for name in names})


@pytest.mark.parametrize(
    ("value", "fixed", "same"),
    [
        (Decimal("1.0"), Decimal("1.0"), True),
        (Decimal("1.0"), Decimal("1.00"), False),
        (Decimal(1), 1, True),
        (1.5, Decimal("1.50"), True),
        (0.1, Decimal("0.1"), True),
        (1, 1.0, True),
        (1, 2, False),
        (True, 1, False),
        (1, True, False),
        ("1", 1, False),
        ([1, 2], [1, 2], True),
        ([1, 2], [2, 1], False),
        ([1], [1, 2], False),
        ({}, [], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        (None, "a", False),
    ],
)
def test_fixed_values_are_exact(value: Any, fixed: Any, same: bool) -> None:  # noqa: FBT001 - a row
    assert equals(value, fixed) is same


@pytest.mark.parametrize(
    ("value", "pattern", "matching"),
    [
        ([{"a": 1, "b": 2}, {"c": 3}], [{"c": 3}, {"a": 1}], True),
        ([{"a": 1}], [{"a": 1}, {"b": 2}], False),
        ([], [{"a": 1}], False),
        ({}, {"a": 1}, False),
        ("a", {"a": 1}, False),
        ({"a": 1}, [1], False),
    ],
)
def test_patterns_ask_for_a_part(value: Any, pattern: Any, matching: bool) -> None:  # noqa: FBT001
    assert matches(value, pattern) is matching


@pytest.mark.parametrize(
    ("value", "bound", "order"),
    [
        (1, 2, -1),
        (Decimal("2.0"), 2, 0),
        (3, 2.5, 1),
        (True, 1, None),
        ("a", 1, None),
        (float("nan"), 1, None),
        ("2020-01-01", "2020-01-02", -1),
        ("2020", "2020-06-01", 0),
        ("2021", "2020-06-01", 1),
        ("2020-01-01T10:00:00Z", "2020-01-01T11:00:00+02:00", 1),
        ("2020-01-01T10:00:00.5Z", "2020-01-01T10:00:00.123456789Z", 1),
        ("2020-01-01T10:00:00Z", "2020-01-01", 0),
        ("2020-01-01T10:00:00", "2020-01-02", -1),
        ("10:00:00", "10:30:00", -1),
        ("10:30:00.5", "10:30:00", 1),
        ("", "2020", None),
        ("no date", "2020", None),
        ({"value": 1, "unit": "m"}, {"value": 2, "unit": "m"}, -1),
        ({"value": 1, "unit": "m"}, {"value": 2, "unit": "km"}, None),
        ({"unit": "m"}, {"value": 2, "unit": "m"}, None),
        (1, {"value": 2}, None),
    ],
)
def test_values_have_an_order_where_they_can_be_compared(
    value: Any, bound: Any, order: int | None
) -> None:
    assert compare(value, bound) == order
