"""An export that runs on the server: what both kinds of jobs know of it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pymedplum_runtime.bulk.manifest import Manifest
from pymedplum_runtime.client.calls import CallOptions
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import BulkExportError

StateName: TypeAlias = Literal["in-progress", "completed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class ExportStatus:
    """What one look at an export found."""

    state: StateName
    progress: str | None = None
    """The server's words on how far it is (`X-Progress`), where it says so."""
    retry_after: float | None = None
    """Seconds after which the server wants to be asked again, where it says so."""
    manifest: Manifest | None = None
    """Once it is completed."""
    error: BulkExportError | None = None
    """Where it failed."""


@dataclass(slots=True, eq=False, repr=False)
class ExportState:
    """The one record of an export that its job, and whoever waits for it, share."""

    session: Session
    status_url: str
    options: CallOptions
    """For every request after the first: the membership and the time-out, no headers."""
    progress: str | None = None
    manifest: Manifest | None = None
    is_cancelled: bool = False

    def completed(self) -> Manifest:
        """Return the manifest.

        Raises:
            BulkExportError: there is none yet.
        """
        if self.manifest is not None:
            return self.manifest
        if self.is_cancelled:
            raise BulkExportError("the export was cancelled, so there is no manifest")
        raise BulkExportError("the export has not ended as far as is known; call wait() first")
