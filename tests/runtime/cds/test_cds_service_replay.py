"""Used tokens are remembered: in memory, in a file that processes share, or elsewhere."""

import asyncio
import functools
import json
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from cds_calls import (
    NOW,
    StillClock,
    a_request,
    bearer,
    post,
    token,
    trusting_services,
    with_client,
)

from pymedplum_runtime.cds.service.replay import FileReplayStore, MemoryReplayStore, ReplayStore
from pymedplum_runtime.errors import CDSHooksError


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ReplayStore:
    if request.param == "memory":
        return MemoryReplayStore()
    return FileReplayStore(tmp_path / "used.sqlite")


def add(store: ReplayStore, key: str, until: float = NOW + 60, now: float = NOW) -> bool:
    return asyncio.run(store.add(key, until, now))


def test_a_key_is_new_once(store: ReplayStore) -> None:
    assert [add(store, "a"), add(store, "a"), add(store, "b")] == [True, False, True]


def test_a_key_is_forgotten_when_its_token_has_ended(store: ReplayStore) -> None:
    add(store, "a", until=NOW + 60)

    assert not add(store, "a", now=NOW + 59)
    assert add(store, "a", until=NOW + 200, now=NOW + 61)


def test_of_many_at_once_one_is_told_that_it_is_new(store: ReplayStore) -> None:
    found: list[bool] = []
    ready = threading.Barrier(8)

    def race() -> None:
        ready.wait()
        found.append(add(store, "same"))

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [False] * 7 + [True]


def test_memory_is_bounded_and_forgets_nothing_that_is_good() -> None:
    store = MemoryReplayStore(capacity=2)
    add(store, "a")
    add(store, "b", until=NOW + 10)

    with pytest.raises(CDSHooksError, match="full"):
        add(store, "c")
    assert not add(store, "a")
    assert add(store, "c", now=NOW + 11)
    assert len(store) == 2


def test_a_store_needs_room() -> None:
    with pytest.raises(ValueError, match="capacity"):
        MemoryReplayStore(0)


def test_a_full_store_refuses_calls_with_a_503() -> None:
    services = trusting_services(replay=MemoryReplayStore(1))

    assert post(services, a_request(), headers=bearer(token())).status_code == 200
    assert post(services, a_request(), headers=bearer(token())).status_code == 503


def test_what_is_kept_is_no_part_of_the_token() -> None:
    seen: list[tuple[str, float, float]] = []

    class Recording:
        async def add(self, key: str, until: float, now: float) -> bool:
            seen.append((key, until, now))
            return True

    services = trusting_services(replay=Recording())
    post(services, a_request(), headers=bearer(token(jti="the jti", exp=int(NOW) + 77)))

    ((key, until, now),) = seen
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")
    assert (until, now) == (NOW + 77, NOW)


_PROGRAM = """
import asyncio, json, sys
from pymedplum_runtime.cds.service.replay import FileReplayStore
store = FileReplayStore(sys.argv[1])
async def main():
    return [await store.add(f"key-{n}", 1e10, 1e9) for n in range(50)]
print(json.dumps(asyncio.run(main())))
"""


def test_processes_that_share_a_file_take_each_token_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _PROGRAM, str(tmp_path / "used.sqlite")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    answers: list[list[bool]] = [json.loads(each.communicate(timeout=60)[0]) for each in running]

    assert [each.returncode for each in running] == [0, 0, 0]
    assert [sum(each) for each in zip(*answers, strict=True)] == [1] * 50


def test_two_services_that_share_a_file_take_a_token_once(tmp_path: Path) -> None:
    path = tmp_path / "used.sqlite"
    first = trusting_services(replay=FileReplayStore(path))
    second = trusting_services(replay=FileReplayStore(path))
    text = token()

    assert post(first, a_request(), headers=bearer(text)).status_code == 200
    assert post(second, a_request(), headers=bearer(text)).status_code == 401


def test_a_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "used.sqlite"
    store = FileReplayStore(path)
    for number in range(20):
        add(store, f"key-{number}", until=NOW + number, now=NOW)

    add(store, "last", until=NOW + 200, now=NOW + 100)

    database = sqlite3.connect(path)
    assert database.execute("SELECT key FROM used").fetchall() == [("last",)]
    database.close()


def test_a_broken_file_leaves_no_connections_behind(tmp_path: Path) -> None:
    path = tmp_path / "used.sqlite"
    path.write_bytes(b"no database at all" * 100)
    store = FileReplayStore(path)

    for _ in range(5):
        with pytest.raises(CDSHooksError, match="DatabaseError"):
            add(store, "a")

    links = (Path(each) for each in Path("/dev/fd").iterdir())
    assert str(path) not in {str(each.readlink()) for each in links if each.is_symlink()}


def test_a_file_that_could_not_be_reached_is_tried_again(tmp_path: Path) -> None:
    store = FileReplayStore(tmp_path / "later" / "used.sqlite")
    with pytest.raises(CDSHooksError, match="OperationalError"):
        add(store, "a")

    (tmp_path / "later").mkdir()

    assert add(store, "a")
    assert not add(store, "a")


@pytest.mark.parametrize("kind", ["missing folder", "no database"])
def test_a_file_out_of_reach_is_a_503_without_a_path(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "missing" / "used.sqlite"
    if kind == "no database":
        path = tmp_path / "used.sqlite"
        path.write_bytes(b"no database at all" * 100)
    services = trusting_services(replay=FileReplayStore(path), clock=StillClock())

    answer = post(services, a_request(), headers=bearer(token()))

    assert answer.status_code == 503
    assert answer.json() == {"error": "the token cannot be checked now"}
    assert str(tmp_path) not in caplog.text
    assert "used tokens cannot be read or written" in caplog.text


def test_a_store_of_ones_own_needs_one_method() -> None:
    class Never:
        async def add(self, key: str, until: float, now: float) -> bool:
            assert key
            return until < now

    services: Any = trusting_services(replay=Never())

    assert post(services, a_request(), headers=bearer(token())).status_code == 401


@pytest.mark.parametrize("is_in_a_file", [False, True])
def test_of_a_hundred_calls_at_once_with_one_token_one_is_answered(
    is_in_a_file: bool,  # noqa: FBT001 - a row
    tmp_path: Path,
) -> None:
    store = FileReplayStore(tmp_path / "used.sqlite") if is_in_a_file else MemoryReplayStore()
    headers = bearer(token())

    async def calls(http: httpx.AsyncClient) -> list[int]:
        call = functools.partial(http.post, "/cds-services/greet", json=a_request())
        answers = await asyncio.gather(*(call(headers=headers) for _ in range(100)))
        return sorted(each.status_code for each in answers)

    assert with_client(trusting_services(replay=store), calls) == [200] + [401] * 99
