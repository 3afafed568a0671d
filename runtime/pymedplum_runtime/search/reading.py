"""Reading a resource from a server into a class, and the type that a class stands for."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

Resource: TypeAlias = dict[str, Any]

OnError: TypeAlias = Callable[["ValidationError", Resource], object]
"""Called with the error and the resource that is no valid one; the resource is skipped."""

M = TypeVar("M", bound="BaseModel")


class Models:
    """Reads resources when they are asked for, each once per class."""

    __slots__ = ("_on_error", "_read", "_resources", "_source")

    def __init__(self, source: Callable[[], list[Resource]], on_error: OnError | None) -> None:
        self._source = source
        self._resources: list[Resource] | None = None
        self._on_error = on_error
        self._read: dict[tuple[int, type], BaseModel | None] = {}

    def at(self, place: int, cls: type[M]) -> M | None:
        """Return the resource at a place as a model; `None` where `on_error` was told of it.

        Raises:
            pydantic.ValidationError: the resource is invalid, and there is no `on_error`.
        """
        key = place, cls
        if self._resources is None:
            self._resources = self._source()
        if key not in self._read:
            self._read[key] = self._read_or_tell(self._resources[place], cls)
        return cast("M | None", self._read[key])

    def all_at(self, places: Iterable[int], cls: type[M]) -> Iterator[M]:
        """Give the models at these places, without those that are invalid."""
        for place in places:
            model = self.at(place, cls)
            if model is not None:
                yield model

    def _read_or_tell(self, resource: Resource, cls: type[M]) -> M | None:
        from pydantic import ValidationError  # noqa: PLC0415 - searching alone needs no models

        try:
            return read_model(cls, resource)
        except ValidationError as error:
            if self._on_error is None:
                raise
            self._on_error(error, resource)
            return None


def read_model(cls: type[M], resource: Resource) -> M:
    """Read a resource, keeping properties that this version of the package does not know.

    Raises:
        pydantic.ValidationError: the resource is invalid; the error's title is its type and id.
    """
    try:  # the usual case: valid, and nothing in it is unknown
        return cls.__pydantic_validator__.validate_python(resource)  # type: ignore[no-any-return]
    except (ValueError, RecursionError):  # what is wrong, the slower way finds out
        pass
    from pydantic import ValidationError  # noqa: PLC0415 - the same

    try:
        return cls.model_validate(resource, extra="allow")
    except ValidationError as error:
        raise _named(error, resource) from None


def resource_type_of(cls: type) -> str | None:
    """Return the resource type that a class reads; `None` where that is not only one."""
    declared: object = getattr(cls, "__resource_type__", None)
    return declared if isinstance(declared, str) else None


def _named(error: "ValidationError", resource: Resource) -> "ValidationError":
    from pymedplum_runtime.models.problems import from_lines, line  # noqa: PLC0415 - the same

    resource_id = resource.get("id")
    title = f"{error.title}/{resource_id}" if isinstance(resource_id, str) else error.title
    found = error.errors(include_url=False)
    return from_lines(title, [line(e["type"], e["msg"], e["loc"], e["input"]) for e in found])
