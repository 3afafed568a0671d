"""Members of messages whose content the specification leaves open, as the schemas name them."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias, cast

from pydantic import BeforeValidator, Field, PlainValidator
from pydantic_core import PydanticCustomError

from pymedplum_runtime.cds.messages.model import CDSModel
from pymedplum_runtime.cds.messages.resources import read_prefetch


def _open_context(value: object) -> object:
    if isinstance(value, CDSModel):
        return value
    if not isinstance(value, Mapping):
        raise PydanticCustomError("dict_type", "expected a JSON object")
    return dict(cast("Mapping[str, object]", value))


Extensions: TypeAlias = Annotated[dict[str, Any], Field(min_length=1)]
"""Members that an implementer adds, by names of its own."""

AnyContext: TypeAlias = Annotated[Any, BeforeValidator(_open_context)]
"""The context of a hook that has no class of its own: the JSON object as it is."""

PrefetchValues: TypeAlias = Annotated[Mapping[str, Any], PlainValidator(read_prefetch)]
"""Prefetched values by key: resources are models of their type, null is `None`."""
