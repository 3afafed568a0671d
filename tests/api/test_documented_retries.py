"""What the documents say about waiting and trying again. Nothing really sleeps."""

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import httpx
import pytest
from api_calls import PATIENT, FakeClock, MakeClient, Server, call, issue, reply

from pymedplum import MAX_RETRY_DELAY_SECONDS, NetworkError, RateLimitError, ServerError

READ = ("read_resource", "Patient", "123")
CREATE = ("create_resource", {"resourceType": "Patient"})
CONDITIONAL = ("create_resource_if_none_exist", {"resourceType": "Patient"}, "identifier=1")
PUT = ("update_resource", PATIENT)
DELETE = ("delete_resource", "Patient", "123")
LATE = [httpx.ReadTimeout("slow"), reply(502), reply(503), reply(504)]
LATE_IDS = ["read timeout", "502", "503", "504"]


def slept_for(
    make_client: MakeClient, clock: FakeClock, answer: object, **options: object
) -> float:
    """Answer once, then well; give how long the client waited in between."""
    server = Server(answer, PATIENT)
    assert call(make_client(server, **options), *READ) == PATIENT
    assert len(server.requests) == 2
    return sum(clock.sleeps)


def throttled(seconds: object) -> object:
    return reply(429, headers={"Retry-After": str(seconds)})


def test_the_longest_delay_is_a_minute() -> None:
    assert MAX_RETRY_DELAY_SECONDS == 60.0


def test_retry_after_in_seconds_is_respected(make_client: MakeClient, clock: FakeClock) -> None:
    assert 7 <= slept_for(make_client, clock, throttled(7)) <= 14


def test_retry_after_as_a_date_is_respected(make_client: MakeClient, clock: FakeClock) -> None:
    moment = datetime.fromtimestamp(clock.time, timezone.utc) + timedelta(seconds=20)
    waited = slept_for(make_client, clock, throttled(format_datetime(moment, usegmt=True)))
    assert 19 <= waited <= 40


@pytest.mark.parametrize("seconds", [61, 3600, 10**12])
def test_a_delay_is_capped(make_client: MakeClient, clock: FakeClock, seconds: int) -> None:
    assert slept_for(make_client, clock, throttled(seconds)) == MAX_RETRY_DELAY_SECONDS


def test_a_date_far_away_is_capped(make_client: MakeClient, clock: FakeClock) -> None:
    waited = slept_for(make_client, clock, throttled("Fri, 31 Dec 2199 23:59:59 GMT"))
    assert waited == MAX_RETRY_DELAY_SECONDS


@pytest.mark.parametrize("text", ["soon", "-5", "nan", "inf", "Mon, 01 Jan 1990 00:00:00 GMT"])
def test_a_useless_retry_after_breaks_nothing(
    make_client: MakeClient, clock: FakeClock, text: str
) -> None:
    assert 0 <= slept_for(make_client, clock, throttled(text)) <= MAX_RETRY_DELAY_SECONDS


def test_the_cap_can_be_set(make_client: MakeClient, clock: FakeClock) -> None:
    waited = slept_for(make_client, clock, throttled(50), max_retry_delay_seconds=5.0)
    assert waited == 5.0


@pytest.mark.parametrize("name", ["requests", "fhirInteractions"])
def test_the_rate_limit_header_is_respected(
    make_client: MakeClient, clock: FakeClock, name: str
) -> None:
    """The server sends no Retry-After: medplum-server.md, Throttling."""
    other = "fhirInteractions" if name == "requests" else "requests"
    headers = [("RateLimit", f'"{other}";r=100;t=50'), ("RateLimit", f'"{name}";r=0;t=9')]
    assert 9 <= slept_for(make_client, clock, reply(429, headers=headers)) <= 18


def test_the_milliseconds_in_the_outcome_are_respected(
    make_client: MakeClient, clock: FakeClock
) -> None:
    outcome = issue("throttled", diagnostics='{"_remainingPoints":0,"_msBeforeNext":8000}')
    assert 8 <= slept_for(make_client, clock, reply(429, outcome)) <= 16


def test_a_rate_limit_that_stays_is_an_error(make_client: MakeClient, clock: FakeClock) -> None:
    server = Server(reply(429))
    with pytest.raises(RateLimitError):
        call(make_client(server), *READ)
    assert 2 <= len(server.requests) <= 10
    assert len(clock.sleeps) == len(server.requests) - 1


def test_backoff_grows_and_is_capped(make_client: MakeClient, clock: FakeClock) -> None:
    with pytest.raises(RateLimitError):
        call(make_client(Server(reply(429))), *READ)
    assert clock.sleeps == sorted(clock.sleeps)
    assert max(clock.sleeps) <= MAX_RETRY_DELAY_SECONDS


def test_a_throttled_post_is_sent_again(make_client: MakeClient) -> None:
    server = Server(throttled(1), reply(201, PATIENT))
    assert call(make_client(server), *CREATE) == PATIENT
    assert server.requests[0].content == server.requests[1].content


@pytest.mark.parametrize("answer", LATE, ids=LATE_IDS)
def test_a_bare_post_is_never_replayed(make_client: MakeClient, answer: object) -> None:
    server = Server(answer, reply(201, PATIENT))
    with pytest.raises((NetworkError, ServerError)):
        call(make_client(server), *CREATE)
    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", LATE, ids=LATE_IDS)
@pytest.mark.parametrize(
    "what", [READ, PUT, DELETE, CONDITIONAL], ids=["GET", "PUT", "DELETE", "conditional create"]
)
def test_idempotent_requests_and_conditional_creates_are_replayed(
    make_client: MakeClient, what: tuple[object, ...], answer: object
) -> None:
    server = Server(answer, PATIENT)
    call(make_client(server), *what)
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 412, 422])
def test_other_refusals_are_not_retried(make_client: MakeClient, status: int) -> None:
    server = Server(reply(status, issue()), PATIENT)
    with pytest.raises(Exception, match=r".") as caught:
        call(make_client(server), *READ)
    assert caught.value.status_code == status
    assert len(server.requests) == 1


def test_a_retried_request_keeps_its_headers(make_client: MakeClient) -> None:
    server = Server(throttled(1), PATIENT)
    call(make_client(server), *PUT, on_behalf_of="ProjectMembership/abc")
    first, second = (dict(request.headers) for request in server.requests)
    assert first == second
    assert first["if-match"] == 'W/"7"'
