"""Microseconds of one read: through bare httpx, and through each of a contestant's clients.

Usage: client_call.py REPEATS. The server is httpx's mock transport, so no socket adds noise.
"""

import asyncio
import json
import sys
import time

from tests.benchmarks.snippets.canned import BASE, TOKEN, async_client, patient, sync_client
from tests.benchmarks.snippets.timing import CALLS, median_times, medians

URL = f"{BASE}fhir/R4/Patient/ada"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def synchronous(repeats: int) -> dict[str, float]:
    client, http = sync_client(patient)
    calls = {
        "httpx": lambda: http.get(URL, headers=HEADERS).json(),
        "client": lambda: client.read_resource("Patient", "ada"),
    }
    return median_times(calls, repeats)


async def asynchronous(repeats: int) -> dict[str, float]:
    client, http = async_client(patient)

    async def bare() -> object:
        return (await http.get(URL, headers=HEADERS)).json()

    async def through_client() -> object:
        return await client.read_resource("Patient", "ada")

    calls = {"async httpx": bare, "async client": through_client}
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(CALLS):
                await call()
            samples[name].append((time.perf_counter() - start) / CALLS * 1e6)
    return medians(samples)


def main(repeats: int) -> None:
    print(json.dumps(synchronous(repeats) | asyncio.run(asynchronous(repeats))))


main(int(sys.argv[1]))
