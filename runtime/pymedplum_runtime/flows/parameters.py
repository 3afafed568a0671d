"""Parameters of operations: from Python values to a `Parameters` resource, or to a query.

https://hl7.org/fhir/R4/operations.html#request
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from pymedplum_runtime.helpers.members import is_data, member
from pymedplum_runtime.helpers.open_types import VALUE_NAMES
from pymedplum_runtime.models.base import FHIRModel

# The member that tells one datatype from the others, most telling first.
_TELLING = {
    "reference": "Reference",
    "coding": "CodeableConcept",
    "numerator": "Ratio",
    "low": "Range",
    "high": "Range",
    "start": "Period",
    "end": "Period",
    "contentType": "Attachment",
    "family": "HumanName",
    "given": "HumanName",
    "city": "Address",
    "currency": "Money",
    "unit": "Quantity",
    "code": "Coding",
    "value": "Identifier",
    "text": "CodeableConcept",
}


# The Python types of FHIR's primitive types; those that are not here are texts.
_PYTHON: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "positiveInt": (int,),
    "unsignedInt": (int,),
    "decimal": (int, float, Decimal),
    "date": (str, date),
    "dateTime": (str, date),
    "instant": (str, datetime),
}


def as_parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a `Parameters` resource; `None` is left out, a list repeats the parameter.

    Python's types decide FHIR's: `bool`, `int`, `float` and `Decimal`, `date`, `datetime` with a
    time zone, `str`, models, and dicts whose members tell their datatype.

    Raises:
        TypeError: a value has no FHIR type, or a name is no text.
        ValueError: a datetime has no time zone, a dict does not tell its datatype, or a name is
            empty.

    Example:
        >>> as_parameters({"count": 10})["parameter"]
        [{'name': 'count', 'valueInteger': 10}]
    """
    parameter = [
        {"name": _checked_name(name), **_value(name, each)}
        for name, value in values.items()
        for each in each_of(value)
    ]
    return {"resourceType": "Parameters", "parameter": parameter}


def typed_parameter(name: str, fhir_type: str, value: object) -> Iterator[dict[str, Any]]:
    """Give the parameters of one name, whose FHIR type the OperationDefinition tells.

    Raises:
        TypeError: a value is of another type.
        ValueError: a datetime has no time zone.
    """
    for each in each_of(value):
        if fhir_type == "" and isinstance(each, Mapping):
            parts = as_parameters(cast("Mapping[str, Any]", each))["parameter"]
            yield {"name": name, "part": parts}
        elif is_data(each) and _is_resource(each):
            yield {"name": name, "resource": each}
        else:
            _check_type(name, fhir_type, each)
            key = f"value{fhir_type[:1].upper()}{fhir_type[1:]}"
            known = {key: plain(name, each)} if key in VALUE_NAMES else _value(name, each)
            yield {"name": name, **known}


def each_of(value: object) -> list[Any]:
    """Return the values of a repeated parameter; none of `None`."""
    if isinstance(value, list | tuple):
        return [each for each in cast("list[Any]", value) if each is not None]
    return [] if value is None else [value]


def plain(name: str, value: object) -> Any:  # noqa: ANN401 - a JSON value of any kind
    """Return a value as JSON has it.

    Raises:
        ValueError: a datetime has no time zone.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"parameter {name}: a datetime must have a time zone")
        return value.isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _checked_name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"the name of a parameter must be a str, got {type(name).__name__}")
    if not name:
        raise ValueError("the name of a parameter must not be empty")
    return name


def _check_type(name: str, fhir_type: str, value: object) -> None:
    """Refuse a value that is not of the FHIR type; without one, Python's type decides."""
    is_primitive = fhir_type[:1].islower()
    expected = _PYTHON.get(fhir_type, (str,))
    is_right = isinstance(value, expected) if is_primitive else is_data(value) or not fhir_type
    is_other = (isinstance(value, bool) and bool not in expected) or (
        isinstance(value, datetime) and fhir_type == "date"
    )
    if not is_right or (is_primitive and is_other):
        kind = type(value).__name__
        raise TypeError(f"parameter {name}: a {kind} is no FHIR {fhir_type}")


def _value(name: str, value: object) -> dict[str, Any]:
    if is_data(value) and _is_resource(value):
        return {"resource": value}
    return {f"value{_type_of(name, value)}": plain(name, value)}


def _type_of(name: str, value: object) -> str:
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "Boolean"),
        (int, "Integer"),
        ((float, Decimal), "Decimal"),
        (datetime, "DateTime"),
        (date, "Date"),
        (str, "String"),
    )
    found = next((fhir for python, fhir in kinds if isinstance(value, python)), None)
    if found is None and isinstance(value, Mapping):
        found = _type_of_dict(cast("Mapping[str, Any]", value))
    if found is None and isinstance(value, FHIRModel):
        found = type(value).__name__
    if found and f"value{found}" in VALUE_NAMES:
        return found
    if isinstance(value, Mapping):
        raise ValueError(  # noqa: TRY004 - the type is right, its content is not
            f"parameter {name}: the dict does not tell its datatype; give a model, or a whole "
            "Parameters resource without wrap_params"
        )
    raise TypeError(f"parameter {name}: {type(value).__name__} is no FHIR value")


def _type_of_dict(members: Mapping[str, Any]) -> str | None:
    number = members.get("value")
    if isinstance(number, int | float | Decimal) and "currency" not in members:
        return "Quantity"
    return next((fhir for telling, fhir in _TELLING.items() if telling in members), None)


def _is_resource(value: object) -> bool:
    if isinstance(value, Mapping):
        return "resourceType" in value
    return bool(member(value, "resource_type"))
