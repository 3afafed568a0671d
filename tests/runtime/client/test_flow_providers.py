"""The ways to get a token, one by one: auth/providers.py."""

import base64
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flow_steps import Hand, answer_of, session_of, token_of

from pymedplum.auth import (
    AccessToken,
    BasicAuth,
    ClientCredentials,
    Invoke,
    RefreshToken,
    TokenExchange,
    TokenProvider,
)
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import AuthenticationError

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


def _session(hand: Hand, auth: object) -> Session:
    return session_of(hand.clock, access_token=None, auth=auth)


def _form(request: Any) -> dict[str, str]:
    return dict(parse_qsl(request.content.decode(), keep_blank_values=True, strict_parsing=True))


def test_client_credentials_may_ask_for_a_scope_and_hold_any_characters() -> None:
    hand = Hand(token_of("t"), answer_of())
    hand.call(_session(hand, ClientCredentials("id", "s&c=+ ü", scope="openid system/*.*")))
    assert _form(hand.sent[0]) == {
        "grant_type": "client_credentials",
        "client_id": "id",
        "client_secret": "s&c=+ ü",
        "scope": "openid system/*.*",
    }


def test_basic_auth_sends_no_token_request_and_a_401_is_final() -> None:
    hand = Hand(answer_of(), answer_of(401))
    session = _session(hand, BasicAuth("id", "sëcret"))
    hand.call(session)
    scheme, _, text = hand.sent[0].headers["Authorization"].partition(" ")
    assert (scheme, base64.b64decode(text).decode()) == ("Basic", "id:sëcret")
    with pytest.raises(AuthenticationError):
        hand.call(session)
    assert len(hand.sent) == 2


def test_a_provider_gives_a_text_or_a_token() -> None:
    for given in ("text", AccessToken("text")):
        hand = Hand(answer_of(), answer_of())
        calls: list[int] = []

        def provide(given: object = given, calls: list[int] = calls) -> Any:
            calls.append(1)
            return given

        session = _session(hand, TokenProvider(provide))
        hand.call(session)
        hand.call(session)
        assert hand.sent[-1].headers["Authorization"] == "Bearer text"
        assert len(calls) == 1


def test_a_provider_is_asked_when_its_token_ends_and_after_a_401() -> None:
    hand = Hand(answer_of(), answer_of(), answer_of(401), answer_of())
    given = iter(["one", "two", "three"])
    session = _session(hand, TokenProvider(lambda: next(given), lifetime=100))
    hand.call(session)
    hand.clock.time += 95
    hand.call(session)
    hand.call(session)
    texts = [each.headers["Authorization"].removeprefix("Bearer ") for each in hand.sent]
    assert texts == ["one", "two", "two", "three"]


@pytest.mark.parametrize("given", [None, 5, b"x", "", "a b"])
def test_a_provider_that_gives_no_token_is_an_authentication_error(given: object) -> None:
    hand = Hand()
    with pytest.raises(AuthenticationError):
        hand.call(_session(hand, TokenProvider(lambda: given)))  # type: ignore[arg-type, return-value]


def test_what_a_provider_raises_is_the_cause_of_an_authentication_error() -> None:
    def fail() -> str:
        raise OSError("the vault of patient Ro is closed")

    hand = Hand()
    with pytest.raises(AuthenticationError) as caught:
        hand.call(_session(hand, TokenProvider(fail)))
    assert isinstance(caught.value.__cause__, OSError)
    assert "Ro" not in str(caught.value)


def test_an_asynchronous_provider_needs_the_asynchronous_client() -> None:
    async def provide() -> str:
        return "token"

    with pytest.raises(TypeError, match="await"):
        session_of(access_token=None, auth=TokenProvider(provide))
    with pytest.raises(TypeError, match="callable"):
        TokenProvider("token")  # type: ignore[arg-type]


def test_a_refresh_token_rotates_and_tells_its_keeper() -> None:
    kept: list[str] = []
    hand = Hand(
        token_of("a", 100, refresh_token="r2"), answer_of(), token_of("b", 100), answer_of(),
        token_of("c", 100, refresh_token="r3"), answer_of(),
    )  # fmt: skip
    auth = RefreshToken("r1", client_id="id", client_secret="hush", on_rotate=kept.append)
    session = _session(hand, auth)
    for _ in range(3):
        hand.call(session)
        hand.clock.time += 100
    used = [_form(each) for each in hand.sent[::2]]
    assert [each["refresh_token"] for each in used] == ["r1", "r2", "r2"]
    assert used[0]["client_secret"] == "hush"
    assert kept == ["r2", "r3"]


def test_a_public_client_sends_no_secret() -> None:
    hand = Hand(token_of("a"), answer_of())
    hand.call(_session(hand, RefreshToken("r1", client_id="id")))
    assert _form(hand.sent[0]).keys() == {"grant_type", "refresh_token", "client_id"}


def test_a_keeper_that_fails_loses_no_refresh_token() -> None:
    def fail(_: str) -> None:
        raise OSError("disk full")

    hand = Hand(token_of("a", refresh_token="r2"), token_of("b"), answer_of())
    session = _session(hand, RefreshToken("r1", client_id="id", on_rotate=fail))
    with pytest.raises(AuthenticationError):
        hand.call(session)
    hand.clock.time += 1
    hand.call(session)
    assert _form(hand.sent[1])["refresh_token"] == "r2"


def test_a_token_is_exchanged_with_a_fresh_subject_each_time() -> None:
    subjects = iter(["s1", "s2"])
    hand = Hand(token_of("a", 100), answer_of(), token_of("b", 100), answer_of())
    session = _session(hand, TokenExchange(lambda: next(subjects), client_id="id"))
    hand.call(session)
    hand.clock.time += 100
    hand.call(session)
    forms = [_form(each) for each in hand.sent[::2]]
    assert [each["subject_token"] for each in forms] == ["s1", "s2"]
    assert {each["grant_type"] for each in forms} == {EXCHANGE}
    assert forms[0]["subject_token_type"] == "urn:ietf:params:oauth:token-type:access_token"


class FromVault:
    """A way of the user's own."""

    is_renewable = True

    def obtain(self, endpoint: Any) -> Any:
        secret = yield Invoke(str.upper, ("secret",))
        grant = yield from endpoint.request({"grant_type": "password", "password": secret})
        return grant.token


def test_a_way_of_the_users_own_serves_as_well() -> None:
    hand = Hand(token_of("t"), answer_of())
    hand.call(_session(hand, FromVault()))
    assert _form(hand.sent[0]) == {"grant_type": "password", "password": "SECRET"}


@pytest.mark.parametrize(
    "make",
    [
        lambda empty: ClientCredentials(empty, "s"),
        lambda empty: ClientCredentials("i", empty),
        lambda empty: BasicAuth("i", empty),
        lambda empty: RefreshToken(empty, client_id="i"),
        lambda empty: TokenExchange("s", client_id=empty),
        lambda empty: TokenExchange(empty, client_id="i"),
    ],
)
def test_nothing_of_it_may_be_empty(make: Any) -> None:
    for empty in ("", " "):
        with pytest.raises(ValueError, match="must not be empty"):
            make(empty)
    with pytest.raises(TypeError):
        make(None)
