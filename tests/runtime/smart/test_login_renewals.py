"""What a sign-in takes from its store, renews, and keeps there."""

import sys
from contextlib import contextmanager
from typing import Any

import pytest
from login_steps import (
    NOW,
    Endpoint,
    agreeing,
    auth_of,
    refused,
    run,
    stored,
)

from pymedplum_runtime.errors import AuthenticationError, NetworkError, TokenStoreError
from pymedplum_runtime.smart.authorization_code import LOGIN_SCOPE as SCOPE
from pymedplum_runtime.smart.stored_tokens import StoredTokens
from pymedplum_runtime.smart.token_store import MemoryTokenStore


def test_a_stored_token_is_used_without_a_request() -> None:
    endpoint = Endpoint()

    token = run(auth_of(store=MemoryTokenStore(stored())).obtain(endpoint))

    assert (token.value, token.expires_at) == ("access-1", NOW + 3600)
    assert token.refresh_at == NOW + 3540
    assert endpoint.forms == []


@pytest.mark.parametrize("expires_at", [NOW - 1, NOW, NOW + 59])
def test_a_stored_token_near_its_end_is_renewed_and_the_next_refresh_token_kept(
    expires_at: float,
) -> None:
    store = MemoryTokenStore(stored(expires_at=expires_at))
    endpoint = Endpoint({"access_token": "access-2", "refresh_token": "refresh-2"})

    token = run(auth_of(store=store, client_secret="hush").obtain(endpoint))

    assert token.value == "access-2"
    assert endpoint.forms == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "refresh-1",
            "client_id": "client",
            "client_secret": "hush",
        }
    ]
    kept = store.load()
    assert kept is not None
    assert kept.refresh_token == "refresh-2"


def test_a_refresh_token_that_is_not_rotated_is_kept() -> None:
    store = MemoryTokenStore(stored(expires_at=NOW))

    run(auth_of(store=store).obtain(Endpoint({"access_token": "access-2"})))

    kept = store.load()
    assert kept is not None
    assert kept.refresh_token == "refresh-1"


def test_a_token_that_was_handed_out_is_renewed_when_asked_again() -> None:
    auth = auth_of(store=MemoryTokenStore(stored()))
    endpoint = Endpoint({"access_token": "access-2"})

    tokens = [run(auth.obtain(endpoint)).value for _ in range(2)]

    assert tokens == ["access-1", "access-2"]


def test_a_token_that_another_process_stored_meanwhile_is_taken() -> None:
    store = MemoryTokenStore(stored())
    auth, endpoint = auth_of(store=store), Endpoint()
    run(auth.obtain(endpoint))

    store.save(stored(access_token="access-2", refresh_token="refresh-2"))

    assert run(auth.obtain(endpoint)).value == "access-2"
    assert endpoint.forms == []


class _BusyStore(MemoryTokenStore):
    """Somebody else holds the lock, and has renewed the tokens when it is free."""

    def __init__(self, attempts: int) -> None:
        super().__init__(stored(expires_at=NOW))
        self.left = attempts

    @contextmanager
    def lock(self) -> Any:
        self.left -= 1
        if self.left == 0:
            self.save(stored(access_token="access-2", refresh_token="refresh-2"))
        yield self.left <= 0


def test_whoever_waited_for_the_lock_takes_the_token_that_the_other_got() -> None:
    sleeps: list[float] = []
    endpoint = Endpoint()

    token = run(auth_of(store=_BusyStore(3)).obtain(endpoint), sleeps)

    assert token.value == "access-2"
    assert sleeps == [0.2, 0.2]
    assert endpoint.forms == []


def test_a_lock_that_never_becomes_free_is_an_error() -> None:
    sleeps: list[float] = []

    with pytest.raises(TokenStoreError, match="another process"):
        run(auth_of(store=_BusyStore(sys.maxsize)).obtain(Endpoint()), sleeps)
    assert sum(sleeps) == pytest.approx(60.0)


