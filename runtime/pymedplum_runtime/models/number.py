"""Numbers that remember how they were written.

https://hl7.org/fhir/R4/datatypes.html#decimal: the precision of a decimal is significant.
`Decimal` keeps trailing zeros, but rewrites exponents (`1e-7`, `0.00000000`); `float` rewrites
both.
"""

from decimal import Decimal
from math import isfinite
from typing import Any

from pydantic_core import PydanticCustomError
from typing_extensions import Self

LONGEST_INTEGER = 1000  # digits of an integer that stands for a decimal beyond floats


class _Written:
    """A number with the text that says it; copies share it, results of arithmetic have none."""

    __slots__ = ()
    text: str

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self.text,)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class WrittenDecimal(_Written, Decimal):
    """A `Decimal` whose text is not the one that `str` would give."""

    __slots__ = ("text",)

    def __new__(cls, text: str) -> Self:
        """Keep `text` beside the number that it says."""
        number = super().__new__(cls, text)
        number.text = text
        return number


class WrittenFloat(_Written, float):
    """A `float` whose text is not the one that `repr` would give."""

    __slots__ = ("text",)

    def __new__(cls, text: str) -> Self:
        """Keep `text` beside the number that it says."""
        number = super().__new__(cls, text)
        number.text = text
        return number


def read_float(text: str) -> float:
    """Read the text of a JSON number as a float.

    Raises:
        ValueError: it is beyond floats.
    """
    number = float(text)
    if repr(number) == text:
        return number
    if isfinite(number):
        return WrittenFloat(text)
    raise ValueError("a number is beyond floats")


def read_decimal(text: str) -> Decimal:
    """Read the text of a JSON number, exactly."""
    number = Decimal(text)
    return number if str(number) == text else WrittenDecimal(text)


def decimal_text(number: Decimal) -> str:
    """Return the text of a JSON number, as it was read where it was read."""
    return number.text if isinstance(number, WrittenDecimal) else str(number)


def to_number(value: object) -> Decimal:
    """Accept the numbers of Python and JSON, not text and not booleans."""
    kind = type(value)
    if kind is int:
        return Decimal(value)  # type: ignore[arg-type]  # the type was just checked
    if kind is float:
        return _finite(read_decimal(repr(value)))
    if isinstance(value, Decimal):
        return _finite(value)
    if isinstance(value, WrittenFloat):
        return read_decimal(value.text)
    raise PydanticCustomError("fhir_decimal", "expected a decimal number")


def _finite(number: Decimal) -> Decimal:
    if number.is_finite():
        return number
    raise PydanticCustomError("fhir_decimal", "expected a finite decimal number")


def json_number(number: Decimal) -> int | float:
    """Return the number that `json.dumps` takes; exact text is for JSON text and the wire."""
    text = decimal_text(number)
    if text.lstrip("-").isdigit():
        return int(text)
    value = float(text)
    if isfinite(value):
        return value
    if number.adjusted() > LONGEST_INTEGER:
        raise ValueError("a decimal is too large for a number; model_dump_json() keeps it")
    return int(number)
