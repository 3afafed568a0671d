"""Which requests are sent again, how often and after how long: session.py, retry.py."""

from typing import Any

import pytest
from flow_steps import FHIR, PATIENT_URL, Hand, answer_of, session_of
from hypothesis import given
from hypothesis import strategies as st

from pymedplum_runtime.errors import (
    ConflictError,
    MedplumError,
    NetworkError,
    RateLimitError,
    ServerError,
)
from pymedplum_runtime.http.retry import RetryPolicy, is_rolled_back

ROLLED_BACK = {"issue": [{"details": {"coding": [{"code": "40001"}]}}]}
CONDITION = {"If-None-Exist": "identifier=1"}
SAFE = [("GET", {}), ("PUT", {}), ("DELETE", {}), ("POST", {"headers": CONDITION})]
SAFE += [("POST", {"replay_safe": True}), ("POST", {"headers": {"if-none-exist": "identifier=1"}})]
UNSAFE = [("POST", {}), ("PATCH", {}), ("POST", {"headers": {"If-None-Exist": ""}})]
UNSAFE += [("GET", {"replay_safe": False}), ("PATCH", {"headers": CONDITION})]
Options = dict[str, Any]


def _tries(method: str, options: Options, failure: object) -> int:
    hand = Hand(*[failure] * 9)  # type: ignore[list-item]
    with pytest.raises(MedplumError):
        hand.call(session_of(hand.clock), method, **options)
    assert len(hand.sleeps) == len(hand.sent) - 1
    return len(hand.sent)


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize(("method", "options"), SAFE)
def test_a_gateway_error_is_repeated_where_that_does_no_harm(
    method: str, options: Options, status: int
) -> None:
    assert _tries(method, options, answer_of(status)) == 3


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize(("method", "options"), UNSAFE)
def test_a_gateway_error_is_not_repeated_where_it_could_write_twice(
    method: str, options: Options, status: int
) -> None:
    assert _tries(method, options, answer_of(status)) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 412, 413, 500, 501, 505])
@pytest.mark.parametrize(("method", "options"), [*SAFE, *UNSAFE])
def test_other_errors_are_final(method: str, options: Options, status: int) -> None:
    assert _tries(method, options, answer_of(status)) == 1


@pytest.mark.parametrize(("method", "options"), [*SAFE, *UNSAFE])
def test_a_rejection_before_any_work_is_always_repeated(method: str, options: Options) -> None:
    assert _tries(method, options, answer_of(429)) == 6
    assert _tries(method, options, answer_of(409, ROLLED_BACK)) == 3


@pytest.mark.parametrize(("method", "options"), [*SAFE, *UNSAFE])
def test_a_connection_that_never_stood_is_always_tried_again(method: str, options: Options) -> None:
    assert _tries(method, options, NetworkError(possibly_committed=False)) == 3


@pytest.mark.parametrize(("method", "options"), SAFE)
def test_a_broken_connection_is_tried_again_where_that_does_no_harm(
    method: str, options: Options
) -> None:
    assert _tries(method, options, NetworkError(possibly_committed=True)) == 3


@pytest.mark.parametrize(("method", "options"), UNSAFE)
def test_a_broken_connection_is_final_where_it_could_write_twice(
    method: str, options: Options
) -> None:
    assert _tries(method, options, NetworkError(possibly_committed=True)) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_exception_tells_whether_a_write_may_have_happened(method: str) -> None:
    hand = Hand(*[NetworkError(possibly_committed=True)] * 3)
    with pytest.raises(NetworkError) as caught:
        hand.call(session_of(hand.clock), method)
    assert caught.value.possibly_committed is (method != "GET")


def test_an_unclear_first_try_is_not_forgotten_by_a_clear_refusal() -> None:
    hand = Hand(answer_of(502), answer_of(409))
    with pytest.raises(ConflictError) as caught:
        hand.call(session_of(hand.clock), "PUT")
    assert caught.value.possibly_committed
    hand = Hand(NetworkError(possibly_committed=True), NetworkError(possibly_committed=False),
                NetworkError(possibly_committed=False))  # fmt: skip
    with pytest.raises(NetworkError) as lost:
        hand.call(session_of(hand.clock), "PUT")
    assert lost.value.possibly_committed


def test_the_answer_after_the_failures_is_the_result() -> None:
    hand = Hand(answer_of(503), NetworkError(possibly_committed=True), answer_of(200, {"a": 1}))
    assert hand.call(session_of(hand.clock)).json() == {"a": 1}


def test_the_policy_says_how_often() -> None:
    for retries in (0, 1, 4):
        policy = RetryPolicy(max_retries=retries, max_rate_limit_retries=retries)
        for failure, kind in ((answer_of(503), ServerError), (answer_of(429), RateLimitError)):
            hand = Hand(*[failure] * 9)
            with pytest.raises(kind):
                hand.call(session_of(hand.clock, retry=policy))
            assert len(hand.sent) == retries + 1


def test_rejections_and_failures_are_counted_apart() -> None:
    failures = [answer_of(429), answer_of(503), answer_of(429), answer_of(503), answer_of(429)]
    hand = Hand(*failures, answer_of())
    hand.call(session_of(hand.clock))
    assert len(hand.sent) == 6


def test_the_wait_doubles_up_to_an_end() -> None:
    policy = RetryPolicy(jitter=0.0)
    waits = [policy.wait(None, tries, 0.9) for tries in range(1, 7)]
    assert waits == [0.25, 0.5, 1.0, 2.0, 2.0, 2.0]
    assert policy.wait(None, 10_000, 0.0) == 2.0
    assert RetryPolicy().wait(None, 1, 0.5) == 0.25 + 0.1


def test_the_servers_wish_is_cut_short() -> None:
    policy = RetryPolicy(max_delay=10)
    assert [policy.wait(asked, 1, 0.5) for asked in (0.0, 3.0, 11.0)] == [0.0, 3.0, 10]


@given(
    st.one_of(st.none(), st.floats(0, 1e300)),
    st.integers(1, 10_000),
    st.floats(0, 1, exclude_max=True),
)
def test_no_wait_is_negative_or_beyond_the_limit(
    asked: float | None, tries: int, chance: float
) -> None:
    assert 0 <= RetryPolicy().wait(asked, tries, chance) <= 60


@pytest.mark.parametrize("issue", [None, [], [{}], "x", 5, [{"details": []}], [[]]])
def test_only_a_serialisation_failure_is_rolled_back(issue: object) -> None:
    strange = {"issue": [{"details": {"coding": [issue]}}]}
    assert not any(map(is_rolled_back, (issue, {"issue": issue}, strange)))
    assert is_rolled_back(ROLLED_BACK)


def test_the_error_names_no_ids_and_no_query() -> None:
    hand = Hand(answer_of(500))
    with pytest.raises(ServerError) as caught:
        hand.call(session_of(hand.clock), url=f"{FHIR}Patient/secret?name=Ro")
    assert str(caught.value) == "GET /fhir/R4/Patient/{id}: 500 Internal Server Error"
    assert PATIENT_URL not in str(caught.value)
