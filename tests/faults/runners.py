"""Make the calls of many workers at once: in threads with one client, in tasks with the other."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import httpx
from fault_clock import SharedClock
from workload import Ask, Steps, Worker

from pymedplum import AsyncMedplumClient, MedplumClient
from tests.medplum_server.process import MedplumServer

REVOKE_EVERY = 0.2  # seconds
TICK = 0.05  # seconds that pass with each call, so that cooldowns end


def options(server: MedplumServer, clock: SharedClock, timeout: float) -> dict[str, Any]:
    return {
        "base_url": server.base_url,
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "clock": clock,
        "timeout": timeout,
    }


@contextmanager
def tokens_revoked(server: MedplumServer) -> Iterator[None]:
    """Have the server forget all access tokens again and again."""
    over = Event()

    def revoke() -> None:
        while not over.wait(REVOKE_EVERY):
            server.control("tokens", {"revoke": True})

    thread = Thread(target=revoke, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def run_in_threads(
    workers: list[Worker],
    server: MedplumServer,
    clock: SharedClock,
    *,
    timeout: float,
    limit: float,
) -> None:
    """Run each worker in a thread.

    Raises:
        TimeoutError: they do not end.
    """
    http = httpx.Client(trust_env=False, limits=httpx.Limits(max_connections=None))
    client = MedplumClient(**options(server, clock, timeout), http_client=http)
    failures: list[BaseException] = []

    def run(worker: Worker) -> None:
        try:
            _drive(worker.run(), client, clock)
        except BaseException as error:  # noqa: BLE001 - raised by the caller's thread
            failures.append(error)

    with http, client:
        # Daemons, so that one that hangs for ever does not hold up the end of the tests.
        running = [Thread(target=run, args=(worker,), daemon=True) for worker in workers]
        for each in running:
            each.start()
        deadline = time.monotonic() + limit
        for each in running:
            each.join(max(0.0, deadline - time.monotonic()))
        for worker in workers:
            worker.calls = 0  # those that still move end
        if hanging := sum(each.is_alive() for each in running):
            raise TimeoutError(f"{hanging} of {len(running)} workers did not end")
    for failure in failures:
        raise failure


def _drive(steps: Steps, client: MedplumClient, clock: SharedClock) -> None:
    def make(ask: Ask) -> object:
        clock.move(TICK)
        result = getattr(client, ask.name)(*ask.args, **ask.kwargs)
        return list(result) if isinstance(result, Iterator) else result

    result: object = None
    send: Callable[[Any], Ask] = steps.send
    while True:
        try:
            ask = send(result)
        except StopIteration:
            return
        try:
            result, send = make(ask), steps.send
        except Exception as error:  # noqa: BLE001 - the worker judges it
            result, send = error, steps.throw


def run_in_tasks(
    workers: list[Worker],
    server: MedplumServer,
    clock: SharedClock,
    *,
    timeout: float,
    limit: float,
) -> None:
    """Run each worker in a task.

    Raises:
        TimeoutError: they do not end.
    """

    async def run() -> None:
        http = httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=None))
        client = AsyncMedplumClient(**options(server, clock, timeout), http_client=http)
        async with http, client:
            running = (_adrive(worker.run(), client, clock) for worker in workers)
            await asyncio.wait_for(asyncio.gather(*running), limit)

    asyncio.run(run())


async def _adrive(steps: Steps, client: AsyncMedplumClient, clock: SharedClock) -> None:
    async def make(ask: Ask) -> object:
        clock.move(TICK)
        result = getattr(client, ask.name)(*ask.args, **ask.kwargs)
        if hasattr(result, "__aiter__"):
            return [each async for each in result]
        return await result

    result: object = None
    send: Callable[[Any], Ask] = steps.send
    while True:
        try:
            ask = send(result)
        except StopIteration:
            return
        try:
            result, send = await make(ask), steps.send
        except Exception as error:  # noqa: BLE001 - the worker judges it
            result, send = error, steps.throw
