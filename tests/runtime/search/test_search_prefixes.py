from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import pytest

from pymedplum_runtime import search
from pymedplum_runtime.search import ge, lt, quantity

Wild: TypeAlias = Any  # what callers and servers give, well-formed or not

PREFIXES = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_prefix_stands_before_the_value(prefix: str) -> None:
    assert getattr(search, prefix)(date(1990, 1, 1)) == f"{prefix}1990-01-01"


def test_numbers_texts_and_quantities_take_prefixes() -> None:
    assert ge(Decimal("5.40")) == "ge5.40"
    assert lt("2024-05") == "lt2024-05"
    assert lt(quantity(5, "http://unitsofmeasure.org", "mg")) == "lt5|http://unitsofmeasure.org|mg"
    assert ge({"value": 5, "code": "mg"}) == "ge5||mg"


@pytest.mark.parametrize("value", [None, True, (date(1990, 1, 1),), [1], b"1"])
def test_what_has_no_order_takes_no_prefix(value: Wild) -> None:
    with pytest.raises(TypeError, match=r"ge\(\.\.\.\) takes"):
        ge(value)


def test_a_naive_datetime_takes_no_prefix() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ge(datetime(2024, 5, 1))  # noqa: DTZ001 - what is to be refused
