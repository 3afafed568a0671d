"""Prefixes of ordered values: `ge(date(1990, 1, 1))` is `ge1990-01-01`.

https://hl7.org/fhir/R4/search.html#prefix. For dates, numbers and quantities; a value without a
prefix is compared with `eq`.
"""

from datetime import date
from decimal import Decimal
from typing import TypeAlias

from pymedplum_runtime.helpers.members import FHIRData, is_data
from pymedplum_runtime.search.values import search_value

OrderedValue: TypeAlias = str | date | float | Decimal | FHIRData
"""A date, datetime, number, Quantity, or the text of one."""


def eq(value: OrderedValue) -> str:
    """Search for what lies within the value: `eq(date(2024, 5, 1))` is that day.

    Raises:
        TypeError: the value has no order, such as a tuple: prefix each alternative.

    Example:
        >>> eq(date(2024, 5, 1))
        'eq2024-05-01'
    """
    return _prefixed("eq", value)


def ne(value: OrderedValue) -> str:
    """Search for what does not lie within the value.

    Example:
        >>> ne(5)
        'ne5'
    """
    return _prefixed("ne", value)


def gt(value: OrderedValue) -> str:
    """Search for what is greater or later.

    Example:
        >>> gt(Decimal("5.40"))
        'gt5.40'
    """
    return _prefixed("gt", value)


def lt(value: OrderedValue) -> str:
    """Search for what is less or earlier.

    Example:
        >>> lt(quantity(5.4, "http://unitsofmeasure.org", "mg"))
        'lt5.4|http://unitsofmeasure.org|mg'
    """
    return _prefixed("lt", value)


def ge(value: OrderedValue) -> str:
    """Search for what is greater, later or equal.

    Example:
        >>> ge(datetime(2024, 5, 1, 9, 30, tzinfo=timezone.utc))
        'ge2024-05-01T09:30:00+00:00'
    """
    return _prefixed("ge", value)


def le(value: OrderedValue) -> str:
    """Search for what is less, earlier or equal.

    Example:
        >>> le("2024-05")
        'le2024-05'
    """
    return _prefixed("le", value)


def sa(value: OrderedValue) -> str:
    """Search for what starts after the value ends.

    Example:
        >>> sa(date(2024, 5, 1))
        'sa2024-05-01'
    """
    return _prefixed("sa", value)


def eb(value: OrderedValue) -> str:
    """Search for what ends before the value starts.

    Example:
        >>> eb(date(2024, 5, 1))
        'eb2024-05-01'
    """
    return _prefixed("eb", value)


def ap(value: OrderedValue) -> str:
    """Search for what is about the value; the server decides how near that is.

    Example:
        >>> ap(120)
        'ap120'
    """
    return _prefixed("ap", value)


def _prefixed(prefix: str, value: object) -> str:
    ordered = isinstance(value, str | date | int | float | Decimal) or is_data(value)
    if not ordered or isinstance(value, bool):
        raise TypeError(
            f"{prefix}(...) takes a date, datetime, number or Quantity, not {type(value).__name__}"
        )
    return prefix + search_value(value)
