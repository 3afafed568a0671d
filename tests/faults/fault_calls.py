"""Either client against the embedded server, called alike."""

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import httpx
from fault_clock import SharedClock

from pymedplum import AsyncMedplumClient, MedplumClient
from tests.medplum_server.process import MedplumServer

TIMEOUT = 0.2  # seconds; real ones
PATIENT: dict[str, Any] = {"resourceType": "Patient", "active": True}


class Called:
    """A client whose calls are made in the calling thread, whatever its colour."""

    def __init__(self, server: MedplumServer, clock: SharedClock, *, is_async: bool) -> None:
        self._loop = asyncio.new_event_loop() if is_async else None
        self._http: Any = (httpx.AsyncClient if is_async else httpx.Client)(trust_env=False)
        self._given: dict[str, Any] = {
            "base_url": server.base_url,
            "client_id": server.client_id,
            "client_secret": server.client_secret,
            "http_client": self._http,
            "clock": clock,
            "timeout": TIMEOUT,
        }
        self.client = self.made()

    def made(self, **options: object) -> Any:
        """Make a client; the options replace the usual ones."""
        kind = AsyncMedplumClient if self._loop else MedplumClient
        return kind(**{**self._given, **options})

    def __call__(self, name: str, /, *args: object, **kwargs: object) -> Any:
        return self.on(self.client, name, *args, **kwargs)

    def on(self, client: Any, name: str, /, *args: object, **kwargs: object) -> Any:
        """Call a method of another client than the usual one."""
        result = getattr(client, name)(*args, **kwargs)
        if hasattr(result, "__aiter__"):
            return self._wait(_listed(result))
        if inspect.isawaitable(result):
            return self._wait(result)
        return list(result) if isinstance(result, Iterator) else result

    def _wait(self, awaitable: Any) -> Any:
        assert self._loop is not None
        return self._loop.run_until_complete(awaitable)

    def close(self) -> None:
        if self._loop is None:
            self._http.close()
            return
        self._wait(self._http.aclose())
        self._loop.close()


async def _listed(items: Any) -> list[Any]:
    return [item async for item in items]


def stored(server: MedplumServer, path: str) -> Any:
    """Read from the server past all faults."""
    server.control("faults", method="DELETE")
    server.control("script", method="DELETE")
    return _bare(server, "GET", path)


def put(server: MedplumServer, resource: dict[str, Any]) -> None:
    """Write a resource as another client does."""
    _bare(server, "PUT", f"{resource['resourceType']}/{resource['id']}", resource)


def _bare(server: MedplumServer, method: str, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {server.access_token()}"}
    url = f"{server.base_url}fhir/R4/{path}"
    response = httpx.request(method, url, headers=headers, json=body, trust_env=False)
    return response.raise_for_status().json()


def number_of_patients(server: MedplumServer) -> int:
    """Count what was created."""
    return int(stored(server, "Patient?_total=accurate&_count=0")["total"])


def sent(server: MedplumServer, method: str) -> int:
    """Count the FHIR requests of a method that reached the server."""
    by_route = server.control("counters")["byRoute"]
    return sum(n for route, n in by_route.items() if route.startswith(f"{method} fhir/"))
