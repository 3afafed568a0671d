"""One load in a process of its own, which tells how far it is: a line for every batch.

Arguments: the client (sync or async), base URL, client id, client secret, source, journal, and
the size of batches.
"""

import asyncio
import sys
from typing import Any

from pymedplum import AsyncMedplumClient, MedplumClient


def tell(progress: Any) -> None:
    print(progress.done, flush=True)


async def load_async(*arguments: str) -> Any:
    base_url, client_id, secret, source, journal, size = arguments
    client = AsyncMedplumClient(base_url, client_id=client_id, client_secret=secret)
    async with client:
        return await client.load(source, journal=journal, chunk_size=int(size), progress=tell)


def load(*arguments: str) -> Any:
    base_url, client_id, secret, source, journal, size = arguments
    with MedplumClient(base_url, client_id=client_id, client_secret=secret) as client:
        return client.load(source, journal=journal, chunk_size=int(size), progress=tell)


if __name__ == "__main__":
    kind, *rest = sys.argv[1:]
    report = asyncio.run(load_async(*rest)) if kind == "async" else load(*rest)
    report.raise_for_failures()
    print("created", report.created, flush=True)
