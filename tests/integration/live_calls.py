"""Both clients against the embedded server: any method of either is called in the same way.

Pages come as a list and coroutines are awaited; time is the clock's, which no sleep really spends.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from operator import attrgetter
from typing import Any, TypeAlias

from tests.api.api_calls import FakeClock, loop, run
from tests.medplum_server.process import MedplumServer

__all__ = ["FakeClock", "LiveClient", "MakeClient", "Requests", "loop", "run"]

MakeClient: TypeAlias = Callable[..., "LiveClient"]


class LiveClient:
    """One of the two clients; `client("operations.patient_everything", ...)` calls a method."""

    def __init__(self, inner: Any, clock: FakeClock) -> None:
        self.inner = inner
        self.clock = clock

    @property
    def is_async(self) -> bool:
        return type(self.inner).__name__.startswith("Async")

    def __call__(self, method: str, /, *args: object, **kwargs: object) -> Any:
        result = attrgetter(method)(self.inner)(*args, **kwargs)
        if isinstance(result, Awaitable):
            result = run(result)
        if hasattr(result, "__anext__"):
            return run(_collect(result))
        return list(result) if isinstance(result, Iterator) else result

    def acting_for(self, membership: object) -> AbstractContextManager[str]:
        context: AbstractContextManager[str] = self.inner.on_behalf_of(membership)
        return context

    def create(self, resource_type: str = "Patient", /, **elements: object) -> dict[str, Any]:
        """Create a resource with the least it needs."""
        resource = {"resourceType": resource_type, **LEAST.get(resource_type, {}), **elements}
        stored: dict[str, Any] = self("create_resource", resource)
        return stored

    def close(self) -> None:
        run(self.inner.aclose()) if self.is_async else self.inner.close()


LEAST: dict[str, dict[str, Any]] = {
    "Patient": {"name": [{"family": "Ro", "given": ["Ada"]}]},
    "Observation": {"status": "final", "code": {"text": "weight"}},
    "Bot": {"name": "bot"},
    "Agent": {"name": "agent", "status": "active"},
}


async def _collect(pages: Any) -> list[Any]:
    return [each async for each in pages]


class Requests:
    """What reached the server since this was made."""

    def __init__(self, server: MedplumServer) -> None:
        self._server = server
        self._server.control("counters", method="DELETE")

    def all(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._server.control("requests")
        return found

    def fhir(self) -> list[dict[str, Any]]:
        return [each for each in self.all() if each["target"].startswith("/fhir/")]

    def targets(self) -> list[str]:
        """Give method and target of each, tokens left out, the FHIR base too."""
        kept = (each for each in self.all() if each["target"] != "/oauth2/token")
        return [f"{each['method']} {each['target'].removeprefix('/fhir/R4/')}" for each in kept]

    def tokens(self) -> int:
        return sum(each["target"] == "/oauth2/token" for each in self.all())


def entry_of(method: str, url: str, resource: object = None, **more: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"request": {"method": method, "url": url, **more}}
    return {**entry, "resource": resource} if resource else entry


def bundle_of(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def statuses(bundle: dict[str, Any]) -> list[str]:
    return [entry["response"]["status"][:3] for entry in bundle["entry"]]


def ids_of(bundle: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle.get("entry", [])]


def outcome_of(code: str, **members: object) -> dict[str, Any]:
    """Give an OperationOutcome as the server words it."""
    issue = {"severity": "error", "code": code, **members}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
