"""The links of an export's files, which expire: renewed for all files at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from pymedplum_runtime.bulk.fetching import Access
from pymedplum_runtime.bulk.manifest import Manifest, ManifestFile
from pymedplum_runtime.bulk.plan import PlannedFile, matched
from pymedplum_runtime.bulk.polling import fresh_manifest
from pymedplum_runtime.bulk.state import ExportState
from pymedplum_runtime.errors import BulkExportError
from pymedplum_runtime.http.flow import Flow


@dataclass(frozen=True, slots=True)
class Link:
    """Where a file is, as one of the manifests says."""

    file: ManifestFile
    needs_token: bool
    generation: int
    """How often the manifest was renewed before."""


class Links:
    """Gives the link of every planned file; only flows renew them, one after the other."""

    def __init__(
        self, state: ExportState, manifest: Manifest, plan: Sequence[PlannedFile], access: Access
    ) -> None:
        self._state = state
        self._plan = plan
        self.access = access
        self._transaction_time = manifest.transaction_time
        self._links = self._of(manifest, 0)

    def __getitem__(self, file: PlannedFile) -> Link:
        """Return the newest link of a file."""
        return self._links[file.name]

    def renew(self, spent: Link) -> Flow[None]:
        """Ask for a fresh manifest, unless somebody did since that link was given.

        Raises:
            BulkExportError: there is none, or it is of another export.
            MedplumError: the server does not answer.
        """
        generation = next(iter(self._links.values())).generation
        if generation != spent.generation:
            return
        manifest = yield from fresh_manifest(self._state)
        self._links = self._of(manifest, generation + 1)
        self._state.manifest = manifest

    def _of(self, manifest: Manifest, generation: int) -> dict[str, Link]:
        places = matched(self._plan, manifest.files)
        if places is None or manifest.transaction_time != self._transaction_time:
            raise BulkExportError("the server gave the manifest of another export")
        if manifest.requires_access_token:
            for each in manifest.files:
                self.access.check(each.url)
        return {
            file.name: Link(manifest.files[place], manifest.requires_access_token, generation)
            for file, place in zip(self._plan, places, strict=True)
        }
