"""Milliseconds of many reads at once through a contestant's asynchronous client, as it comes.

Usage: concurrent_reads.py PORT READS
"""

import asyncio
import importlib
import json
import sys
import time

from tests.benchmarks.snippets.canned import TOKEN


async def measure(port: str, reads: int) -> dict[str, float]:
    made = importlib.import_module("pymedplum").AsyncMedplumClient
    times: dict[str, float] = {}
    async with made(base_url=f"http://127.0.0.1:{port}/", access_token=TOKEN) as client:
        for state in ("connecting", "connected"):
            start = time.perf_counter()
            await asyncio.gather(*(client.read_resource("Patient", f"p{n}") for n in range(reads)))
            times[state] = (time.perf_counter() - start) * 1e3
    return times


def main(port: str, reads: str) -> None:
    print(json.dumps(asyncio.run(measure(port, int(reads)))))


main(*sys.argv[1:])
