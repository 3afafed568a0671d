"""What both drivers iterate over: pages that are fetched one at a time."""

from collections.abc import Iterator
from typing import Protocol, TypeVar

from pymedplum_runtime.http.flow import Flow

T_co = TypeVar("T_co", covariant=True)


class Pages(Protocol[T_co]):
    """Items that come page by page."""

    @property
    def has_next(self) -> bool:
        """Whether there may be another page."""
        ...

    def next_page(self) -> Flow[Iterator[T_co]]:
        """Fetch the next page; its items are read one by one, as they are asked for."""
        ...
