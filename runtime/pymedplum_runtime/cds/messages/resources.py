"""FHIR resources inside messages of CDS Hooks: typed, and readable where they break rules.

A service that refused a call for a rule that a draft breaks would give no advice at all.
"""

import importlib
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, Literal, cast, get_args

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from pymedplum_runtime.cds.messages.unfinished import read_unfinished, resource_class
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.models.package import ModelPackage, package_of
from pymedplum_runtime.models.polymorphic import class_for
from pymedplum_runtime.models.problems import Location, from_lines, line

HOME = "pymedplum.fhir"

Mode = Literal["reading", "building"]

_mode: ContextVar[Mode | None] = ContextVar("pymedplum_cds_mode", default=None)


@contextmanager
def in_mode(mode: Mode) -> Generator[None]:
    """Say of what is validated inside whether it is read from the wire or built by a caller."""
    token = _mode.set(mode)
    try:
        yield
    finally:
        _mode.reset(token)


def reading() -> AbstractContextManager[None]:
    """Mark what is validated inside as coming over the wire."""
    return in_mode("reading")


def is_reading() -> bool:
    """Tell whether what is validated comes over the wire."""
    return _mode.get() == "reading"


def is_building() -> bool:
    """Tell whether what is validated is what a constructor was given."""
    return _mode.get() == "building"


@cache
def fhir_class(annotation: Any) -> type[FHIRModel] | None:  # noqa: ANN401 - any annotation
    """Return the FHIR class that the type of a member names, where it names one."""
    candidates = (annotation, *get_args(annotation))
    found = (c for c in candidates if isinstance(c, type) and issubclass(c, FHIRModel))
    return next(found, None)


def read_object(target: type[FHIRModel], value: object) -> object:
    """Read a value that is to be of a FHIR class; what is no JSON object stays as it is."""
    if not isinstance(value, Mapping):
        return value
    data = cast("Mapping[str, object]", value)
    cls = _class_of(target, data)
    if not is_reading():
        return cls.model_validate(data)
    return _readable(cls, data)


def read_prefetch(value: object) -> Mapping[str, object]:
    """Read prefetched values; another mapping than a dict is kept as it is."""
    if not isinstance(value, Mapping):
        raise PydanticCustomError("dict_type", "expected a JSON object")
    values = cast("Mapping[str, object]", value)
    if not isinstance(value, dict):
        return values
    base = _package().find("Resource")
    read: dict[str, object] = {}
    for key, each in values.items():
        try:
            read[key] = _prefetched(base, each)
        except ValidationError as error:
            raise _moved(error, (key,)) from None
    return read


def _prefetched(base: type[FHIRModel], value: object) -> object:
    if isinstance(value, FHIRModel) or not isinstance(value, Mapping):
        return value
    data = cast("Mapping[str, object]", value)
    return read_object(base, data) if "resourceType" in data else data


def _moved(error: ValidationError, place: Location) -> ValidationError:
    """Return the error as it is seen from further out."""
    found = error.errors(include_url=False)
    lines = [line(e["type"], e["msg"], (*place, *e["loc"]), e["input"]) for e in found]
    return from_lines(error.title, lines)


def _package() -> ModelPackage:
    return cast("ModelPackage", importlib.import_module(HOME).PACKAGE)


def _class_of(target: type[FHIRModel], data: Mapping[str, object]) -> type[FHIRModel]:
    if not target.__is_resource__:
        return target
    if target.__resource_type__ is None:
        find = resource_class if is_reading() else class_for
        return find(package_of(target), data)
    found = data.get("resourceType", target.__resource_type__)
    if found != target.__resource_type__:
        words: Any = f"expected a {target.__resource_type__}: resourceType names another type"
        raise PydanticCustomError("fhir_resource", words)
    return target


def _readable(cls: type[FHIRModel], data: Mapping[str, object]) -> FHIRModel:
    """Read an object by FHIR's rules, else as far as it goes."""
    if cls.__resource_type__ is not None or not cls.__is_resource__:
        try:
            return cls.model_validate(data, extra="allow", by_name=False)
        except ValidationError:
            pass
    return read_unfinished(cls, data)
