"""Seconds that reading all pages of a search takes, through both clients of a contestant.

Usage: paged_read.py KIND PAGES dict|typed. The server is httpx's mock transport.
"""

import asyncio
import importlib
import json
import sys
import time

from tests.benchmarks.snippets.canned import async_client, sync_client
from tests.benchmarks.snippets.pages import PAGE, Pages


def synchronous(kind: str, pages: Pages, model: type | None) -> int:
    client, _ = sync_client(pages)
    return sum(1 for _ in client.search_resource_pages(kind, as_fhir=model))


async def asynchronous(kind: str, pages: Pages, model: type | None) -> int:
    client, _ = async_client(pages)
    number = 0
    async for _ in client.search_resource_pages(kind, as_fhir=model):
        number += 1
    return number


def main(kind: str, number: str, form: str) -> None:
    model: type | None = None
    if form == "typed":
        model = getattr(importlib.import_module("pymedplum.fhir"), kind)
    read(kind, 1, model)  # imports, models and caches are made before the clock runs
    print(json.dumps(read(kind, int(number), model)))


def read(kind: str, number: int, model: type | None) -> dict[str, float]:
    pages = Pages(kind, number)
    times = [time.perf_counter()]
    found = [synchronous(kind, pages, model)]
    times.append(time.perf_counter())
    found.append(asyncio.run(asynchronous(kind, pages, model)))
    times.append(time.perf_counter())
    assert found == [PAGE * number] * 2, found
    return {"sync": times[1] - times[0], "async": times[2] - times[1]}


main(*sys.argv[1:])
