"""The prefetched FHIR data of a request: models, read when they are asked for.

https://cds-hooks.hl7.org/2.0/#prefetch-template. What breaks FHIR's rules is read as far as it can
be, as in the context; no error and no `repr` shows a value.
"""

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar, cast

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from pymedplum_runtime.cds.messages.resources import HOME, read_object, reading
from pymedplum_runtime.errors import CDSHooksError
from pymedplum_runtime.models.base import FHIRModel

_TYPE = re.compile(r"[A-Z][A-Za-z]{0,63}")
_LONGEST_PATH = 200
_FAILURES = frozenset({"error", "fatal"})

ModelT = TypeVar("ModelT", bound=FHIRModel)


class PrefetchError(CDSHooksError):
    """Prefetched data is missing, of another type, or what the EHR says instead of data.

    A handler that raises it has the service answer with 412: it lacks the data that it needs.
    """


class MissingPrefetchError(PrefetchError, KeyError):
    """There is no such prefetched data; the message names the key, and says what there is.

    Attributes:
        key: what was asked for.
    """

    key: str = ""

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError shows the repr of its argument


class _Request(Protocol):
    @property
    def prefetch(self) -> Mapping[str, Any]: ...


class Prefetch(Mapping[str, Any]):
    """Prefetched data by key: a resource, a `Bundle` for a search, `None` where there is none.

    Example:
        >>> prefetch = Prefetch({"patient": {"resourceType": "Patient", "active": True}})
        >>> prefetch["patient"].active
        True
    """

    def __init__(
        self,
        values: Mapping[str, Any] | None = None,
        templates: Mapping[str, str] | None = None,
        unusable: Iterable[str] = (),
    ) -> None:
        """Take the data as it came; it is read when it is asked for.

        Args:
            values: resources by key, as dicts in FHIR's spelling or models, or `None`.
            templates: the service's prefetch templates by key, for error messages.
            unusable: keys under which something came that is no resource. They count as missing,
                and asking for one says so.

        Raises:
            CDSHooksError: a value is neither a resource nor `None`.
        """
        self._values: dict[str, Any] = {}
        self._templates = dict(templates or {})
        self._unusable = set(unusable)
        self._read: dict[str, FHIRModel | None] = {}
        self.add(values or {})

    @property
    def templates(self) -> dict[str, str]:
        """The service's prefetch templates by key."""
        return dict(self._templates)

    @property
    def unusable(self) -> frozenset[str]:
        """Keys under which something came that is no resource."""
        return frozenset(self._unusable)

    def add(self, values: Mapping[str, Any]) -> None:
        """Add data that was fetched otherwise.

        Raises:
            CDSHooksError: a value is neither a resource nor `None`.
        """
        for key, value in values.items():
            if not is_resource_or_none(value):
                raise CDSHooksError("a prefetched value is neither a resource nor null")
            self._values[key] = value
            self._unusable.discard(key)
            self._read.pop(key, None)

    def raw(self, key: str) -> Any:  # noqa: ANN401 - JSON as it came, or the model that was given
        """Return a value as it came, unread.

        Raises:
            MissingPrefetchError: there is none, or what came was no resource.
        """
        if key in self._values:
            return self._values[key]
        error = MissingPrefetchError(self._why_missing(key))
        error.key = key
        raise error

    def _why_missing(self, key: str) -> str:
        if key in self._unusable:
            return f"prefetch '{key}' is neither a resource nor null"
        template = self._templates.get(key)
        asked = f", whose template is {template}," if template else ""
        known = ", ".join(sorted({*self._values, *self._templates})) or "none"
        return f"prefetch '{key}'{asked} is not there; keys: {known}"

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - a model of the value's own type
        if key not in self._read:
            self._read[key] = _read(key, self.raw(key))
        return self._read[key]

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        shown = ", ".join(f"{key}: {_type_of(value)}" for key, value in self._values.items())
        return f"Prefetch({shown})"


