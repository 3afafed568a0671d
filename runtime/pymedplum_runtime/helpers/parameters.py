"""Reading Parameters resources, which operations answer with.

https://hl7.org/fhir/R4/parameters.html
"""

from collections.abc import Mapping
from typing import Any, cast

from pymedplum_runtime.helpers.members import FHIRData, choice_value, is_data, members_of, objects


def parameters_to_dict(params: FHIRData) -> dict[str, Any]:
    """Return the parameters as a dict from name to value.

    A value is the entry's resource, its parts as a dict of the same kind, or its `value[x]`, in
    FHIR JSON; `None` for an entry that has none of them. A name that repeats has a list.

    Raises:
        TypeError: `params` is neither a dict nor a model.
        ValueError: it is no Parameters resource.

    Example:
        >>> entries = [{"name": "result", "valueBoolean": True}]
        >>> parameters_to_dict({"resourceType": "Parameters", "parameter": entries})
        {'result': True}
    """
    return _named_values(_parameters(params))


def get_parameter(params: FHIRData, name: str) -> Any:  # noqa: ANN401 - a FHIR value of any type
    """Return the value of the first parameter of a name, as in `parameters_to_dict`.

    Returns:
        The value; `None` where the name is absent or its entry is empty.

    Raises:
        TypeError: `params` is neither a dict nor a model.
        ValueError: it is no Parameters resource.
    """
    for entry in _parameters(params):
        if entry.get("name") == name:
            return _value(entry)
    return None


def get_parameter_resource(params: FHIRData, name: str) -> dict[str, Any] | None:
    """Return the resource of the first parameter that has this name and a resource.

    Raises:
        TypeError: `params` is neither a dict nor a model.
        ValueError: it is no Parameters resource.
    """
    for entry in _parameters(params):
        resource = _resource(entry)
        if entry.get("name") == name and resource is not None:
            return resource
    return None


def _parameters(params: FHIRData) -> list[Mapping[str, Any]]:
    members = members_of(params)
    if members.get("resourceType") != "Parameters":
        raise ValueError("expected a Parameters resource: resourceType says something else")
    return objects(members.get("parameter"))


def _named_values(parameters: list[Mapping[str, Any]]) -> dict[str, Any]:
    grouped: dict[str, list[Any]] = {}
    for entry in parameters:
        name = entry.get("name")
        if isinstance(name, str):
            grouped.setdefault(name, []).append(_value(entry))
    return {name: found if len(found) > 1 else found[0] for name, found in grouped.items()}


def _value(entry: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a FHIR value of any type
    resource = _resource(entry)
    if resource is not None:
        return resource
    parts = objects(entry.get("part"))
    return _named_values(parts) if parts else choice_value(entry)


def _resource(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    resource = entry.get("resource")
    return cast("dict[str, Any]", members_of(resource)) if is_data(resource) else None
