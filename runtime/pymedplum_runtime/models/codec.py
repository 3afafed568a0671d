"""JSON text to Python values and back, with every digit of every number.

The only module of the models that needs msgspec, so it is imported where text is handled.
"""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import msgspec

from pymedplum_runtime.models.number import WrittenDecimal, WrittenFloat, read_decimal, read_float

if TYPE_CHECKING:
    from pymedplum_runtime.helpers.members import Model

# msgspec reads `-0` as the integer 0; only a value that looks like one takes the slower road.
_NEGATIVE_ZERO = re.compile(rb"-0(?=[\s,\]}])")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")

_decode = msgspec.json.Decoder(float_hook=read_decimal).decode
_decode_plain: Callable[[bytes], Any] = msgspec.json.Decoder().decode
_decode_written: Callable[[bytes], Any] = msgspec.json.Decoder(float_hook=read_float).decode


class JsonTextError(ValueError):
    """The text is not JSON; the message never quotes it."""


def decode(text: str | bytes | bytearray) -> Any:  # noqa: ANN401 - any JSON value
    """Decode JSON text; numbers with a point or an exponent become decimals.

    Raises:
        JsonTextError: the text is no JSON, or nests too deeply.
    """
    try:
        raw = text.encode() if isinstance(text, str) else bytes(text)
    except UnicodeEncodeError:
        raise JsonTextError("JSON holds half of a surrogate pair") from None
    try:
        if _NEGATIVE_ZERO.search(raw):
            return json.loads(
                raw.decode(),
                parse_float=read_decimal,
                parse_int=_read_integer,
                parse_constant=_refuse_constant,
            )
        return _decode(raw)
    except msgspec.DecodeError as error:
        raise JsonTextError(str(error)) from None
    except RecursionError:
        raise JsonTextError("JSON is nested too deeply") from None
    except UnicodeDecodeError:
        raise JsonTextError(f"JSON is not UTF-8 (byte {_first_wrong_byte(raw)})") from None
    except json.JSONDecodeError as error:
        raise JsonTextError(f"JSON is malformed: {error.msg} (byte {error.pos})") from None


def decode_plain(text: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Decode JSON text as Python does: numbers with a point become floats.

    Raises:
        JsonTextError: the text is no JSON, or nests too deeply.
    """
    return _decoded(_decode_plain, text)


def decode_written(text: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Decode JSON text to be changed and written back: untouched floats keep their text.

    Only inside the package: not every encoder of others takes floats of a class of their own.

    Raises:
        JsonTextError: the text is no JSON, or nests too deeply.
    """
    return _decoded(_decode_written, text)


def _decoded(decoder: Callable[[bytes], Any], text: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return decoder(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise JsonTextError("the text is no JSON, or nested too deeply") from None


def _first_wrong_byte(raw: bytes) -> int:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _read_integer(text: str) -> int | Decimal:
    return Decimal(text) if text == "-0" else int(text)


def _refuse_constant(name: str) -> None:
    raise JsonTextError(f"JSON has no {name}")


def _write(value: object) -> object:
    if isinstance(value, WrittenDecimal | WrittenFloat):
        return msgspec.Raw(value.text.encode())
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    if hasattr(value, "model_dump_json"):  # a model inside a dict
        return msgspec.Raw(cast("Model", value).model_dump_json().encode())
    raise TypeError(f"{type(value).__name__} is not a JSON value")


_encode: Callable[[Any], bytes] = msgspec.json.Encoder(
    decimal_format="number", enc_hook=_write
).encode


def encode(value: object) -> bytes:
    """Encode plain values, and models inside them, as compact JSON text; decimals as written."""
    return _encode(value)


def indent(raw: bytes, width: int) -> bytes:
    """Spread compact JSON text over lines."""
    return msgspec.json.format(raw, indent=width)


def escape_non_ascii(text: str) -> str:
    """Write every character beyond ASCII as a JSON escape."""
    return _NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text)
