"""The one token of a client: who gets it, who waits, what a failure means: auth/cache.py."""

from contextvars import copy_context

import pytest
from flow_steps import CREDENTIALS, Caller, FakeClock, Hand, answer_of, session_of, token_of

from pymedplum_runtime.auth.providers import TokenProvider
from pymedplum_runtime.auth.tokens import AccessToken
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import (
    AuthenticationError,
    MedplumError,
    NetworkError,
    TokenRefreshCooldownError,
)
from pymedplum_runtime.http.flow import Send, Wait
from pymedplum_runtime.http.wire import Answer


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def session(clock: FakeClock) -> Session:
    return session_of(clock, **CREDENTIALS)


def _callers(session: Session, count: int) -> list[Caller]:
    return [Caller(session.tokens.current()) for _ in range(count)]


def test_the_first_caller_leads_and_the_others_wait(session: Session) -> None:
    leader, *waiters = _callers(session, 4)
    assert isinstance(leader.next(), Send)
    waits = [each.next() for each in waiters]
    assert [type(each) for each in waits] == [Wait] * 3
    token = leader.end(token_of("one"))
    assert token.value == "one"
    for waiter, wait in zip(waiters, waits, strict=True):
        assert isinstance(wait, Wait)
        assert waiter.end(wait.future.result(timeout=0)) is token


def test_the_waiters_of_a_failure_get_it_too_each_its_own(session: Session) -> None:
    leader, *waiters = _callers(session, 3)
    leader.next()
    waits = [each.next() for each in waiters]
    errors: list[BaseException] = []
    with pytest.raises(AuthenticationError) as caught:
        leader.send(answer_of(400, {"error": "invalid_request"}))
    errors.append(caught.value)
    for waiter, wait in zip(waiters, waits, strict=True):
        assert isinstance(wait, Wait)
        with pytest.raises(AuthenticationError) as caught:
            waiter.send(wait.future.result(timeout=0))
        errors.append(caught.value)
    assert len({id(error) for error in errors}) == 3
    assert len({str(error) for error in errors}) == 1


@pytest.mark.parametrize("end", ["close", "throw"])
def test_a_cancelled_leader_hands_over_to_a_waiter(session: Session, end: str) -> None:
    leader, waiter = _callers(session, 2)
    leader.next()
    wait = waiter.next()
    assert isinstance(wait, Wait)
    if end == "close":
        leader.close()
    else:
        with pytest.raises(KeyboardInterrupt):
            leader.throw(KeyboardInterrupt())
    again = waiter.send(wait.future.result(timeout=0))
    assert isinstance(again, Send)
    assert waiter.end(token_of("two")).value == "two"


def test_a_leader_may_be_thrown_away_in_another_context(session: Session) -> None:
    flow = session.tokens.current()
    copy_context().run(next, flow)
    flow.close()
    assert Hand(token_of("t")).run(session.tokens.current()) is session.tokens.token


def test_nobody_asks_again_during_the_cooldown(clock: FakeClock) -> None:
    session = session_of(clock, **CREDENTIALS, failed_refresh_cooldown=5.0)
    hand = Hand(answer_of(400, {}), token_of("late"), answer_of(), clock=clock)
    with pytest.raises(AuthenticationError):
        hand.call(session)
    clock.time += 4.5
    with pytest.raises(TokenRefreshCooldownError) as caught:
        hand.call(session)
    assert caught.value.retry_after == pytest.approx(0.5)
    clock.time += 0.5
    hand.call(session)
    assert len(hand.sent) == 3


def test_no_cooldown_asks_at_once(clock: FakeClock) -> None:
    session = session_of(clock, **CREDENTIALS, failed_refresh_cooldown=0.0)
    hand = Hand(answer_of(400, {}), answer_of(400, {}), clock=clock)
    for _ in range(2):
        with pytest.raises(AuthenticationError):
            hand.call(session)
    assert len(hand.sent) == 2


