"""What became of a load: how many resources were stored, which failed, and what refers to them now.

Nothing here shows what stands in a resource; the server's words are on `detail` alone.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pymedplum_runtime.errors import LoadError

_NAMED = 3  # failures that an error's message names


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """How far a load has come."""

    done: int
    """Resources that are stored or have failed, in this run or an earlier one."""
    total: int
    """All resources of the source."""
    failed: int
    """Those of `done` that failed."""


@dataclass(frozen=True, slots=True)
class LoadFailure:
    """A resource that was not stored, or not as it should be. Printing one shows no content."""

    source: str
    """The name of the file; `<resources>` where resources were given."""
    line: int
    """The number of the line, from 1, or of the resource."""
    resource_type: str | None
    """`None` where the line is no resource."""
    resource_id: str | None
    """The id in the source."""
    reason: str
    """What went wrong, in words that hold types, ids and numbers alone."""
    status_code: int | None = None
    """The HTTP status; `None` where the server refused nothing."""
    codes: tuple[str, ...] = ()
    """The codes of the OperationOutcome's issues, such as `invalid`."""
    expressions: tuple[str, ...] = ()
    """Where the issues are: FHIRPath such as `Patient.birthDate`."""
    stored_as: str | None = None
    """The reference under which it is stored all the same, where its references are what failed."""
    detail: str | None = field(default=None, repr=False)
    """The server's words, which may hold patient data; `None` for failures of earlier runs."""

    def __str__(self) -> str:
        kind = self.resource_type or "no resource"
        named = f"{kind}/{self.resource_id}" if self.resource_id else kind
        return f"{self.source}, line {self.line} ({named}): {self.reason}"


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of every resource of a source, earlier runs with the same journal included."""

    created: int
    """Resources that this load created."""
    existed: int
    """Resources that the condition found: they stayed as they were."""
    updated: int
    """Resources that `write="update"` wrote."""
    failed: tuple[LoadFailure, ...]
    """Everything else, in the order of the source."""
    references: Mapping[str, str] = field(repr=False)
    """From `Patient/old`, in the source, to `Patient/new`, on the server."""

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failed

    @property
    def total(self) -> int:
        """All resources of the source."""
        return self.created + self.existed + self.updated + len(self.failed)

    def raise_for_failures(self) -> None:
        """Raise where anything failed.

        Raises:
            LoadError: its `failed` holds the failures.
        """
        if self.ok:
            return
        reasons = Counter(each.reason for each in self.failed)
        counted = ", ".join(f"{reason}: {n}" for reason, n in reasons.most_common(_NAMED))
        error = LoadError(
            f"{len(self.failed)} of {self.total} resources failed ({counted}); "
            f"the first: {self.failed[0]}"
        )
        error.failed = self.failed
        raise error
