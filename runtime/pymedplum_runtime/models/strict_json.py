"""Values as JSON text, and nothing that JSON does not have: what is sent, and what is written."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import cast

from pymedplum_runtime.models import codec


def encode(value: object) -> bytes:
    """Encode a resource, or any JSON value with models and decimals inside, as JSON text.

    Raises:
        TypeError: something inside is no JSON value.
        ValueError: a number is not finite, or a text is no Unicode.
    """
    if hasattr(value, "model_dump_json"):
        return cast("str", value.model_dump_json()).encode()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    try:
        json.dumps(value, default=_checked, allow_nan=False)  # msgspec takes more than JSON has
    except ValueError:
        raise ValueError("JSON has no NaN, no infinity and no circles") from None
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    try:
        return codec.encode(value)
    except UnicodeEncodeError:
        pass  # it quotes the text, as a context too
    raise ValueError("a text holds half of a surrogate pair, which is no Unicode")


def _checked(value: object) -> object:
    """Say what the values that Python's JSON lacks stand for; only for the check."""
    if isinstance(value, Decimal):
        if value.is_finite():
            return 0
        raise ValueError
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, object]", value))
    if hasattr(value, "model_dump_json"):
        return None
    raise TypeError(
        f"{type(value).__name__} is not a JSON value; give FHIR's text, or a model of its type"
    )
