"""What the token endpoint answers, read into a token or refused: auth/tokens.py."""

from datetime import datetime, timedelta, timezone

import pytest
from flow_steps import CREDENTIALS, Hand, answer_of, session_of, token_of

from pymedplum_runtime.auth.tokens import AccessToken, lasting, until
from pymedplum_runtime.client.session import Session
from pymedplum_runtime.errors import AuthenticationError
from pymedplum_runtime.http.wire import Answer


@pytest.fixture
def session() -> Session:
    return session_of(**CREDENTIALS)


@pytest.mark.parametrize(
    "answer",
    [
        answer_of(200, b"<html>"),
        answer_of(200, b'{"access_token": "ab'),
        answer_of(200, {}),
        answer_of(200, []),
        answer_of(200, {"access_token": ""}),
        answer_of(200, {"access_token": "a b"}),
        answer_of(200, {"access_token": "a\r\nX: y"}),
        answer_of(200, {"access_token": 5}),
        answer_of(200, {"access_token": "t", "token_type": "mac"}),
        answer_of(302, b""),
        answer_of(500, {"msg": "x"}),
    ],
)
def test_a_bad_token_answer_is_an_authentication_error(session: Session, answer: Answer) -> None:
    with pytest.raises(AuthenticationError) as caught:
        Hand(answer).call(session)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("lifetime", [None, "3600", True, [], {}])
def test_a_lifetime_that_is_no_number_is_none(session: Session, lifetime: object) -> None:
    token = Hand(token_of("t", None, expires_in=lifetime)).run(session.tokens.current())
    assert token == AccessToken("t")


@pytest.mark.parametrize("lifetime", [0, -5, 1e300])
def test_an_odd_lifetime_does_no_harm(session: Session, lifetime: float) -> None:
    hand = Hand(token_of("t", lifetime), answer_of())
    assert hand.call(session).status == 200


def test_lifetimes_and_instants() -> None:
    assert lasting("t", 3600, 1000) == AccessToken("t", 4600, 4540)
    assert lasting("t", 10, 1000) == AccessToken("t", 1010, 1009)
    ends = datetime.fromtimestamp(1000, tz=timezone.utc) + timedelta(hours=1)
    assert until("t", ends, 1000) == AccessToken("t", 4600, 4540)
    with pytest.raises(ValueError, match="time zone"):
        until("t", datetime(2030, 1, 1), 0)  # noqa: DTZ001 - without a zone on purpose


def test_the_token_request_is_a_form_without_the_clients_headers(session: Session) -> None:
    hand = Hand(token_of("t"), answer_of())
    hand.call(session)
    form, call = hand.sent
    assert (form.method, form.url) == ("POST", "https://medplum.test/oauth2/token")
    assert form.content == b"grant_type=client_credentials&client_id=client&client_secret=hush"
    assert form.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "X-Medplum" not in form.headers
    assert call.headers["Authorization"] == "Bearer t"
