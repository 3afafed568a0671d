"""FHIR objects that need not keep FHIR's rules: their parts are typed, their shape is held.

Draft orders are unfinished by nature, and a health record's resources may be less than valid: an
element is missing, a code is of another version, one object stands where a list belongs. What is
read has the shape that its class declares all the same, so that code may rely on it: where JSON
has another type than FHIR, it is refused.
"""

from collections.abc import Mapping
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.models.number import to_number
from pymedplum_runtime.models.package import ModelPackage, package_of
from pymedplum_runtime.models.polymorphic import class_for
from pymedplum_runtime.models.problems import Location, refuse
from pymedplum_runtime.models.property import Property

# How deep a resource may be nested, as `models` has it for all.
DEEPEST = 100
_PYTHON = {"str": (str, "text"), "bool": (bool, "true or false"), "int": (int, "an integer")}


def read_unfinished(cls: type[FHIRModel], data: Mapping[str, object]) -> FHIRModel:
    """Read an object as far as it keeps FHIR's shape.

    A single value where FHIR has a list becomes a list of one; null is absent; unknown properties
    are kept, as is text that breaks the rules of its type.

    Raises:
        pydantic.ValidationError: JSON has another type than FHIR somewhere; the first such place.
    """
    return _object(cls, data, (), 0)


def resource_class(package: ModelPackage, data: Mapping[str, object]) -> type[FHIRModel]:
    """Name the class of a resource; a type of another FHIR version is a bare resource.

    Raises:
        PydanticCustomError: no type is named.
    """
    try:
        return class_for(package, data)
    except PydanticCustomError:
        if isinstance(data.get("resourceType"), str):
            return package.find("Resource")
        raise


def _object(
    cls: type[FHIRModel], data: Mapping[str, object], place: Location, depth: int
) -> FHIRModel:
    if depth > DEEPEST:
        raise _refused((), "the data is nested too deeply")
    rows = {row.fhir_name: row for row in cls.properties_by_name().values()}
    package = package_of(cls)
    values: dict[str, Any] = {}
    for key, value in data.items():
        row = rows.get(key)
        if value is not None:
            where = (*place, key)
            values[key] = _value(package, row, value, where, depth) if row else value
    if cls.__resource_type__ is not None or not cls.__is_resource__:
        try:
            return cls.model_validate(values, extra="allow", by_name=False)
        except ValidationError:
            pass
    if cls.__resource_type__ is not None:
        values.pop("resourceType", None)
    return cls.model_construct(**values)


def _value(
    package: ModelPackage, row: Property, value: object, place: Location, depth: int
) -> object:
    if not row.many:
        return _item(package, row, value, place, depth)
    if not isinstance(value, list):
        return [_item(package, row, value, place, depth)]
    # In a list of primitives, null stands where only the sibling says something.
    may_be_null = row.is_primitive or row.name.startswith("_")
    return [
        None if item is None and may_be_null else _item(package, row, item, (*place, n), depth)
        for n, item in enumerate(cast("list[object]", value))
    ]


def _item(
    package: ModelPackage, row: Property, value: object, place: Location, depth: int
) -> object:
    if row.is_primitive:
        return _primitive(package.primitives()[row.type].python, value, place)
    if not isinstance(value, Mapping):
        raise _refused(place, "expected a JSON object")
    data = cast("Mapping[str, object]", value)
    cls = package.find(row.type)
    if cls.__is_resource__ and cls.__resource_type__ is None:
        try:
            cls = resource_class(package, data)
        except PydanticCustomError as error:
            raise _refused(place, error.message()) from None
    return _object(cls, data, place, depth + 1)


def _primitive(python: str, value: object, place: Location) -> object:
    if python == "Decimal":
        try:
            return to_number(value)
        except PydanticCustomError as error:
            raise _refused(place, error.message()) from None
    kind, words = _PYTHON[python]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _refused(place, f"expected {words}")
    return value


def _refused(place: Location, message: str) -> ValidationError:
    return refuse("FHIR", "fhir_shape", message, place)