@pytest.mark.parametrize("sign_in_again", [False, True])
def test_nobody_signs_in_twice_because_the_lock_was_not_to_be_had(
    sign_in_again: bool,  # noqa: FBT001 - a parameter
) -> None:
    store, sleeps = _BusyStore(sys.maxsize), list[float]()
    store.clear()
    endpoint = Endpoint({"access_token": "access-2", "refresh_token": "refresh-2"})
    auth = auth_of(agreeing(), store=store, sign_in_again=sign_in_again)
    with pytest.raises(TokenStoreError, match="another process"):
        run(auth.obtain(endpoint), sleeps)

    assert run(auth.obtain(endpoint)).value == "access-2"
    assert store.load() == stored(access_token="access-2", refresh_token="refresh-2", scope=SCOPE)


def test_a_cancelled_renewal_gives_the_lock_back() -> None:
    store = MemoryTokenStore(stored(expires_at=NOW))

    def fail() -> BaseException:
        with store.lock() as is_ours:
            assert not is_ours
        return KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt):
        run(auth_of(store=store).obtain(Endpoint(fail)))
    with store.lock() as is_ours:
        assert is_ours


@pytest.mark.parametrize("status", [400, 401])
def test_a_refused_refresh_token_leads_to_the_browser(status: int) -> None:
    person = agreeing()
    endpoint = Endpoint(refused(status), {"access_token": "access-2"})

    token = run(auth_of(person, store=MemoryTokenStore(stored(expires_at=NOW))).obtain(endpoint))

    assert token.value == "access-2"
    assert [form["grant_type"] for form in endpoint.forms] == [
        "refresh_token",
        "authorization_code",
    ]


@pytest.mark.parametrize("error", [refused(503), refused(429), NetworkError("no answer")])
def test_a_server_that_is_down_ends_no_session(error: Exception) -> None:
    person, store = agreeing(), MemoryTokenStore(stored(expires_at=NOW))

    with pytest.raises(type(error)):
        run(auth_of(person, store=store).obtain(Endpoint(error)))
    assert person.asked == {}
    assert store.load() == stored(expires_at=NOW)


@pytest.mark.parametrize("strange", [{"base_url": "https://other.test/"}, {"client_id": "another"}])
def test_tokens_of_another_server_or_client_count_as_none(strange: dict[str, str]) -> None:
    endpoint = Endpoint()
    auth = auth_of(store=MemoryTokenStore(stored(**strange)), interactive=False)

    with pytest.raises(AuthenticationError, match="pymedplum login"):
        run(auth.obtain(endpoint))
    assert endpoint.forms == []


def test_signing_in_again_ignores_what_is_stored_once() -> None:
    person, store = agreeing(), MemoryTokenStore(stored())
    auth = auth_of(person, store=store, sign_in_again=True)
    endpoint = Endpoint(
        {"access_token": "access-2", "refresh_token": "refresh-2"}, {"access_token": "access-3"}
    )

    assert [run(auth.obtain(endpoint)).value for _ in range(2)] == ["access-2", "access-3"]
    assert endpoint.forms[1]["refresh_token"] == "refresh-2"


class _FullStore(MemoryTokenStore):
    is_full = True

    def save(self, tokens: StoredTokens) -> None:
        if self.is_full:
            raise TokenStoreError("the disk is full")
        super().save(tokens)


def test_a_rotated_token_that_could_not_be_stored_is_stored_the_next_time() -> None:
    store = _FullStore(stored(expires_at=NOW))
    endpoint = Endpoint({"access_token": "access-2", "refresh_token": "refresh-2"})
    auth = auth_of(store=store)
    with pytest.raises(TokenStoreError, match="full"):
        run(auth.obtain(endpoint))
    assert store.load() == stored(expires_at=NOW)

    store.is_full = False

    assert run(auth.obtain(endpoint)).value == "access-2"
    kept = store.load()
    assert kept is not None
    assert kept.refresh_token == "refresh-2"
    assert len(endpoint.forms) == 1
