"""What the completion hook gets: one event for a call, all its attempts in it, no secrets."""

import json
import logging
from typing import Any

import pytest
from flow_steps import CREDENTIALS, FHIR, Hand, answer_of, session_of, token_of

from pymedplum_runtime.errors import (
    AuthenticationError,
    MedplumError,
    NetworkError,
    NotFoundError,
)
from pymedplum_runtime.hooks import RequestEvent

SHAPES = [
    ("GET", "Patient/1", "read", "Patient/{id}"),
    ("GET", "Patient/1/_history/2", "read", "Patient/{id}/_history/{id}"),
    ("GET", "Patient/1/_history", "read", "Patient/{id}/_history"),
    ("GET", "Patient?name=Ro", "search", "Patient"),
    ("POST", "Patient/_search", "search", "Patient/_search"),
    ("POST", "Patient", "create", "Patient"),
    ("PUT", "Patient/1", "update", "Patient/{id}"),
    ("PUT", "Patient?identifier=1", "update", "Patient"),
    ("PATCH", "Patient/1", "patch", "Patient/{id}"),
    ("DELETE", "Patient/1", "delete", "Patient/{id}"),
    ("POST", "Patient/1/$everything", "operation", "Patient/{id}/$everything"),
    ("POST", "$graphql", "operation", "$graphql"),
    ("POST", "", "batch_or_transaction", ""),
    ("GET", "job/1/status", None, "job/{id}/status"),
    ("GET", "bulkdata/export/1", None, "bulkdata/export/{id}"),
]


def _events(hand: Hand, *, error: type[BaseException] | None = None, **options: Any) -> Any:
    events: list[RequestEvent] = []
    call = {name: options.pop(name) for name in ("method", "url") if name in options}
    session = session_of(hand.clock, on_request_complete=events.append, **options)
    if error:
        with pytest.raises(error):
            hand.call(session, **call)
    else:
        hand.call(session, **call)
    return events


@pytest.mark.parametrize(("method", "path", "action", "template"), SHAPES)
def test_an_event_tells_what_was_done_without_ids(
    method: str, path: str, action: str | None, template: str
) -> None:
    (event,) = _events(Hand(answer_of()), method=method, url=FHIR + path)
    assert (event.action, event.method, event.outcome) == (action, method, "success")
    assert event.path_template.rstrip("/") == f"/fhir/R4/{template}".rstrip("/")


def test_retries_are_folded_into_one_event() -> None:
    broken = NetworkError(possibly_committed=True)
    hand = Hand(answer_of(503), broken, answer_of(200, {}))
    (event,) = _events(hand, default_on_behalf_of="m")
    assert [each.attempt_number for each in event.attempts] == [1, 2, 3]
    assert [each.status_code for each in event.attempts] == [503, None, 200]
    assert [each.exception for each in event.attempts] == [None, broken, None]
    assert {each.on_behalf_of for each in event.attempts} == {"ProjectMembership/m"}
    assert (event.final_status_code, event.final_exception) == (200, None)
    elapsed = (event.ended_at - event.started_at).total_seconds()
    assert elapsed == pytest.approx(sum(hand.sleeps))


def test_a_failed_call_tells_how_it_failed() -> None:
    (event,) = _events(Hand(answer_of(404)), error=NotFoundError)
    assert (event.outcome, event.final_status_code) == ("error", 404)
    assert isinstance(event.final_exception, NotFoundError)
    assert event.to_non_phi_dict()["final_exception_type"] == "NotFoundError"


def test_a_token_request_has_an_event_of_its_own_without_action() -> None:
    token, call = _events(Hand(token_of("secret"), answer_of()), **CREDENTIALS)
    assert (token.action, token.path_template) == (None, "/oauth2/token")
    assert [each.on_behalf_of for each in token.attempts] == [None]
    assert call.action == "read"


def test_a_call_that_fails_while_authenticating_has_its_event() -> None:
    token, call = _events(
        Hand(answer_of(400, {"error": "invalid_request"})), error=AuthenticationError, **CREDENTIALS
    )
    assert (token.outcome, call.outcome) == ("error", "error")
    assert (call.attempts, call.final_status_code) == ([], None)


def test_a_304_is_a_success() -> None:
    (event,) = _events(Hand(answer_of(304)))
    assert event.outcome == "success"


def test_what_the_hook_raises_goes_no_further(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: RequestEvent) -> None:
        raise ValueError("patient Ro")

    hand = Hand(answer_of(200, {"a": 1}))
    with caplog.at_level(logging.WARNING):
        answer = hand.call(session_of(hand.clock, on_request_complete=fail))
    assert answer.json() == {"a": 1}
    assert "ValueError" in caplog.text
    assert "Ro" not in caplog.text
    hand = Hand(answer_of(404))
    with pytest.raises(NotFoundError):
        hand.call(session_of(hand.clock, on_request_complete=fail))


def test_metrics_hold_nothing_of_a_patient_and_audits_no_secret() -> None:
    url = f"{FHIR}Patient/secret-id?name=Ro"
    body = {"resourceType": "OperationOutcome", "issue": [{"code": "x", "diagnostics": "Ro"}]}
    hand = Hand(token_of("secret-token"), answer_of(422, body))
    event = _events(hand, error=MedplumError, url=url, default_on_behalf_of="m-1", **CREDENTIALS)[
        -1
    ]
    metrics = json.dumps(event.to_non_phi_dict())
    audit = json.dumps(event.to_phi_audit_dict())
    full = json.dumps(event.to_phi_audit_dict(include_query_params=True))
    assert not any(each in metrics for each in ("secret-id", "Ro", "m-1", "secret-token"))
    assert "secret-id" in audit
    assert "m-1" in audit
    assert '"Ro"' not in audit
    assert '"Ro"' in full
    assert "secret-token" not in full
    assert "secret-id" not in repr(event)


def test_a_cancelled_call_is_told_too() -> None:
    (event,) = _events(Hand(KeyboardInterrupt()), error=KeyboardInterrupt)
    assert event.outcome == "error"
    assert isinstance(event.final_exception, KeyboardInterrupt)


def test_a_refused_argument_makes_no_event() -> None:
    events: list[RequestEvent] = []
    hand = Hand()
    session = session_of(hand.clock, on_request_complete=events.append)
    with pytest.raises(ValueError, match="NaN"):
        hand.call(session, "POST", body={"a": float("nan")})
    assert events == []
