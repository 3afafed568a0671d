"""A thousand calls that need a token at once: one request for it, and nobody left waiting."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from fault_clock import SharedClock

from pymedplum import (
    AsyncMedplumClient,
    AuthenticationError,
    MedplumClient,
    MedplumError,
    TokenRefreshCooldownError,
)
from tests.medplum_server.process import MedplumServer

MANY = 1000
THREADS = 100
CONNECTIONS = 16  # httpcore looks through all of them for each request that waits
HOUR = 3600.0
COOLDOWN = 5.0
PATIENCE = 30.0  # seconds, real ones: for a thousand calls, and until a test counts as hanging
SLOWLY = 300  # milliseconds that a token takes, so that all others are there before it


def options(server: MedplumServer, clock: SharedClock) -> dict[str, Any]:
    return {
        "base_url": server.base_url,
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "clock": clock,
        "timeout": PATIENCE,
        "failed_refresh_cooldown": COOLDOWN,
    }


def make_token_slow(server: MedplumServer) -> None:
    server.control("tokens", {"fault": "slow", "times": 1, "slow": SLOWLY})


def make_token_fail(server: MedplumServer) -> None:
    server.control("tokens", {"fault": "500"})


def tokens(server: MedplumServer) -> int:
    return int(server.control("counters")["tokens"])


def outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except MedplumError as error:
        return error


def in_threads(
    server: MedplumServer, clock: SharedClock, prepare: Callable[[], None], *, sign_in: bool
) -> list[object]:
    """Give the outcomes of many reads by as many threads as there may be."""
    limits = httpx.Limits(max_connections=CONNECTIONS)
    with (
        httpx.Client(trust_env=False, limits=limits) as http,
        MedplumClient(**options(server, clock), http_client=http) as client,
        ThreadPoolExecutor(THREADS) as pool,
    ):

        def read(_: object = None) -> object:
            return outcome(lambda: client.read_resource("Project", server.project_id)["id"])

        if sign_in:
            read()
        prepare()
        return list(pool.map(read, range(MANY)))


def in_tasks(
    server: MedplumServer, clock: SharedClock, prepare: Callable[[], None], *, sign_in: bool
) -> list[object]:
    """Give the outcomes of many reads by as many tasks."""

    async def run() -> list[object]:
        limits = httpx.Limits(max_connections=CONNECTIONS)
        async with (
            httpx.AsyncClient(trust_env=False, limits=limits) as http,
            AsyncMedplumClient(**options(server, clock), http_client=http) as client,
        ):

            async def read() -> object:
                try:
                    return (await client.read_resource("Project", server.project_id))["id"]
                except MedplumError as error:
                    return error

            if sign_in:
                await read()
            prepare()
            reading = asyncio.gather(*(read() for _ in range(MANY)))
            return await asyncio.wait_for(reading, PATIENCE)

    return asyncio.run(run())


STORMS = pytest.mark.parametrize("storm", [in_threads, in_tasks], ids=["sync", "async"])
Storm = Callable[..., list[object]]


@STORMS
def test_a_thousand_calls_sign_in_once(
    server: MedplumServer, clock: SharedClock, storm: Storm
) -> None:
    found = storm(server, clock, lambda: make_token_slow(server), sign_in=False)
    assert found == [server.project_id] * MANY
    assert tokens(server) == 1


@STORMS
def test_an_expired_token_is_renewed_once_for_a_thousand_calls(
    server: MedplumServer, clock: SharedClock, storm: Storm
) -> None:
    def expire() -> None:
        clock.move(HOUR)
        make_token_slow(server)

    found = storm(server, clock, expire, sign_in=True)
    assert found == [server.project_id] * MANY
    assert tokens(server) == 2


@STORMS
def test_a_revoked_token_is_replaced_once_for_a_thousand_calls(
    server: MedplumServer, clock: SharedClock, storm: Storm
) -> None:
    def revoke() -> None:
        server.control("tokens", {"revoke": True})
        make_token_slow(server)

    found = storm(server, clock, revoke, sign_in=True)
    assert found == [server.project_id] * MANY
    assert tokens(server) == 2


@STORMS
def test_a_failing_token_endpoint_is_asked_once_for_a_thousand_calls(
    server: MedplumServer, clock: SharedClock, storm: Storm
) -> None:
    found = storm(server, clock, lambda: make_token_fail(server), sign_in=False)
    kinds = {type(each) for each in found}
    assert kinds <= {AuthenticationError, TokenRefreshCooldownError}
    assert not any(each.possibly_committed for each in found if isinstance(each, MedplumError))
    assert tokens(server) == 1
    assert server.control("counters")["total"] == 1


def test_a_failing_token_endpoint_is_asked_once_per_cooldown(
    server: MedplumServer, clock: SharedClock
) -> None:
    make_token_fail(server)
    with MedplumClient(**options(server, clock)) as client:
        for second in range(4 * int(COOLDOWN)):
            with pytest.raises((AuthenticationError, TokenRefreshCooldownError)) as caught:
                client.read_resource("Project", server.project_id)
            assert isinstance(caught.value, AuthenticationError) is (second % COOLDOWN == 0)
            clock.move(1.0)
    assert tokens(server) == 4


async def cancelled_while_signing_in(
    server: MedplumServer, client: AsyncMedplumClient, cancel: Callable[[list[Any]], None]
) -> list[object]:
    make_token_slow(server)
    running = [
        asyncio.create_task(client.read_resource("Project", server.project_id)) for _ in range(50)
    ]
    await asyncio.sleep(SLOWLY / 3000)  # the token is asked for by now
    cancel(running)
    return await asyncio.wait_for(asyncio.gather(*running, return_exceptions=True), PATIENCE)


@pytest.mark.parametrize(
    "ending",
    [slice(0, 1), slice(1, 30), slice(0, 49)],
    ids=["the leader", "waiters", "all but one"],
)
def test_cancelled_tasks_strand_no_others(
    server: MedplumServer, clock: SharedClock, ending: slice
) -> None:
    async def run() -> list[object]:
        async with AsyncMedplumClient(**options(server, clock)) as client:
            return await cancelled_while_signing_in(
                server, client, lambda tasks: [task.cancel() for task in tasks[ending]] and None
            )

    found = asyncio.run(run())
    cancelled = len(range(50)[ending])
    assert sum(isinstance(each, asyncio.CancelledError) for each in found) == cancelled
    assert sum(isinstance(each, dict) for each in found) == 50 - cancelled
    assert tokens(server) <= 2


def test_a_client_whose_calls_were_all_cancelled_signs_in_anew(
    server: MedplumServer, clock: SharedClock
) -> None:
    async def run() -> object:
        async with AsyncMedplumClient(**options(server, clock)) as client:
            await cancelled_while_signing_in(
                server, client, lambda tasks: [task.cancel() for task in tasks] and None
            )
            return await client.read_resource("Project", server.project_id)

    assert isinstance(asyncio.run(run()), dict)


def test_two_event_loops_in_sequence_with_a_client_each(
    server: MedplumServer, clock: SharedClock
) -> None:
    async def run() -> list[object]:
        async with AsyncMedplumClient(**options(server, clock)) as client:
            reads = (client.read_resource("Project", server.project_id) for _ in range(20))
            return await asyncio.gather(*reads)

    assert len(asyncio.run(run())) == len(asyncio.run(run())) == 20
    assert tokens(server) == 2
