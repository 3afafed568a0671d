"""The types that signatures of the clients name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from typing import IO, Any, TypeAlias, TypeVar

import httpx
from pydantic import ValidationError
from typing_extensions import TypedDict

from pymedplum_runtime.client.write_validation import Validate, WriteValidation
from pymedplum_runtime.http.wire import Timeout
from pymedplum_runtime.models.base import FHIRModel
from pymedplum_runtime.models.resource import ResourceModel
from pymedplum_runtime.search.options import SummaryMode, TotalMode
from pymedplum_runtime.search.query import Query

__all__ = [
    "AccessEntry",
    "BinaryContent",
    "Destination",
    "ElementLike",
    "FilePath",
    "JobReference",
    "OnError",
    "Progress",
    "Query",
    "RequestOptions",
    "ResourceLike",
    "ResourceT",
    "SummaryMode",
    "Timeout",
    "TotalMode",
    "UpdateResult",
    "Validate",
    "WriteValidation",
]

ResourceT = TypeVar("ResourceT", bound=ResourceModel)

ResourceLike: TypeAlias = Mapping[str, Any] | FHIRModel
"""A resource: a dict in FHIR's spelling, or a model."""
ElementLike: TypeAlias = Mapping[str, Any] | FHIRModel
"""A FHIR element, such as a Coding: a dict in FHIR's spelling, or a model."""
AccessEntry: TypeAlias = Mapping[str, Any] | FHIRModel
"""An entry of `ProjectMembership.access`."""
JobReference: TypeAlias = str | Mapping[str, Any] | FHIRModel
"""An asynchronous job: its id, its status URL, or what the server answered to the request."""

OnError: TypeAlias = Callable[[ValidationError, dict[str, Any]], object]
"""Receives what is wrong with a record, and the record, which is then skipped."""
Progress: TypeAlias = Callable[[int], object]
"""Receives the number of bytes that went through so far."""
BinaryContent: TypeAlias = bytes | bytearray | memoryview | PathLike[str] | IO[bytes]
"""Bytes, a `pathlib.Path`, or an open binary file; a `str` could be content or path, so is
neither."""
FilePath: TypeAlias = str | PathLike[str]
"""The path of a file."""
Destination: TypeAlias = str | PathLike[str] | IO[bytes]
"""The path of a file, which appears once it is complete, or an open binary file."""


class RequestOptions(TypedDict, total=False):
    """What the low-level methods take besides a path and JSON."""

    params: Query | None
    headers: Mapping[str, str | None] | None
    content: bytes | str | None
    """A body that is no JSON; give its `Content-Type` in `headers`."""
    data: Mapping[str, str] | None
    """A form."""
    timeout: float | httpx.Timeout | None
    on_behalf_of: str | None


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """What `update_with_retry` did."""

    wrote: bool
    """Whether anything was written; not where the change changes nothing."""
    version_id: str
    """The version after the call."""
    resource: dict[str, Any]
    """The resource after the call."""

    def __repr__(self) -> str:
        return f"UpdateResult(wrote={self.wrote}, version_id={self.version_id!r})"
