"""10,000 calls of each client while the server fails at random: nothing lost, nothing doubled."""

import time
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from fault_clock import SharedClock
from journal import Journal
from runners import run_in_tasks, run_in_threads, tokens_revoked
from stored import contradictions
from workload import PAGED, Worker

from tests.medplum_server.process import MedplumServer

CALLS = 10_000
WORKERS = 16
TIMEOUT = 0.4  # seconds; real ones, since a silent server can only be waited for
LIMIT = 300.0  # seconds until a run counts as hanging
SLOW = 500  # milliseconds; longer than TIMEOUT, so that the server commits after the client left
COUNTERS = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(4)]

BOTH_WAYS = ["drop", "reset-headers", "500", "502", "503", "504"]
BOTH_WAYS += ["html-error", "html-ok", "empty-error", "incomplete-json"]
ON_THE_WIRE = [f"{kind}-{when}" for kind in BOTH_WAYS for when in ("before", "after")]
FAULTS = [
    # A 429 after the work is done would be no 429: it says that nothing was done.
    {"kinds": [*ON_THE_WIRE, "truncate-body", "429-before", "429-before"], "rate": 0.19},
    {"kinds": ["slow-before", "slow-after", "hang-before", "hang-after"], "rate": 0.012},
    {
        "path": "^oauth2/token",
        "kinds": [*ON_THE_WIRE, "truncate-body", "empty-object", "429", "hang", "slow"],
        "rate": 0.3,
    },
]


def prepare(server: MedplumServer, seed: int) -> None:
    counters = [{"resourceType": "Patient", "id": each} for each in COUNTERS]
    coding = {"system": "http://example.com/code", "code": "paged"}
    paged = [
        {
            "resourceType": "Observation",
            "id": f"00000000-0000-4000-8000-0000000001{n:02}",
            "status": "final",
            "code": {"coding": [coding]},
        }
        for n in range(PAGED)
    ]
    server.control("seed", {"resources": [*counters, *paged]})
    server.control("config", {"slow": SLOW, "conflicts": 100, "throttledEntries": 100})
    server.control("faults", [{**fault, "seed": seed + n} for n, fault in enumerate(FAULTS)])


@pytest.mark.parametrize(
    ("run", "seed"), [(run_in_threads, 11), (run_in_tasks, 22)], ids=["sync", "async"]
)
def test_random_faults_lose_nothing_and_double_nothing(
    server: MedplumServer, clock: SharedClock, run: Callable[..., None], seed: int
) -> None:
    prepare(server, seed)
    journal = Journal()

    def chance(number: int) -> Random:
        return Random(f"{seed} {number}")  # noqa: S311 - choices that can be repeated

    workers = [
        Worker(f"w{n}", journal, COUNTERS, CALLS // WORKERS, chance(n)) for n in range(WORKERS)
    ]
    started = time.monotonic()
    with tokens_revoked(server):
        run(workers, server, clock, timeout=TIMEOUT, limit=LIMIT)
    print(report(journal, server, time.monotonic() - started))
    server.control("faults", method="DELETE")
    time.sleep(SLOW / 1000)  # what was slow is done by now
    assert journal.calls.total() >= CALLS
    found = contradictions(journal, server)
    assert found == [], "\n".join(found)


def report(journal: Journal, server: MedplumServer, seconds: float) -> dict[str, Any]:
    """Give the numbers of a run; pytest shows them with -s."""
    counters = server.control("counters")
    return {
        "seconds": round(seconds, 1),
        "calls": journal.calls.total(),
        "requests": counters["total"],
        "tokens": counters["tokens"],
        "faults": sum(counters["faults"].values()),
        "errors": dict(journal.errors.most_common()),
    }
