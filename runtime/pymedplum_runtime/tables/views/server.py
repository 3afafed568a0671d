"""ViewDefinitions that a server stores, by id or by canonical URL.

Knows no client, only what is asked of one.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, Protocol

from pymedplum_runtime.errors import NotFoundError

_TYPE = "ViewDefinition"


class ReadingClient(Protocol):
    """What is needed of a client; `MedplumClient` is one."""

    def read_resource(self, resource_type: str, resource_id: str, /) -> dict[str, Any]:
        """Read a resource by its type and id."""
        ...

    def search_resource_pages(self, resource_type: str, /) -> Iterator[dict[str, Any]]:
        """Give all resources of a type."""
        ...


class AsyncReadingClient(Protocol):
    """The same of an async client; `AsyncMedplumClient` is one."""

    async def read_resource(self, resource_type: str, resource_id: str, /) -> dict[str, Any]:
        """Read a resource by its type and id."""
        ...

    def search_resource_pages(self, resource_type: str, /) -> AsyncIterator[dict[str, Any]]:
        """Give all resources of a type."""
        ...


def stored_definition(client: ReadingClient, name: str) -> dict[str, Any]:
    """Return a ViewDefinition by its id or its canonical URL.

    Raises:
        NotFoundError: there is none.
        MedplumError: the server cannot be asked.
    """
    if not _is_url(name):
        return client.read_resource(_TYPE, name)
    return _named(client.search_resource_pages(_TYPE), name)


async def stored_definition_async(client: AsyncReadingClient, name: str) -> dict[str, Any]:
    """Return a ViewDefinition by its id or its canonical URL.

    Raises:
        MedplumError: as `stored_definition`.
    """
    if not _is_url(name):
        return await client.read_resource(_TYPE, name)
    return _named([each async for each in client.search_resource_pages(_TYPE)], name)


def _is_url(name: str) -> bool:
    return ":" in name  # ids have none


def _named(definitions: Iterable[dict[str, Any]], name: str) -> dict[str, Any]:
    url, _, version = name.partition("|")
    found = [
        each
        for each in definitions
        if each.get("url") == url and (not version or each.get("version") == version)
    ]
    if not found:
        raise NotFoundError(f"the server has no {_TYPE} with the URL '{name}'")
    return max(found, key=_changed)


def _changed(definition: dict[str, Any]) -> str:
    meta: dict[str, str] = definition.get("meta", {})
    return meta.get("lastUpdated", "")
