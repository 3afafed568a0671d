"""FHIR data as plain JSON of its own, which shares nothing with the data."""

from decimal import Decimal
from typing import Any, cast

from pymedplum_runtime.helpers.members import is_data
from pymedplum_runtime.helpers.serialization import to_fhir_json


def plain_json(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Copy FHIR data deeply, models within dicts included, as values that `json.dumps` takes.

    Members that are `None` are absent; decimals become `int` or `float`.

    Raises:
        TypeError: there is something that JSON has not; the message names its type alone.

    Example:
        >>> plain_json({"policy": Reference(reference="AccessPolicy/p"), "parameter": None})
        {'policy': {'reference': 'AccessPolicy/p'}}
    """
    if is_data(value):
        members = to_fhir_json(value)
        return {name: plain_json(each) for name, each in members.items() if each is not None}
    if isinstance(value, list | tuple):
        return [plain_json(each) for each in cast("list[object]", value)]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"{type(value).__name__} is not a JSON value")
