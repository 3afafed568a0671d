"""The part of a bundle that says what became of a batch or transaction."""

from typing import Any

from pymedplum_runtime.errors import BundleEntryError
from pymedplum_runtime.search.entries import BundleEntryResult, entry_results


class Answers:
    """The entries of a bundle as answers to those of a batch or transaction."""

    __slots__ = ("_data",)

    _data: dict[str, Any]

    @property
    def raw(self) -> dict[str, Any]:
        """The Bundle itself; of a model its dict, whose numbers are Decimals."""
        return self._data

    def entry_results(self) -> list[BundleEntryResult]:
        """Return what became of each entry of a batch or transaction.

        Look at them even though the request succeeded: entries fail on their own.
        """
        return entry_results(self._data)

    def failures(self) -> list[BundleEntryResult]:
        """Return the entries that failed."""
        return self.partition()[1]

    def partition(self) -> tuple[list[BundleEntryResult], list[BundleEntryResult]]:
        """Return the entries that succeeded and those that failed."""
        results = self.entry_results()
        return [r for r in results if r.ok], [r for r in results if not r.ok]

    def raise_for_entry_errors(self) -> None:
        """Raise if an entry failed; the others may have been written nevertheless.

        Raises:
            BundleEntryError: its `entries` are those that failed.
        """
        failed = self.failures()
        if failed:
            raise BundleEntryError(failed)
