"""From models to plain FHIR JSON."""

from collections.abc import Mapping
from typing import Any

from pymedplum_runtime.helpers.members import FHIRData, require_data


def to_fhir_json(resource: FHIRData) -> dict[str, Any]:
    """Return a resource as a dict in FHIR's spelling that `json.dumps` takes.

    Decimals of a model become `int` or `float`; `model_dump_json` keeps every digit.

    Args:
        resource: a model, or a dict, which is returned as it is: the same object.

    Raises:
        TypeError: the resource is neither.

    Example:
        >>> to_fhir_json(Patient(name=[HumanName(family="Doe")]))
        {'resourceType': 'Patient', 'name': [{'family': 'Doe'}]}
    """
    if isinstance(resource, Mapping):
        return resource if isinstance(resource, dict) else dict(resource)
    require_data(resource)
    return resource.model_dump(mode="json", by_alias=True, exclude_none=True)