def test_a_straggling_401_uses_the_token_that_another_call_got(session: Session) -> None:
    old = AccessToken("old")
    session.tokens.set(AccessToken("new"))
    hand = Hand()
    assert hand.run(session.tokens.replacement(old)).value == "new"
    assert hand.sent == []


def test_a_401_gets_one_new_token_and_one_replay(clock: FakeClock) -> None:
    session = session_of(clock, **{**CREDENTIALS, "access_token": "old"})
    hand = Hand(answer_of(401), token_of("new"), answer_of(200, {}), clock=clock)
    assert hand.call(session, "POST").status == 200
    sent = [each.headers.get("Authorization") for each in hand.sent]
    assert sent == ["Bearer old", None, "Bearer new"]
    hand = Hand(answer_of(401), token_of("newer"), answer_of(401), clock=clock)
    with pytest.raises(AuthenticationError):
        hand.call(session)
    assert len(hand.sent) == 3


def test_a_401_without_credentials_is_final() -> None:
    hand = Hand(answer_of(401))
    with pytest.raises(AuthenticationError):
        hand.call(session_of(hand.clock))
    assert len(hand.sent) == 1


def test_a_cooldown_after_a_401_is_a_cooldown(clock: FakeClock) -> None:
    session = session_of(clock, **{**CREDENTIALS, "access_token": "old"})
    hand = Hand(answer_of(401), answer_of(400, {}), answer_of(401), clock=clock)
    with pytest.raises(AuthenticationError):
        hand.call(session)
    with pytest.raises(TokenRefreshCooldownError):
        hand.call(session)


def test_a_token_is_renewed_a_little_before_it_ends(session: Session, clock: FakeClock) -> None:
    hand = Hand(token_of("one", 3600), token_of("two", 3600), clock=clock)
    for seconds, text in ((0, "one"), (3539, "one"), (1, "two")):
        clock.time += seconds
        token = hand.run(session.tokens.current())
        assert token is not None
        assert token.value == text


@pytest.mark.parametrize("failure", [answer_of(503), NetworkError(possibly_committed=True)])
def test_an_early_renewal_that_fails_keeps_the_token_while_it_is_good(
    session: Session, clock: FakeClock, failure: Answer | NetworkError
) -> None:
    hand = Hand(token_of("one", 3600), failure, token_of("two", 3600), clock=clock)
    hand.run(session.tokens.current())
    clock.time += 3550
    assert hand.run(session.tokens.current()) == session.tokens.token  # tried in vain
    assert hand.run(session.tokens.current()) == session.tokens.token  # the cooldown: not tried
    assert len(hand.sent) == 2
    clock.time += 10
    assert hand.run(session.tokens.current()).value == "two"  # type: ignore[union-attr]


def test_a_spent_token_that_cannot_be_renewed_is_not_used(
    session: Session, clock: FakeClock
) -> None:
    hand = Hand(token_of("one", 3600), answer_of(503), clock=clock)
    hand.run(session.tokens.current())
    clock.time += 3600
    with pytest.raises(MedplumError):
        hand.run(session.tokens.current())


def test_a_token_set_during_a_refresh_stays(session: Session) -> None:
    leader, waiter = _callers(session, 2)
    leader.next()
    waiter.next()
    session.tokens.set(AccessToken("set"))
    leader.end(token_of("fetched"))
    assert session.tokens.token == AccessToken("set")
    assert Hand().run(session.tokens.current()) == AccessToken("set")


def test_a_token_set_ends_the_cooldown(session: Session, clock: FakeClock) -> None:
    hand = Hand(answer_of(400, {}), answer_of(), clock=clock)
    with pytest.raises(AuthenticationError):
        hand.call(session)
    session.tokens.set(AccessToken("set"))
    assert hand.call(session).status == 200


def test_a_provider_that_uses_its_own_client_is_told_so(clock: FakeClock) -> None:
    hand = Hand(clock=clock)
    session: Session = session_of(
        clock, access_token=None, auth=TokenProvider(lambda: str(hand.call(session)))
    )
    with pytest.raises(AuthenticationError, match="must not use"):
        hand.call(session)
