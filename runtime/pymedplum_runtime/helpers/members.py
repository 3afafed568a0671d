"""Reading members of FHIR data, whether it is a dict or a model.

Models are recognised by their `model_dump`, so that nothing here imports Pydantic. Data from
servers may be malformed: what has not the expected shape reads as absent.
"""

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias, TypeGuard, cast


class Model(Protocol):
    """What the helpers need of a Pydantic model."""

    def model_dump(
        self, *, mode: str = ..., by_alias: bool | None = ..., exclude_none: bool = ...
    ) -> dict[str, Any]:
        """Return the model as a dict."""
        ...

    def model_dump_json(self) -> str:
        """Return the model as JSON text."""
        ...


FHIRData: TypeAlias = Mapping[str, Any] | Model


def is_data(value: object) -> TypeGuard[FHIRData]:
    """Say whether a value is a dict or an instance of a model."""
    if isinstance(value, Mapping):
        return True
    return hasattr(value, "model_dump") and not isinstance(value, type)


def require_data(value: object) -> None:
    """Refuse what is neither a dict nor a model.

    Raises:
        TypeError: it is something else; the message names its Python type alone.
    """
    if not is_data(value):
        raise TypeError(f"expected a dict or a model, got {type(value).__name__}")


def members_of(data: FHIRData | None) -> Mapping[str, Any]:
    """Return the members of an object under their FHIR names; none of `None`.

    Raises:
        TypeError: the data is neither a dict nor a model.
    """
    if data is None:
        return {}
    require_data(data)
    return data if isinstance(data, Mapping) else data.model_dump(by_alias=True, exclude_none=True)


def member(data: object, name: str) -> Any:  # noqa: ANN401 - a member of any FHIR type
    """Return a member as it is stored, for names that Python and FHIR spell alike."""
    if isinstance(data, Mapping):
        return cast("Mapping[str, Any]", data).get(name)
    return getattr(data, name, None)


def objects(value: object) -> list[Mapping[str, Any]]:
    """Return the entries of a list that are objects."""
    return [members_of(entry) for entry in entries(value) if is_data(entry)]


def first_object(value: object) -> Mapping[str, Any]:
    """Return the first entry of a list that is an object; an empty one where there is none."""
    return next(iter(objects(value)), members_of(None))


def entries(value: object) -> list[Any]:
    """Return a list's entries; none where the value is no list."""
    return [*cast("list[Any]", value)] if isinstance(value, list | tuple) else []


def text(value: object) -> str | None:
    """Return a text that says something, or `None`."""
    return value if isinstance(value, str) and value.strip() else None


def choice_value(members: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a FHIR value of any type
    """Return the `value[x]` of an extension or a parameter."""
    return choice(members)[1]


def choice(members: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the name and the value of `value[x]`; an empty name and `None` without one."""
    for name, value in members.items():
        if name.startswith("value") and name[5:6].isupper() and value is not None:
            return name, value
    return "", None
