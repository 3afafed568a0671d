"""Tokens on disk: private, whole, and of one sign-in."""

import errno
import json
import os
import stat
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from login_steps import NOW, stored

from pymedplum_runtime.errors import TokenStoreError
from pymedplum_runtime.private_files import exposure
from pymedplum_runtime.smart.stored_tokens import StoredTokens
from pymedplum_runtime.smart.token_store import FileTokenStore, MemoryTokenStore

VISIBLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)
TOKENS = st.builds(
    StoredTokens,
    base_url=st.text(),
    client_id=st.text(),
    access_token=st.none() | VISIBLE,
    refresh_token=st.none() | st.text(),
    expires_at=st.none() | st.floats(0, 1e11),
    scope=st.none() | st.text(),
)


@pytest.fixture
def store(tmp_path: Path) -> FileTokenStore:
    return FileTokenStore(tmp_path / "login" / "tokens.json")


@given(TOKENS)
def test_what_is_saved_is_loaded(tmp_path_factory: pytest.TempPathFactory, tokens: Any) -> None:
    store = FileTokenStore(tmp_path_factory.getbasetemp() / "saved" / "tokens.json")

    store.save(tokens)

    assert store.load() == tokens


def test_file_and_folder_are_the_owners_alone(store: FileTokenStore) -> None:
    old = os.umask(0)
    try:
        store.save(stored())
        store.save(stored())
        with store.lock():
            modes = [stat.S_IMODE(each.stat().st_mode) for each in store.path.parent.iterdir()]
    finally:
        os.umask(old)

    assert modes == [0o600, 0o600]
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_a_folder_that_is_there_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    FileTokenStore(tmp_path / "tokens.json").save(stored())

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_nothing_is_loaded_where_there_is_no_file(store: FileTokenStore) -> None:
    assert store.load() is None
    store.clear()

    store.save(stored())
    store.clear()

    assert store.load() is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666])
def test_a_file_that_others_can_use_is_refused(store: FileTokenStore, mode: int) -> None:
    store.save(stored())
    store.path.chmod(mode)

    with pytest.raises(TokenStoreError) as caught:
        store.load()
    assert f"chmod 600 '{store.path}'" in str(caught.value)


def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    def status_of(owner: int) -> os.stat_result:
        return os.stat_result((stat.S_IFREG | 0o600, 1, 1, 1, owner, 0, 1, 0, 0, 0))

    path = tmp_path / "tokens.json"
    assert exposure(status_of(os.geteuid()), path) is None
    assert f"{path} belongs to another user" in str(exposure(status_of(os.geteuid() + 1), path))


def test_a_link_is_refused(store: FileTokenStore, tmp_path: Path) -> None:
    elsewhere = FileTokenStore(tmp_path / "elsewhere.json")
    elsewhere.save(stored())
    store.path.parent.mkdir()
    store.path.symlink_to(elsewhere.path)

    with pytest.raises(TokenStoreError, match="is a link"):
        store.load()


def test_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)

    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(TokenStoreError):
            FileTokenStore(path).load()


def test_nothing_stays_open_of_what_was_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "shared").touch(0o644)
    with open(os.devnull) as free:  # noqa: PTH123 - its number is the next free one
        number = free.fileno()

    for path in (tmp_path, tmp_path / "pipe", tmp_path / "shared"):
        with pytest.raises(TokenStoreError):
            FileTokenStore(path).load()

    with open(os.devnull) as free:  # noqa: PTH123 - the same
        assert free.fileno() == number


GOOD: dict[str, Any] = {"format": 1, **asdict(stored())}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "hush",
        "[]",
        "null",
        "{}",
        "[" * 100_000,
        json.dumps({**GOOD, "format": 2}),
        json.dumps({**GOOD, "access_token": 5}),
        json.dumps({**GOOD, "access_token": "a b"}),
        json.dumps({**GOOD, "expires_at": "hush"}),
        json.dumps({**GOOD, "expires_at": True}),
        json.dumps({**GOOD, "expires_at": float("nan")}),
        json.dumps({**GOOD, "expires_at": 10**400}),
        json.dumps({name: GOOD[name] for name in GOOD.keys() - {"base_url"}}),
        json.dumps(GOOD)[:-2],
    ],
)
def test_garbage_is_an_error_that_names_the_file_and_quotes_nothing(
    store: FileTokenStore, content: str
) -> None:
    store.save(stored())
    store.path.write_text(content)

    with pytest.raises(TokenStoreError) as caught:
        store.load()
    assert str(store.path) in str(caught.value)
    assert "hush" not in str(caught.value)
    assert caught.value.__context__ is None


@given(st.binary(max_size=200))
def test_any_bytes_are_tokens_or_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    store = FileTokenStore(tmp_path_factory.getbasetemp() / "bytes" / "tokens.json")
    store.save(stored())
    store.path.write_bytes(content)

    with pytest.raises(TokenStoreError, match="sign in again"):
        store.load()


def test_members_that_a_newer_version_adds_are_passed_over(store: FileTokenStore) -> None:
    store.save(stored())
    store.path.write_text(json.dumps({**GOOD, "colour": "blue"}))

    assert store.load() == stored()


FILL = """
import resource, sys
sys.path[:0] = sys.argv[2].split(":")
from login_steps import stored
from pymedplum_runtime.errors import TokenStoreError
from pymedplum_runtime.smart.token_store import FileTokenStore
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    FileTokenStore(sys.argv[1]).save(stored(access_token="hush" * 100))
except TokenStoreError as error:
    print(error)
"""


def test_a_disk_that_takes_no_more_leaves_the_old_tokens_whole(store: FileTokenStore) -> None:
    store.save(stored())
    before = store.path.read_bytes()

    command = [sys.executable, "-c", FILL, store.path, ":".join(sys.path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert f"{store.path} (File too large); what was there is still there" in said
    assert "hush" not in said
    assert store.path.read_bytes() == before
    assert [each.name for each in store.path.parent.iterdir()] == ["tokens.json"]


def test_a_folder_that_cannot_be_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = FileTokenStore(tmp_path / "file" / "tokens.json")

    for act in (lambda: store.save(stored()), store.load, store.clear, store.lock().__enter__):
        with pytest.raises(TokenStoreError, match=r"file/tokens.json.*\(Not a directory\)"):
            act()


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_one_at_a_time_has_the_lock(store: FileTokenStore, kind: str) -> None:
    first: Any = store if kind == "file" else MemoryTokenStore()
    second: Any = FileTokenStore(store.path) if kind == "file" else first

    with first.lock() as is_firsts, second.lock() as is_seconds:
        assert (is_firsts, is_seconds) == (True, False)
    with second.lock() as is_seconds:
        assert is_seconds


def test_a_disk_without_locks_is_an_error_that_names_the_file(
    store: FileTokenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", without_locks)

    with pytest.raises(TokenStoreError, match=r"tokens.json.lock cannot be locked \(No locks"):
        store.lock().__enter__()


def test_the_memory_of_one_process_forgets() -> None:
    store = MemoryTokenStore(stored())
    store.save(replace(stored(), expires_at=NOW))
    assert store.load() == stored(expires_at=NOW)

    store.clear()

    assert store.load() is None


def test_the_home_folder_may_be_written_as_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")

    assert FileTokenStore("~/tokens.json").path == Path("/home/ada/tokens.json")