def prefetched_resource(request: _Request, key: str, resource_type: type[ModelT]) -> ModelT:
    """Return a prefetched resource of the type that is expected.

    Raises:
        MissingPrefetchError: the key is missing; a `KeyError` too.
        PrefetchError: it is null or of another type, or the EHR could not fetch it.

    Example:
        >>> prefetched_resource(request, "patient", Patient).birth_date
        '1980-02-29'
    """
    value: object = request.prefetch[key]
    if isinstance(value, resource_type):
        return value
    raise _mistyped(key, value, resource_type.__name__)


def prefetched_resources(request: _Request, key: str, resource_type: type[ModelT]) -> list[ModelT]:
    """Return the resources of one type in a prefetched Bundle; null has none.

    Other types in it, such as what `_include` brought, are left out. A resource alone counts as a
    Bundle of one.

    Raises:
        MissingPrefetchError: the key is missing; a `KeyError` too.
        PrefetchError: it is of another type, or the EHR could not fetch it or a part of it.

    Example:
        >>> active = prefetched_resources(request, "medications", MedicationRequest)
    """
    value: Any = request.prefetch[key]
    if value is None:
        return []
    if isinstance(value, resource_type):
        return [value]
    if not _is(value, "Bundle"):
        raise _mistyped(key, value, f"Bundle or {resource_type.__name__}")
    found = [getattr(entry, "resource", None) for entry in value.entry or ()]
    if any(_is_failure(each) for each in found):
        raise PrefetchError(f"prefetch '{key}' holds an error of the EHR's among its entries")
    return [each for each in found if isinstance(each, resource_type)]


def is_resource_or_none(value: object) -> bool:
    """Say whether a value can be prefetched data, as far as that is seen without reading it."""
    if value is None or isinstance(value, FHIRModel):
        return True
    if not isinstance(value, dict):
        return False
    return isinstance(cast("dict[str, object]", value).get("resourceType"), str)


def _read(key: str, value: object) -> FHIRModel | None:
    """Read one value; what a newer FHIR version or the EHR added is kept."""
    if _type_of(value) == "OperationOutcome":
        raise PrefetchError(f"prefetch '{key}' is an OperationOutcome: the EHR could not fetch it")
    if value is None or isinstance(value, FHIRModel):
        return value
    try:
        with reading():
            return cast("FHIRModel", read_object(importlib.import_module(HOME).Resource, value))
    except (ValidationError, PydanticCustomError) as error:
        fault = _fault(error)
    raise PrefetchError(f"prefetch '{key}' cannot be read{fault}")


def _fault(error: ValidationError | PydanticCustomError) -> str:
    """Say where a value is not of FHIR's shape; what is only against FHIR's rules can be read."""
    if isinstance(error, PydanticCustomError):
        return f": {error.message()}"
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f" at '{'.'.join(map(str, first['loc']))[:_LONGEST_PATH]}': {first['msg']}"


def _is_failure(value: object) -> bool:
    outcome: Any = value if _is(value, "OperationOutcome") else None
    issues = (outcome.issue or ()) if outcome is not None else ()
    return any(getattr(issue, "severity", None) in _FAILURES for issue in issues)


def _is(value: object, resource_type: str) -> bool:
    return isinstance(value, FHIRModel) and value.__resource_type__ == resource_type


def _mistyped(key: str, value: object, wanted: str) -> PrefetchError:
    return PrefetchError(f"prefetch '{key}' is {_type_of(value)}, where {wanted} is needed")


def _type_of(value: object) -> str:
    """Return the type of a value, where it is a name that a type may have."""
    if value is None:
        return "null"
    if isinstance(value, FHIRModel):
        return type(value).__name__
    name = cast("dict[str, object]", value).get("resourceType") if isinstance(value, dict) else None
    return name if isinstance(name, str) and _TYPE.fullmatch(name) else "resource"
