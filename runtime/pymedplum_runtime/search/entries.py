"""What became of the entries of a batch or transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

_OK = range(200, 300)
_NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class BundleEntryResult:
    """The answer to one entry. Printing one shows neither the resource nor the outcome."""

    index: int
    """The entry's place in the bundle."""

    status_code: int | None
    """The HTTP status; `None` where the entry has none."""

    ok: bool
    """Whether the status is a success: 2xx, or 304 for a conditional read."""

    resource_id: str | None
    """The id from the location of what was written, else from the resource."""

    resource: dict[str, Any] | None = field(repr=False)
    """The resource, where the server returned it."""

    outcome: dict[str, Any] | None = field(repr=False)
    """The OperationOutcome that says more, usually of a failure."""


@dataclass(frozen=True, slots=True)
class BatchCreateResult:
    """What a batch of conditional creates did; `index` is the place among the caller's entries."""

    created: list[BundleEntryResult]
    """The resources that are new."""

    existed: list[BundleEntryResult]
    """The resources that matched, and stayed as they were."""

    failed: list[BundleEntryResult]
    """Everything else."""

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failed


def entry_results(data: Mapping[str, Any]) -> list[BundleEntryResult]:
    """Return one result for each entry of a response bundle, malformed ones included.

    Example:
        >>> entry_results({"entry": [{"response": {"status": "201", "location": "Patient/1"}}]})
        [BundleEntryResult(index=0, status_code=201, ok=True, resource_id='1')]
    """
    return [_result(index, entry) for index, entry in enumerate(list_of(data.get("entry")))]


def list_of(value: object) -> list[object]:
    """Return a list as it is; an empty one for anything else."""
    return cast("list[object]", value) if isinstance(value, list) else []


def object_of(value: object) -> dict[str, Any]:
    """Return an object as it is; an empty one for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _result(index: int, entry: object) -> BundleEntryResult:
    members = object_of(entry)
    response, resource = object_of(members.get("response")), object_of(members.get("resource"))
    status = _status_code(response.get("status"))
    return BundleEntryResult(
        index=index,
        status_code=status,
        ok=status is not None and (status in _OK or status == _NOT_MODIFIED),
        resource_id=_id_in(response.get("location")) or _text(resource.get("id")),
        resource=resource or None,
        outcome=object_of(response.get("outcome")) or None,
    )


def _status_code(status: object) -> int | None:
    """Read `201`, `"201"` and `"201 Created"`."""
    digits = str(status).strip()[:3]
    return int(digits) if digits.isdecimal() and digits.isascii() else None


def _id_in(location: object) -> str | None:
    """Read the id in `[base/]Type/id[/_history/version]`."""
    path = (_text(location) or "").partition("?")[0].partition("/_history/")[0].rstrip("/")
    return path.rpartition("/")[2] or None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
