"""What both drivers iterate over: pages that are fetched one at a time."""

from typing import Protocol, TypeVar

from pymedplum_runtime.client.flow import Flow

T = TypeVar("T")


class Pages(Protocol[T]):
    """Items that come page by page."""

    @property
    def has_next(self) -> bool:
        """Whether there may be another page."""
        ...

    def next_page(self) -> Flow[list[T]]:
        """Fetch the next page."""
        ...
