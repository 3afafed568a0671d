"""Loads with either client before the server in memory; time is a clock's."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
from load_server import LoadServer, Resource

from pymedplum import AsyncMedplumClient, MedplumClient
from pymedplum_runtime.loading import LoadReport
from tests.api.api_calls import FakeClock

BASE = "https://medplum.test/"


class Loader:
    """One client; each call is a load."""

    def __init__(self, server: LoadServer, *, is_async: bool = False, **options: Any) -> None:
        self.server = server
        self.clock = FakeClock()
        self.is_async = is_async
        http = httpx.AsyncClient if is_async else httpx.Client
        make: Any = AsyncMedplumClient if is_async else MedplumClient
        self.client = make(
            options.pop("base_url", BASE),
            access_token="token",
            http_client=http(transport=httpx.MockTransport(server)),
            clock=self.clock,
            **options,
        )

    def __call__(self, source: Any, **options: Any) -> LoadReport:
        result = self.client.load(source, **options)
        report: LoadReport = asyncio.run(_awaited(result)) if self.is_async else result
        return report


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


def lines(path: Path, resources: Iterable[Resource]) -> Path:
    """Write resources as NDJSON."""
    path.write_text("".join(f"{json.dumps(each)}\n" for each in resources), encoding="utf-8")
    return path


def patient(old_id: str = "p1", **members: object) -> Resource:
    return {"resourceType": "Patient", "id": old_id, **members}


def about(kind: str, old_id: str, *references: str) -> Resource:
    """Give a resource that refers to others."""
    extension = [{"url": "urn:r", "valueReference": {"reference": each}} for each in references]
    return {"resourceType": kind, "id": old_id, "extension": extension}


def references_of(resource: Resource) -> list[str]:
    return [each["valueReference"]["reference"] for each in resource.get("extension", [])]


def assert_right(report: LoadReport, server: LoadServer, resources: list[Resource]) -> None:
    """Check that each is stored once, and that every reference leads to what it led to before."""
    assert report.ok, report.failed[:3]
    assert len(server.stored) == len(resources)
    known = {f"{each['resourceType']}/{each['id']}": each for each in resources}
    assert report.references.keys() == known.keys()
    assert sorted(report.references.values()) == sorted(server.stored)
    for old, new in report.references.items():
        expected = [report.references.get(each, each) for each in references_of(known[old])]
        assert references_of(server.stored[new]) == expected
