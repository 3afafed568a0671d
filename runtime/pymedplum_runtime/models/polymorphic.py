"""Values that are as many types as there are resources: found by their `resourceType`."""

from collections.abc import Mapping
from typing import Literal, cast

from pydantic_core import PydanticCustomError

from pymedplum_runtime.lazy import did_you_mean
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.models.codec import JsonTextError, decode
from pymedplum_runtime.models.package import ModelPackage
from pymedplum_runtime.models.problems import refuse

TITLE = "Resource"


def parse(
    package: ModelPackage,
    data: object,
    extra: Literal["allow", "ignore", "forbid"] | None,
) -> FHIRModel:
    """Read JSON text, a dict or a model into the class that its `resourceType` names."""
    if isinstance(data, FHIRModel):
        return data
    is_text = isinstance(data, str | bytes | bytearray)
    if isinstance(data, str | bytes | bytearray):
        try:
            data = decode(data)
        except JsonTextError as error:
            raise refuse(TITLE, "json_invalid", f"Invalid JSON: {error}") from None
    try:
        cls = class_for(package, data)
    except PydanticCustomError as error:
        raise refuse(TITLE, error.type, error.message()) from None
    # JSON text has FHIR's spelling only; a dict may have Python's.
    return cls.model_validate(data, extra=extra, by_name=False if is_text else None)


def class_for(package: ModelPackage, data: object) -> type[FHIRModel]:
    """Return the class that a resource's `resourceType` names.

    Raises:
        PydanticCustomError: the data is no object, or names no resource type.
    """
    if not isinstance(data, Mapping):
        raise PydanticCustomError("fhir_resource", "expected a resource: a JSON object")
    resource = cast("Mapping[str, object]", data)
    name = resource.get("resourceType") or resource.get("resource_type")
    if name is None:
        raise PydanticCustomError("fhir_resource", "expected a resource: resourceType is missing")
    if not isinstance(name, str) or name not in package.resources:
        hint = did_you_mean(name, set(package.resources)) if isinstance(name, str) else ""
        raise PydanticCustomError(
            "fhir_resource",
            "expected a resource: resourceType names none of this FHIR version{hint}",
            {"hint": hint},
        )
    return package.find(name)
