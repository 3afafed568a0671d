"""Columns of JSON's values as Arrow arrays; a value that does not fit is told by its row alone."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate, chain
from typing import cast

from pymedplum_runtime.models.number import WrittenDecimal, WrittenFloat, decimal_text
from pymedplum_runtime.tables.columns import Kind
from pymedplum_runtime.tables.extra import ArrowArray, ArrowType, pyarrow

_PRECISION = 38
_SCALE = 18
_NOTHING = type(None)
_HELD: dict[Kind, frozenset[type]] = {
    "boolean": frozenset({bool, _NOTHING}),
    "integer": frozenset({int, _NOTHING}),
    "integer64": frozenset({int, _NOTHING}),
    "decimal": frozenset({int, Decimal, WrittenDecimal, _NOTHING}),
    "digits": frozenset({_NOTHING}),
    "time": frozenset({str, _NOTHING}),
    "text": frozenset({str, _NOTHING}),
}
_EXPECTED: dict[Kind, str] = {
    "boolean": "expected a boolean",
    "integer": "expected an integer of 32 bits",
    "integer64": "expected an integer of 64 bits",
    "decimal": (
        "expected a number with at most 20 digits before the point and 18 after it, for "
        'DECIMAL(38, 18); decimals="text" takes every number'
    ),
    "digits": "expected a number",
    "time": "expected the text of a date or time",
    "text": "expected text of whole Unicode characters",
}


class NoFitError(Exception):
    """The value at `position` is not what its column holds; the message says what that is."""

    def __init__(self, position: int, kind: Kind) -> None:
        super().__init__(_EXPECTED[kind])
        self.position = position
        self.kind: Kind = kind


def scalar_type(kind: Kind) -> ArrowType:
    """Return the Arrow type of values of a kind."""
    arrow = pyarrow()
    if kind == "decimal":
        return arrow.decimal128(_PRECISION, _SCALE)
    if kind == "boolean":
        return arrow.bool_()
    if kind == "integer":
        return arrow.int32()
    return arrow.int64() if kind == "integer64" else arrow.string()


def scalar_array(values: Sequence[object], kind: Kind) -> ArrowArray:
    """Return the values as one array.

    Raises:
        NoFitError: one of them is of another kind or too large.
    """
    arrow = pyarrow()
    if not _HELD[kind].issuperset(map(type, values)):
        values = [_held(value, at, kind) for at, value in enumerate(values)]
    wanted = scalar_type(kind)
    try:
        return arrow.array(values, wanted)
    except _refusals():
        pass  # these quote the value
    raise NoFitError(
        next(at for at, value in enumerate(values) if _is_refused(value, wanted)), kind
    )


def _refusals() -> tuple[type[Exception], ...]:
    arrow = pyarrow()
    return (arrow.ArrowException, OverflowError, UnicodeEncodeError)


def _is_refused(value: object, wanted: ArrowType) -> bool:
    arrow = pyarrow()
    try:
        arrow.array([value], wanted)
    except _refusals():
        return True
    return False


def list_array(values: Sequence[object], kind: Kind) -> ArrowArray:
    """Return lists of values as one array of lists; a null stays one.

    Raises:
        NoFitError: one is no list, or an item is of another kind or too large.
    """
    arrow = pyarrow()
    for at, value in enumerate(values):
        if not isinstance(value, list | tuple | None):
            raise NoFitError(at, kind)
    lists = cast("Sequence[Sequence[object] | None]", values)
    ends = list(accumulate(len(each or ()) for each in lists))
    try:
        items = scalar_array(list(chain.from_iterable(each or () for each in lists)), kind)
    except NoFitError as error:
        position = error.position
    else:
        starts = [
            None if at is None else end - len(at) for at, end in zip(lists, ends, strict=True)
        ]
        return arrow.ListArray.from_arrays(arrow.array([*starts, len(items)], arrow.int32()), items)
    raise NoFitError(next(at for at, end in enumerate(ends) if end > position), kind)


def _held(value: object, at: int, kind: Kind) -> object:
    """Return a value as what its column holds, where it is that in other words.

    Raises:
        NoFitError: it is not.
    """
    if type(value) in _HELD[kind]:
        return value
    if kind == "text":
        return _text(value)
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if is_number and kind in {"decimal", "digits"}:
        return _text(value) if kind == "digits" else Decimal(_text(value))
    if kind == "integer64" and isinstance(value, str) and _is_integer(value):
        return int(value)  # R5 writes them as texts
    raise NoFitError(at, kind)


def _text(value: object) -> str:
    """Return JSON's text of a value that is no text already."""
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, float):
        return value.text if isinstance(value, WrittenFloat) else repr(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    from pymedplum_runtime.models import codec  # noqa: PLC0415 - loads msgspec

    return codec.encode(value).decode()


def _is_integer(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit()
