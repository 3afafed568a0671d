"""One line as what the caller asked for: a dict, a model, or the bytes as they are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pymedplum_runtime.errors import NdjsonError
from pymedplum_runtime.ndjson.lines import Line

if TYPE_CHECKING:
    from pydantic import ValidationError

    from pymedplum_runtime.models.resource import ResourceModel

_NAMED = 3  # problems in one message; the cause has them all
# Nothing else is quoted: what stands in the place of a type or an id may be anything.
_TYPE = re.compile(r"[A-Z][A-Za-z]{0,63}")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


class NotAResourceError(Exception):
    """The text is no resource of the wanted kind; the message never quotes it."""


@dataclass(frozen=True, slots=True)
class LineReader:
    """What is made of a line; goes to other processes as it is."""

    as_fhir: "type[ResourceModel] | None" = None
    raw: bool = False
    exact_decimals: bool = False

    def __post_init__(self) -> None:
        if self.as_fhir is None:
            return
        if self.raw:
            raise TypeError("raw=True gives bytes, as_fhir= models; give one of the two")
        _check_class(self.as_fhir)

    def read(self, line: Line) -> Any:  # noqa: ANN401 - as the attributes say
        """Read a line.

        Raises:
            NdjsonError: it is no such resource; the cause is Pydantic's error, where there is one.
        """
        problem: NdjsonError
        try:
            return line.content if self.raw else self._resource(line.content)
        except NotAResourceError as error:
            problem = NdjsonError(str(error), line.source, line.number)
            problem.__cause__ = error.__cause__
        raise problem

    def _resource(self, content: bytes) -> Any:  # noqa: ANN401 - the same
        if self.as_fhir is None:
            return resource_in(content, exact=self.exact_decimals)
        resource = resource_in(content, exact=True)
        cls = self.as_fhir
        if resource["resourceType"] != cls.__resource_type__:
            cls = _class_of(cls, resource)
        return _model(cls, resource)


def _check_class(cls: object) -> None:
    if not isinstance(cls, type) or not getattr(cls, "__is_resource__", False):
        kind = cls.__name__ if isinstance(cls, type) else type(cls).__name__
        raise TypeError(f"as_fhir must be a resource class such as Patient, got {kind}")


def resource_in(content: bytes, *, exact: bool) -> dict[str, Any]:
    """Decode a resource.

    Args:
        content: JSON text.
        exact: numbers with a point become decimals that keep their text.

    Raises:
        NotAResourceError: it is no JSON object, or has no `resourceType`.
    """
    from pymedplum_runtime.models import codec  # noqa: PLC0415 - loads msgspec

    try:
        decoded = (codec.decode if exact else codec.decode_plain)(content)
    except codec.JsonTextError:
        raise NotAResourceError(_why_no_json(content)) from None
    if not isinstance(decoded, dict):
        raise NotAResourceError("expected a resource: a JSON object")
    resource = cast("dict[str, Any]", decoded)
    if not isinstance(resource.get("resourceType"), str):
        raise NotAResourceError("expected a resource: resourceType is missing, or no text")
    return resource


def _why_no_json(content: bytes) -> str:
    from pymedplum_runtime.models import codec  # noqa: PLC0415 - the same

    try:  # the exact way names the place
        codec.decode(content)
    except codec.JsonTextError as error:
        return f"invalid JSON: {error}"
    return "a number is too large for a float; exact_decimals=True keeps it"


def _class_of(wanted: "type[ResourceModel]", resource: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a model class
    """Return the class that an abstract one stands for."""
    found = resource["resourceType"]
    if wanted.__resource_type__ is None:
        from pydantic_core import PydanticCustomError  # noqa: PLC0415 - dicts need no models

        from pymedplum_runtime.models.package import package_of  # noqa: PLC0415 - the same
        from pymedplum_runtime.models.polymorphic import class_for  # noqa: PLC0415 - the same

        try:
            cls = class_for(package_of(wanted), resource)
        except PydanticCustomError as error:
            raise NotAResourceError(error.message()) from None
        if issubclass(cls, wanted):
            return cls
    name = found if _TYPE.fullmatch(found) else "something else"
    raise NotAResourceError(f"expected {wanted.__name__}, got {name}")


def _model(cls: "type[ResourceModel]", resource: dict[str, Any]) -> "ResourceModel":
    try:  # the usual case: valid, and nothing in it is unknown
        return cls.__pydantic_validator__.validate_python(resource)  # type: ignore[no-any-return]
    except (ValueError, RecursionError):  # what is wrong, the slower way finds out
        pass
    from pydantic import ValidationError  # noqa: PLC0415 - dicts need no models

    try:
        return cls.model_validate(resource, extra="allow", by_name=False)
    except ValidationError as error:
        raise NotAResourceError(_words(error, resource)) from error


def _words(error: "ValidationError", resource: Mapping[str, Any]) -> str:
    """Name type, id and the broken elements."""
    resource_id = resource.get("id")
    is_id = isinstance(resource_id, str) and _ID.fullmatch(resource_id)
    title = f"{error.title}/{resource_id}" if is_id else error.title
    found = [
        f"{'.'.join(map(str, e['loc']))}: {e['msg']}" if e["loc"] else e["msg"]
        for e in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    more = [f"and {len(found) - _NAMED} more"] if len(found) > _NAMED else []
    return f"{title} is invalid: {'; '.join([*found[:_NAMED], *more])}"
